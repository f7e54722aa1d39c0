using System.CommandLine;
using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Commands;

/// <summary>Commands that look and change nothing.</summary>
internal static class Inspection
{
    internal static Command CreateList(ToolConsole console)
    {
        Option<int> limit = new("--limit")
        {
            Description = "How many clients at most. Default: all.",
            HelpName = "N",
            DefaultValueFactory = _ => int.MaxValue,
        };
        Option<string> after = new("--after")
        {
            Description = "Begin after this id.",
            HelpName = "ID",
            DefaultValueFactory = _ => "",
        };
        Option<bool> revoked = new("--revoked") { Description = "Only those that are revoked." };
        Option<bool> ids = new("--ids")
        {
            Description = "Only their ids, one a line, as 'key revoke --from' reads them.",
        };
        Option<bool> json = KeyArguments.Json();
        StoreArguments store = new();
        Command command = new(
            "list",
            """
            Lists the clients of a store.

            Examples:
              symratchet key list --store server.keys
              symratchet key list --store server.keys --revoked --ids > revoked.new && mv revoked.new revoked.list
              symratchet key list --store server.keys --json --limit 100 --after sensor-17
            """
        )
        {
            limit,
            after,
            revoked,
            ids,
            json,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                bool all = !parsed.GetValue(revoked);
                List<KeyView> views = [];
                ClientId? last = KeyArguments.ToId(parsed.GetRequiredValue(after));
                for (int left = parsed.GetValue(limit); left > 0; )
                {
                    IReadOnlyList<KeyRecord> page = await opened.Directory.ListAsync(last, 500, cancellationToken);
                    if (page.Count == 0)
                        break;
                    KeyView[] wanted =
                    [
                        .. page.Where(record => all || record.Revoked is not null).Take(left).Select(KeyView.Of),
                    ];
                    views.AddRange(wanted);
                    last = page[^1].Id;
                    left -= wanted.Length;
                }

                if (parsed.GetValue(ids))
                    views.ForEach(view => console.Out.WriteLine(IdList.ToLine(view.Id)));
                else if (parsed.GetValue(json))
                    console.ShowJson(views, ToolJson.Default.ListKeyView);
                else
                    console.ShowTable(KeyView.Heading, [.. views.Select(view => view.ToRow())]);
            }
        );
        return command;
    }

    internal static Command CreateShow(ToolConsole console)
    {
        Argument<string> id = KeyArguments.Id();
        Option<bool> json = KeyArguments.Json();
        Option<bool> reveal = new("--reveal") { Description = "Show the keys too." };
        StoreArguments store = new();
        Command command = new(
            "show",
            """
            Shows what a store knows of a client.

            Example:
              symratchet key show sensor-17 --store server.keys
            """
        )
        {
            id,
            json,
            reveal,
        };
        store.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                await using OpenedStore opened = await store.OpenAsync(parsed, cancellationToken);
                ClientId name = KeyArguments.ToId(parsed.GetRequiredValue(id));
                KeyRecord record =
                    await opened.Directory.DescribeAsync(name, cancellationToken)
                    ?? throw new ToolException($"{name} is not in {opened.Name}", ExitCode.NotFound);
                var view = KeyView.Of(record);
                using StoredKey? key = parsed.GetValue(reveal)
                    ? await opened.Directory.FindAsync(name, cancellationToken)
                    : null;
                string? identityKey = key is null ? null : Convert.ToHexStringLower(key.IdentityKey);
                string? epochKey = key is null ? null : Convert.ToHexStringLower(key.EpochKey);
                if (parsed.GetValue(json))
                {
                    if (key is null)
                        console.ShowJson(view, ToolJson.Default.KeyView);
                    else
                        console.ShowJson(new RevealedKey(view, identityKey!, epochKey!), ToolJson.Default.RevealedKey);
                    return;
                }

                List<string[]> rows =
                [
                    .. KeyView.Heading.Zip(view.ToRow(), (heading, cell) => (string[])[heading, cell]),
                    ["ADDED", KeyView.TimeText(view.Added)],
                ];
                if (view.Revoked is not null)
                    rows.Add(["REVOKED", KeyView.TimeText(view.Revoked)]);
                if (key is not null)
                    rows.AddRange([
                        ["IDENTITY KEY", identityKey!],
                        ["ROOT KEY", epochKey!],
                    ]);
                console.ShowTable(rows[0], rows[1..]);
            }
        );
        return command;
    }
}
