using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Cuts a stream of <see cref="FourFaithProt"/>: first the login, then escaped data as they come, and heartbeats between both. What stands at the head is a
/// login's beginning while it can be one; the envelope's memory tells which login is meant.
/// </summary>
internal sealed class FourFaithProtCodec(FourFaithProtEnvelope envelope) : Codec
{
    /// <summary>A login or an escape goes out of the DTU in one piece; only a cellular link may hand it over in parts, seconds apart at worst.</summary>
    private static readonly TimeSpan PartGap = TimeSpan.FromSeconds(5);

    /// <summary>A DTU that is known may never log in: its first bytes are not kept back longer than a late rest of a login is likely to take.</summary>
    private static readonly TimeSpan MissingLoginGap = TimeSpan.FromSeconds(1);

    /// <summary>Data that happen to be the login's beginning are kept back no longer than a request waits for its answer without harm.</summary>
    private static readonly TimeSpan RepeatedLoginGap = TimeSpan.FromMilliseconds(200);

    private TimeSpan _gap = PartGap;

    public override string Name => "four-faith-prot";

    /// <summary>How long the bytes that wait are kept back: it depends on what they may be the beginning of.</summary>
    public override TimeSpan? Gap => _gap;

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent) =>
        envelope.AwaitsLogin ? BeforeData(pending, silent) : InData(pending, silent);

    private Cut BeforeData(ReadOnlySpan<byte> pending, bool silent)
    {
        if (pending.Length >= FourFaithProt.LoginLength && FourFaithProt.IsLogin(pending[..FourFaithProt.LoginLength]))
        {
            return Cut.Frame(FourFaithProt.LoginLength);
        }

        var begun = pending.Length < FourFaithProt.LoginLength && FourFaithProt.CanBeginLogin(pending);
        if (begun && !silent)
        {
            return Wait(envelope.LoginMayBeMissing ? MissingLoginGap : PartGap);
        }

        // FE is a heartbeat only where no login begins with it: a device id may.
        if (pending[0] == FourFaithProt.Heartbeat)
        {
            return Cut.Frame(1);
        }

        if (envelope.LoginMayBeMissing)
        {
            return Run(pending, silent);
        }

        return Cut.Drop(1, begun ? DropReasons.Truncated : DropReasons.Garbage);
    }

    private Cut InData(ReadOnlySpan<byte> pending, bool silent)
    {
        var login = envelope.Login;
        if (!login.IsEmpty)
        {
            if (pending.StartsWith(login))
            {
                return Cut.Frame(login.Length);
            }

            if (!silent && login.StartsWith(pending))
            {
                return Wait(pending[^1] == FourFaithProt.EscapeMark ? PartGap : RepeatedLoginGap);
            }
        }

        return pending[0] == FourFaithProt.Heartbeat ? Cut.Frame(1) : Run(pending, silent);
    }

    /// <summary>The data at the head, up to a heartbeat, a broken escape or one whose rest has not come.</summary>
    private Cut Run(ReadOnlySpan<byte> pending, bool silent)
    {
        var at = 0;
        while (true)
        {
            var special = pending[at..].IndexOfAny(FourFaithProt.EscapeMark, FourFaithProt.Heartbeat);
            if (special < 0)
            {
                return Cut.Frame(pending.Length);
            }

            at += special;
            var whole = pending[at] == FourFaithProt.EscapeMark && at + 1 < pending.Length
                && pending[at + 1] is FourFaithProt.EscapedMark or FourFaithProt.EscapedHeartbeat;
            if (!whole && at > 0)
            {
                return Cut.Frame(at);
            }

            if (!whole)
            {
                return pending.Length > 1 ? Cut.Drop(1, DropReasons.Garbage) : silent ? Cut.Drop(1, DropReasons.Truncated) : Wait(PartGap);
            }

            at += 2;
            if (at == pending.Length)
            {
                return Cut.Frame(at);
            }
        }
    }

    private Cut Wait(TimeSpan gap)
    {
        _gap = gap;
        return Cut.Wait();
    }
}
