using System.Collections.Immutable;
using System.Text;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol.Answers;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Configuration;

/// <summary>Binds <c>profiles</c>: a profile's own keys lie over its preset, that over <c>profiles.default</c> with its preset, that over the built-in default.</summary>
internal static class ProfileBinder
{
    /// <summary>The most profiles: each has a compiled pattern.</summary>
    private const int MaxProfiles = 1000;

    private const int MaxReply = 1024;
    private const int MaxHeartbeat = 256;

    /// <param name="root">The block <c>dtu</c> of the files, or of the built-in default alone.</param>
    /// <param name="builtIn"><c>profiles.default</c> of the built-in default.</param>
    public static ImmutableDictionary<string, ProfileOptions> Bind(BlockReader root, HoconObject builtIn)
    {
        var profiles = ImmutableDictionary.CreateBuilder<string, ProfileOptions>(StringComparer.Ordinal);
        var own = root.Map("profiles").ToList();
        var ground = builtIn;
        if (own.Find(profile => profile.Member.Key == "default") is { Value: { } byUser })
        {
            ground = Layer(root.Context, builtIn, byUser, "dtu.profiles.default");
        }

        // The default first: a fault that all inherit is told under its key.
        profiles["default"] = BindOne(root, "default", ground);
        foreach (var (member, value, path) in own.Where(profile => profile.Member.Key != "default"))
        {
            if (!Scalars.IsName(member.Key))
            {
                root.Context.Fault(path, member.Position, "is no name", "1 to 64 letters, digits, '_', '-', '.'");
                continue;
            }

            if (profiles.Count >= MaxProfiles)
            {
                root.Context.Fault(path, member.Position, $"more than {MaxProfiles} profiles", null);
                break;
            }

            profiles[member.Key] = BindOne(root, member.Key, Layer(root.Context, ground.Without("preset"), value, path));
        }

        return profiles.ToImmutable();
    }

    private static HoconObject Layer(BindingContext context, HoconObject ground, HoconObject own, string path) =>
        Over(Preset(context, own, path) is { } preset ? Over(ground, preset) : ground, own);

    private static HoconObject Over(HoconObject under, HoconObject over) => HoconObject.Merge(RegistrationBinder.UnderAnotherKind(under, over), over);

    private static HoconObject? Preset(BindingContext context, HoconObject own, string path)
    {
        if (!own.TryGet("preset", out var member) || member.Value is not HoconScalar { Text: var name } value)
        {
            return null;
        }

        if (Presets.Find(name) is { } preset)
        {
            return preset.Layer;
        }

        context.Fault($"{path}.preset", value.Position, $"there is no preset '{KeyPath.Shown(name)}'", BlockReader.Meant(name, [.. Presets.Names]));
        return null;
    }

    private static ProfileOptions BindOne(BlockReader root, string name, HoconObject source)
    {
        var block = new BlockReader(root.Context, source, Schema.Profile, KeyPath.Append("dtu.profiles", name));
        _ = block.Text("preset");
        var envelope = BindEnvelope(block);
        var heartbeat = BindHeartbeat(block);
        var framing = FramingBinder.Bind(block.Nested("framing", Schema.ProfileFraming), new());
        return new ProfileOptions
        {
            Name = name,
            Envelope = envelope,
            Heartbeat = heartbeat,
            Registration = RegistrationBinder.Bind(block, heartbeat, framing),
            Keepalive = BindKeepalive(block),
            KeepWarm = PollBinder.BindKeepWarm(block, root, framing.Codec),
            Framing = framing,
            Bus = BindBus(block),
            Duplicates = BindDuplicates(block),
            Application = BindApplication(block, framing),
            LineControl = block.Word("line-control", "off", "off", "usr") == "usr" ? LineControl.Usr : LineControl.Off,
            TextEncoding = block.Word("text-encoding", "utf-8", "utf-8", "gb18030", "ascii", "latin1") switch
            {
                "gb18030" => CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!,
                "ascii" => Encoding.ASCII,
                "latin1" => Encoding.Latin1,
                _ => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            },
        };
    }

    private static Func<Envelope>? BindEnvelope(BlockReader block) => Envelopes.Find(block.Word("envelope", "none", ["none", .. Envelopes.Names]));

    private static HeartbeatOptions BindHeartbeat(BlockReader profile)
    {
        var fallback = new HeartbeatOptions();
        if (profile.Nested("heartbeat", Schema.Heartbeat) is not { } block)
        {
            return fallback;
        }

        var echo = block.Text("reply") == "echo";
        return new HeartbeatOptions
        {
            Match = block.ByteStrings("match", MaxHeartbeat),
            Echo = echo,
            Reply = echo ? default(ReadOnlyMemory<byte>) : block.Bytes("reply", MaxReply),
            Timeout = block.DurationOrOff("timeout", fallback.Timeout),
            ExpectedEvery = block.DurationOrOff("expected-every", null),
        };
    }

    private static KeepaliveOptions? BindKeepalive(BlockReader profile)
    {
        var fallback = new KeepaliveOptions();
        if (profile.NestedOrOff("keepalive", Schema.Keepalive, out var off) is not { } block)
        {
            return off ? null : fallback;
        }

        // Linux's own limits: tcp_keepidle and tcp_keepintvl take whole seconds up to 32767, tcp_keepcnt up to 127.
        var (second, most) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(32767));
        return new KeepaliveOptions
        {
            Idle = block.Duration("idle", fallback.Idle, second, most),
            Interval = block.Duration("interval", fallback.Interval, second, most),
            Count = block.Integer("count", fallback.Count, 1, 127),
        };
    }

    private static BusOptions BindBus(BlockReader profile)
    {
        var fallback = new BusOptions();
        if (profile.Nested("bus", Schema.Bus) is not { } block)
        {
            return fallback;
        }

        return new BusOptions
        {
            Mode = block.Word("mode", "transparent", "transparent", "request-response") == "transparent" ? BusMode.Transparent : BusMode.RequestResponse,
            ResponseTimeout = block.Duration("response-timeout", fallback.ResponseTimeout),
            Queue = block.Integer("queue", fallback.Queue, 1, 10_000),
            QueueWait = block.Duration("queue-wait", fallback.QueueWait),
            RequestGap = block.Duration("request-gap", fallback.RequestGap, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            LateWindow = block.Duration("late-window", fallback.LateWindow, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            Retries = block.Integer("retries", fallback.Retries, 0, 10),
            SuspendSlave = BindSuspension(block),
            Coalesce = block.DurationOrOff("coalesce", fallback.Coalesce),
        };
    }

    private static SuspendOptions? BindSuspension(BlockReader bus)
    {
        var fallback = new SuspendOptions();
        return bus.NestedOrOff("suspend-slave", Schema.SuspendSlave, out var off) is { } block
            ? new SuspendOptions
            {
                After = block.Integer("after", fallback.After, 1, 1000),
                For = block.Duration("for", fallback.For, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            }
            : off ? null : fallback;
    }

    private static DuplicatesOptions BindDuplicates(BlockReader profile)
    {
        var fallback = new DuplicatesOptions();
        return profile.Nested("duplicates", Schema.Duplicates) is not { } block ? fallback : new DuplicatesOptions
        {
            Policy = block.Word("policy", "newest", "newest", "hold-first") == "newest" ? DuplicatesPolicy.Newest : DuplicatesPolicy.HoldFirst,
            ConflictAfter = block.Integer("conflict-after", fallback.ConflictAfter, 2, 1000),
            Within = block.Duration("within", fallback.Within, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        };
    }

    private static ApplicationOptions BindApplication(BlockReader profile, FramingOptions framing)
    {
        if (profile.Nested("application", Schema.Application) is not { } block)
        {
            return new ApplicationOptions();
        }

        var answer = block.Word("answer", "off", ["off", .. CentreAnswers.Names]);
        if (answer != "off" && framing.Codec != answer)
        {
            block.Fault("answer", $"{answer} needs whole messages, but framing.codec is {framing.Codec}", $"framing {{ codec = {answer} }} beside it");
        }

        return new ApplicationOptions
        {
            Answer = answer == "off" ? null : answer,
            ByCentre = block.Word("answer-by", "gateway", "gateway", "centre") == "centre",
            KeepOnline = block.Boolean("keep-online", true),
        };
    }
}
