using System.Collections.Immutable;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;
using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Configuration;

/// <summary>Binds <c>polls</c>, and the <c>keep-warm</c> of a profile that names one of them.</summary>
internal static class PollBinder
{
    /// <summary>The most polls: each new session is held against all of them.</summary>
    public const int MaxPolls = 1000;

    private const int MaxPayload = 4096;
    private const string HexForm = "pairs of hex digits, as 01 03 00 00 00 0A";

    // A bus that is asked more often than this by the gateway itself has no time for anybody else.
    private static readonly TimeSpan LeastEvery = TimeSpan.FromSeconds(1);

    public static ImmutableArray<PollOptions> Bind(BlockReader root, IEnumerable<ProfileOptions> profiles, Func<DtuId, DtuId> canonical)
    {
        var kept = profiles.Select(profile => profile.KeepWarm?.Poll).ToHashSet();
        var polls = ImmutableArray.CreateBuilder<PollOptions>();
        foreach (var (member, value, path) in root.Map("polls"))
        {
            Names.Check(root.Context, member.Key, path, member.Position);
            if (polls.Count >= MaxPolls)
            {
                root.Context.Fault(path, member.Position, $"more than {MaxPolls} polls", "a glob, as pump-*, in place of a poll for each DTU");
                break;
            }

            polls.Add(BindOne(new BlockReader(root.Context, value, Schema.Poll, path), member.Key, kept.Contains(member.Key), canonical));
        }

        return polls.ToImmutable();
    }

    /// <summary>Null where it is off.</summary>
    public static KeepWarmOptions? BindKeepWarm(BlockReader profile, BlockReader root, string codec)
    {
        if (profile.Nested("keep-warm", Schema.KeepWarm) is not { } block)
        {
            return null;
        }

        var every = block.DurationOrOff("every", null, LeastEvery);
        var poll = block.Text("poll") is { Length: > 0 } name ? name : null;
        if (poll is not null)
        {
            var known = root.Find("polls") is HoconObject polls ? polls.Members.Select(member => member.Key).ToArray() : [];
            if (!known.Contains(poll))
            {
                block.Fault("poll", $"there is no poll '{KeyPath.Shown(poll)}'", known.Length == 0 ? "a block of that name under dtu.polls" : BlockReader.Meant(poll, known));
            }
        }
        else if (every is not null)
        {
            block.Fault("poll", "every", "is missing: keep-warm.every needs to know what to send", "the name of a block under dtu.polls");
        }

        if (every is not null && poll is not null && root.Find("polls") is HoconObject all && all.TryGet(poll, out var named) && named.Value is HoconObject asked)
        {
            CheckRequest(block, poll, asked, codec);
        }

        return every is { } after && poll is not null ? new KeepWarmOptions(after, poll) : null;
    }

    // A device that speaks the protocol takes no notice of anything else, and nothing would ever answer.
    private static void CheckRequest(BlockReader keepWarm, string name, HoconObject poll, string codec)
    {
        // What is wrong with the poll itself is told where polls are bound.
        var elsewhere = new BindingContext(keepWarm.Context.IsWindows, file => file);
        var block = new BlockReader(elsewhere, poll, Schema.Poll, "dtu.polls");
        var payload = Payload(block);
        if (Pairings.Find(codec) is not { } pairing || !elsewhere.Faults.IsEmpty || pairing.Read(payload) is not null)
        {
            return;
        }

        var missing = block.Has("crc") ? null : ChecksumAppend.Names.FirstOrDefault(crc => ChecksumAppend.TryAppend(crc, payload, out var whole) && pairing.Read(whole) is not null);
        keepWarm.Fault(
            "poll",
            $"the poll '{KeyPath.Shown(name)}' is no whole {codec} request",
            missing is null ? $"hex that is one, its check included, as this profile's framing.codec is {codec}" : $"crc = {missing} beside its hex?");
    }

    private static PollOptions BindOne(BlockReader block, string name, bool isForKeepWarm, Func<DtuId, DtuId> canonical)
    {
        var dtu = block.Id("dtu")?.Value;
        if (!isForKeepWarm)
        {
            block.Missing("every", "a duration, as 60s; off, or a profile's keep-warm.poll that names it, where it has no schedule");
        }

        var every = block.DurationOrOff("every", null, LeastEvery);
        if (every is not null)
        {
            block.Missing("dtu", "an id, or a glob as pump-*");
        }

        return new PollOptions
        {
            Name = name,
            Dtu = dtu is null || DtuGlob.IsGlob(dtu) ? dtu : canonical(DtuId.Parse(dtu)).Value,
            Payload = Payload(block),
            Every = every,
            Jitter = Jitter(block, every),
        };
    }

    private static TimeSpan Jitter(BlockReader block, TimeSpan? every)
    {
        var jitter = block.Duration("jitter", TimeSpan.Zero, TimeSpan.Zero);
        if (every is { } period && jitter > period)
        {
            block.Fault("jitter", $"{Scalars.Show(jitter)} is longer than every = {Scalars.Show(period)}", $"0ms to {Scalars.Show(period)}");
        }

        return jitter;
    }

    private static byte[] Payload(BlockReader block)
    {
        var crc = block.Word("crc", "none", ["none", .. ChecksumAppend.Names]);
        if (block.RequiredText("hex", HexForm) is not { } hex)
        {
            return [];
        }

        if (Scalars.Hex(hex) is not { Length: > 0 } bytes)
        {
            block.Fault("hex", $"'{KeyPath.Shown(hex)}' is not hex", HexForm);
            return [];
        }

        if (bytes.Length > MaxPayload)
        {
            block.Fault("hex", $"{bytes.Length} bytes are too many", $"at most {MaxPayload} bytes");
        }

        return ChecksumAppend.TryAppend(crc, bytes, out var checkedBytes) ? checkedBytes : bytes;
    }
}
