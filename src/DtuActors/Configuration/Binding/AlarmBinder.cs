namespace DtuActors.Configuration;

/// <summary>Binds <c>alarms</c>.</summary>
internal static class AlarmBinder
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    // What is counted within a time is counted in so few steps that a longer one says little.
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);

    public static AlarmOptions Bind(BlockReader root)
    {
        var fallback = new AlarmOptions();
        if (root.Nested("alarms", Schema.Alarms) is not { } block)
        {
            return fallback;
        }

        return new AlarmOptions
        {
            Every = block.Duration("every", fallback.Every, Second, TimeSpan.FromMinutes(1)),
            ClearAfter = block.Duration("clear-after", fallback.ClearAfter, Second, Longest),
            GroupAbove = block.Integer("group-above", fallback.GroupAbove, 1, 1000),
            DtuOffline = Kind(block, "dtu-offline", Schema.OfflineAlarm, fallback.DtuOffline, Offline),
            DtuFlapping = Kind(block, "dtu-flapping", Schema.FlappingAlarm, fallback.DtuFlapping, Count),
            DtuConflict = block.Boolean("dtu-conflict", fallback.DtuConflict),
            ChecksumErrors = Kind(block, "checksum-errors", Schema.ChecksumAlarm, fallback.ChecksumErrors, Checksum),
            QueueAge = Kind(block, "queue-age", Schema.QueueAgeAlarm, fallback.QueueAge, Age),
            QueueFull = Kind(block, "queue-full", Schema.QueueFullAlarm, fallback.QueueFull, Count),
            EndpointDown = Kind(block, "endpoint-down", Schema.EndpointDownAlarm, fallback.EndpointDown, Age),
            ListenerDown = Kind(block, "listener-down", Schema.ListenerDownAlarm, fallback.ListenerDown, Age),
            StorageFailed = block.Boolean("storage-failed", fallback.StorageFailed),
            EventsLost = block.Boolean("events-lost", fallback.EventsLost),
            Webhook = Webhook(block, fallback.Webhook),
        };
    }

    private static T? Kind<T>(BlockReader alarms, string key, Block block, T? fallback, Func<BlockReader, T, T?> bind)
        where T : class =>
        alarms.NestedOrOff(key, block, out var off) is { } kind ? bind(kind, fallback!) : off ? null : fallback;

    private static OfflineAlarmOptions? Offline(BlockReader block, OfflineAlarmOptions fallback)
    {
        var after = block.Duration("after", fallback.After, Second, Longest);
        return block.Word("for", "registered", "registered", "all", "off") switch
        {
            "off" => null,
            "all" => new OfflineAlarmOptions { After = after, For = OfflineAlarmFor.All },
            _ => new OfflineAlarmOptions { After = after, For = OfflineAlarmFor.Registered },
        };
    }

    private static CountAlarmOptions Count(BlockReader block, CountAlarmOptions fallback) => new()
    {
        MoreThan = block.Integer("more-than", fallback.MoreThan, 1, 1_000_000),
        Within = block.Duration("within", fallback.Within, TimeSpan.FromSeconds(10), LongestWindow),
    };

    private static ChecksumAlarmOptions Checksum(BlockReader block, ChecksumAlarmOptions fallback) => new()
    {
        Percent = block.Integer("percent", fallback.Percent, 1, 100),
        AtLeast = block.Integer("at-least", fallback.AtLeast, 1, 1_000_000),
        Within = block.Duration("within", fallback.Within, TimeSpan.FromSeconds(10), LongestWindow),
    };

    private static AgeAlarmOptions Age(BlockReader block, AgeAlarmOptions fallback) => new() { After = block.Duration("after", fallback.After, Second, Longest) };

    private static WebhookOptions Webhook(BlockReader alarms, WebhookOptions fallback) => alarms.Nested("webhook", Schema.Webhook) is not { } block ? fallback : new WebhookOptions
    {
        Url = WebBinder.Url(block, "url"),
        Timeout = block.Duration("timeout", fallback.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
        Headers = WebBinder.Headers(block, "headers"),
    };
}
