namespace SymRatchet.Tests.Channel;

/// <summary>The range of every numeric option: its ends are accepted, and one step beyond is refused.</summary>
public sealed class OptionValidationTests
{
    private const long Day = TimeSpan.TicksPerDay;
    private const long MinKeepAlive = 100 * TimeSpan.TicksPerMillisecond;
    private const string Limiter = nameof(SecureChannelServerOptions.HandshakeLimiter) + ".";

    [Theory]
    [InlineData(nameof(SecureChannelOptions.MaxRecordSize), 256, 16 << 20)]
    [InlineData(nameof(SecureChannelOptions.PaddingBlock), 0, 1 << 20)]
    [InlineData(nameof(SecureChannelOptions.EpochLimit), 1, 65_536)]
    [InlineData(nameof(SecureChannelOptions.HandshakeTimeout), 1, Day - 1)]
    [InlineData(nameof(SecureChannelOptions.KeepAliveInterval), MinKeepAlive, Day - 1)]
    [InlineData(nameof(SecureChannelOptions.KeepAliveTimeout), MinKeepAlive, Day - 1)]
    public void Both_sides_accept_a_value_in_the_range_and_no_other(string option, long lowest, long highest)
    {
        AssertRange(value => Set(Client(), option, value), option, lowest, highest);
        AssertRange(value => Set(Server(), option, value), option, lowest, highest);
    }

    [Theory]
    [InlineData(nameof(HandshakeLimiter.MaxPending))]
    [InlineData(nameof(HandshakeLimiter.MaxPendingPerAddress))]
    [InlineData(nameof(HandshakeLimiter.MaxPendingPerId))]
    public void A_limit_on_pending_handshakes_lets_at_least_one_in(string limit)
    {
        WithLimit(limit, 1).Validate();
        WithLimit(limit, int.MaxValue).Validate();
        AssertRefused(WithLimit(limit, 0), Limiter + limit);
        AssertRefused(WithLimit(limit, int.MinValue), Limiter + limit);
    }

    [Fact]
    public void A_client_id_has_1_to_255_bytes()
    {
        InMemoryKeyStore keys = new(ChannelRole.Client);
        foreach (int length in (int[])[1, 255])
            new SecureChannelClientOptions { Keys = keys, ClientId = new ClientId(new byte[length]) }.Validate();
        foreach (int length in (int[])[0, 256])
        {
            AssertRefused(
                new SecureChannelClientOptions { Keys = keys, ClientId = new ClientId(new byte[length]) },
                nameof(SecureChannelClientOptions.ClientId)
            );
        }
    }

    [Fact]
    public void Only_these_times_may_be_infinite()
    {
        SecureChannelServerOptions options = Server();
        options.HandshakeTimeout = Timeout.InfiniteTimeSpan;
        options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
        options.Validate();
        options.KeepAliveInterval = TimeSpan.FromSeconds(1);
        options.KeepAliveTimeout = Timeout.InfiniteTimeSpan;
        AssertRefused(options, nameof(SecureChannelOptions.KeepAliveTimeout));
    }

    /// <summary>An option that is added has its range here, or is not a number.</summary>
    [Fact]
    public void Every_numeric_option_is_checked_here()
    {
        Type[] numeric = [typeof(int), typeof(long), typeof(TimeSpan), typeof(double), typeof(ulong), typeof(uint)];
        var options =
            from type in (Type[])[typeof(SecureChannelClientOptions), typeof(SecureChannelServerOptions)]
            from property in type.GetProperties()
            where numeric.Contains(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType)
            select property.Name;
        Assert.Equal(
            [
                "EpochLimit",
                "HandshakeTimeout",
                "KeepAliveInterval",
                "KeepAliveTimeout",
                "MaxRecordSize",
                "PaddingBlock",
            ],
            options.Distinct().Order(StringComparer.Ordinal)
        );
    }

    private static void AssertRange(Func<long, SecureChannelOptions> create, string option, long lowest, long highest)
    {
        create(lowest).Validate();
        create(highest).Validate();
        AssertRefused(create(lowest - 1), option);
        AssertRefused(create(highest + 1), option);
    }

    private static void AssertRefused(SecureChannelOptions options, string name) =>
        Assert.Contains(name, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);

    private static SecureChannelOptions Set(SecureChannelOptions options, string option, long value)
    {
        switch (option)
        {
            case nameof(SecureChannelOptions.MaxRecordSize):
                options.MaxRecordSize = (int)value;
                break;
            case nameof(SecureChannelOptions.PaddingBlock):
                options.PaddingBlock = (int)value;
                break;
            case nameof(SecureChannelOptions.EpochLimit):
                options.EpochLimit = value;
                break;
            case nameof(SecureChannelOptions.HandshakeTimeout):
                options.HandshakeTimeout = new TimeSpan(value);
                break;
            case nameof(SecureChannelOptions.KeepAliveInterval):
                options.KeepAliveInterval = new TimeSpan(value);
                break;
            default:
                Assert.Equal(nameof(SecureChannelOptions.KeepAliveTimeout), option);
                options.KeepAliveInterval = TimeSpan.FromSeconds(1); // the timeout counts only with an interval
                options.KeepAliveTimeout = new TimeSpan(value);
                break;
        }

        return options;
    }

    private static SecureChannelServerOptions WithLimit(string limit, int value)
    {
        SecureChannelServerOptions options = Server();
        options.HandshakeLimiter = limit switch
        {
            nameof(HandshakeLimiter.MaxPending) => new HandshakeLimiter { MaxPending = value },
            nameof(HandshakeLimiter.MaxPendingPerAddress) => new HandshakeLimiter { MaxPendingPerAddress = value },
            _ => new HandshakeLimiter { MaxPendingPerId = value },
        };
        return options;
    }

    private static SecureChannelClientOptions Client() =>
        new() { Keys = new InMemoryKeyStore(ChannelRole.Client), ClientId = "device 1" };

    private static SecureChannelServerOptions Server() => new() { Keys = new InMemoryKeyStore(ChannelRole.Server) };
}
