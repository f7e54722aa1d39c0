using System.Globalization;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>
/// Every attack, in the order in which they are shown: on messages, on the handshake, with stolen or old keys, on the
/// parser and the server's patience.
/// </summary>
public static class AttackCatalogue
{
    private const string TagFirst =
        "The authenticator covers every byte of a message and is checked before anything else is done with it.";
    private const string OneRound = "A receiver waits for one round only, whatever the authenticator says.";
    private const string OneTable =
        "One transition table says what each role takes in each phase, and all else ends the session.";
    private const string LengthFirst =
        "A length is unsigned and is held against a limit before memory is taken or bytes are waited for.";

    public static IReadOnlyList<IAttack> All { get; } =
    [
        new ReplayedMessage(),
        new RewrittenMessage(
            "changed-ciphertext",
            "The man in the middle turns over one bit in the first byte of the\nciphertext of a data message.",
            TagFirst,
            "a data message with one bit changed",
            (format, frame) => frame[format.BodyOffset] ^= 1
        ),
        new RewrittenMessage(
            "changed-tag",
            "The man in the middle turns over one bit in the last byte of a data\nmessage's authenticator.",
            TagFirst,
            "a data message with one bit of its tag changed",
            (_, frame) => frame[^1] ^= 1
        ),
        new ChangedHeader(),
        new TruncatedFrame(),
        new CutStream(),
        new MisorderedMessages(
            "swapped-messages",
            "Two data messages arrive in the other order: on v1 as they are sent, on seed as a\n"
                + "recorded session sent again.",
            "the second message before the first",
            [1, 0]
        ),
        new MisorderedMessages(
            "dropped-message",
            "The first of two data messages never arrives: on v1 as they are sent, on seed in a\n"
                + "recorded session sent again.",
            "the second message without the first",
            [1]
        ),
        new ReflectedMessage(),
        new ReflectedToClient(),
        new SplicedClient(),
        new SplicedDirection(),
        new RewrittenMessage(
            "wrong-round",
            "The man in the middle raises the round number of a data message,\nas if messages before it had been lost.",
            TagFirst,
            "a data message five rounds ahead",
            (format, frame) => format.SetRound(frame, format.Round(frame) + 5)
        ),
        new InsiderMessage(
            "insider-round",
            "A client with the right keys skips rounds: the number is wrong,\nand the authenticator is right.",
            OneRound,
            "a well-sealed message five rounds ahead",
            confirmed: true,
            insider => insider.Seal(WireFormat.DataOpcode, insider.Round + 5, InsiderMessage.Text)
        ),
        new InsiderMessage(
            "insider-direction",
            "A client with the right keys sends what only a server sends, well sealed: on v1 by its\n"
                + "opcode, on seed by its direction.",
            OneTable,
            "a well-sealed message of the other direction",
            confirmed: true,
            insider => insider.SealAsServer(InsiderMessage.Text)
        ),
        new InsiderMessage(
            "insider-opcode",
            "A client with the right keys sends a second hello, well sealed, when the\nhandshake is long over.",
            OneTable,
            "a well-sealed hello in the active phase",
            confirmed: true,
            insider => insider.Seal(Insider.HelloOpcode, insider.Round, InsiderMessage.Text)
        ),
        new InsiderId(),
        new WrongPhase(),
        new DesynchronisedKeys(),
        new ReplayedSession(),
        new ReplayedServer(),
        new ChangedHandshake(),
        new DowngradedSuites(),
        new FalseClient(
            "unknown-client",
            "A client that the server does not know connects with an invented id\nand key.",
            "a hello with an invented id and key",
            laboratory => DecoyKey.For(laboratory, DecoyKey.Nobody.ToString(CultureInfo.InvariantCulture))
        ),
        new FalseClient(
            "wrong-key",
            "A client connects with the id of a known client and an invented key.\n"
                + "The server's answer must not tell that the id is known.",
            "a hello with a known id and an invented key",
            laboratory => DecoyKey.For(laboratory, laboratory.Victim)
        ),
        new FalseClient(
            "borrowed-id",
            "A client of the server connects with its own key and the id of another client.",
            "a hello with another client's id",
            DecoyKey.Borrowed
        ),
        new ForgedEpoch(),
        new FalseServer(),
        new DroppedConfirms(),
        new RolledBackClient(),
        new RolledBackServer(),
        new StolenKey(),
        new PaddingOracle(),
        new MacTiming(),
        new LyingLength(
            "oversized-length",
            "A message says that it is 4 GiB, 2 GiB or 17 MiB long, so that the server shall take\n"
                + "memory for it or wait for bytes that never come.",
            LengthFirst,
            uint.MaxValue,
            int.MaxValue,
            17 * 1024 * 1024
        ),
        new LyingLength(
            "zero-length",
            "A message says that it is empty, so that the server shall look at bytes\nthat are not there.",
            LengthFirst,
            0
        ),
        new SlowLoris(),
        new HalfOpenFlood(),
    ];
}
