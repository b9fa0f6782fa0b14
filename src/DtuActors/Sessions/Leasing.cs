using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Protocol;

namespace DtuActors.Sessions;

/// <summary>
/// The conversation of whoever needs a serial line for himself for a while, as a file transfer does: tell the RouterActor a <see cref="Take"/> (the line of a DTU) or a
/// <see cref="TakePort"/> (a COM port), and get one <see cref="Taken"/> or <see cref="Asking.Refused"/> with the same correlation. From then on all that the line says is
/// <see cref="Heard"/>, and nothing is written but by <see cref="Write"/>; all others wait. The line is given back by <see cref="GiveBack"/>, by the end of the holder, and by
/// its own, which is told as <see cref="Lost"/> or, where it can't be, by the end of the reference that said <see cref="Taken"/>.
/// </summary>
public static class Leasing
{
    /// <summary>The most bytes that a holder may leave unread: what comes beyond them is dropped as <c>destination-slow</c>.</summary>
    public const int MostUnread = 64 * 1024;

    /// <param name="Dtu">Whose line.</param>
    /// <param name="Correlation">The holder's own number.</param>
    /// <param name="Asker">What monitor and history call the source.</param>
    /// <param name="Holder">Who wants it.</param>
    public sealed record Take(DtuId Dtu, long Correlation, string Asker, IActorRef Holder) : INoSerializationVerificationNeeded, IWire;

    /// <param name="Endpoint">The COM port's name; it is on this node.</param>
    /// <param name="Correlation">The holder's own number.</param>
    /// <param name="Holder">Who wants it.</param>
    public sealed record TakePort(string Endpoint, long Correlation, IActorRef Holder) : INoSerializationVerificationNeeded;

    /// <summary>The line is the holder's; whoever says this is who it talks to.</summary>
    public sealed record Taken(long Correlation) : INoSerializationVerificationNeeded, IWire;

    /// <summary>One <see cref="Written"/>, or <see cref="Lost"/>.</summary>
    public sealed record Write(ReadOnlyMemory<byte> Bytes) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The kernel has the bytes of one <see cref="Write"/>.</summary>
    public sealed record Written : INoSerializationVerificationNeeded, IWire
    {
        public static readonly Written Instance = new();
    }

    /// <param name="Bytes">What the line said.</param>
    /// <param name="Through">All bytes so far, these included.</param>
    public sealed record Heard(ReadOnlyMemory<byte> Bytes, long Through) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The holder has read so many bytes in all.</summary>
    public sealed record Read(long Through) : INoSerializationVerificationNeeded, IWire;

    /// <summary>The line is free again.</summary>
    public sealed record GiveBack : INoSerializationVerificationNeeded, IWire
    {
        public static readonly GiveBack Instance = new();
    }

    /// <summary>There is no line any more; the reason in words.</summary>
    public sealed record Lost(string Reason) : INoSerializationVerificationNeeded, IWire;
}

/// <summary>What a leased line has told its holder, and he has not read yet. Bounded by <see cref="Leasing.MostUnread"/>.</summary>
internal sealed class Lease(IActorRef holder)
{
    private long _told;
    private long _read;

    public IActorRef Holder => holder;

    /// <summary>Tells the holder; false where he has too much unread already.</summary>
    public bool Tell(ReadOnlySpan<byte> bytes, IActorRef line)
    {
        if (_told - _read + bytes.Length > Leasing.MostUnread)
        {
            return false;
        }

        _told += bytes.Length;
        holder.Tell(new Leasing.Heard(bytes.ToArray(), _told), line);
        return true;
    }

    public void Read(long through) => _read = Math.Max(_read, through);
}
