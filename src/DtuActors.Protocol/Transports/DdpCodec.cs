using System.Buffers.Binary;
using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// Cuts a stream into units of <see cref="Ddp"/>: a known type, a length that this type can have, and the mark where the length says. After
/// damage a 7B in data can look like a head: it is one only if all three hold.
/// </summary>
internal sealed class DdpCodec : Codec
{
    public override string Name => "ddp";

    /// <summary>A unit goes out of the DTU at once, but a cellular link may hand it over in parts: seconds apart at worst.</summary>
    public override TimeSpan? Gap { get; } = TimeSpan.FromSeconds(5);

    public override Cut Next(ReadOnlySpan<byte> pending, int examined, bool silent)
    {
        var mark = pending.IndexOf(Ddp.Mark);
        if (mark != 0)
        {
            return Cut.Drop(mark < 0 ? pending.Length : mark, DropReasons.Garbage);
        }

        if (pending.Length > 1 && !Ddp.IsType(pending[1]))
        {
            return Cut.Drop(1, DropReasons.Garbage);
        }

        if (pending.Length > 2 && pending[2] > Ddp.MaxUnit >> 8)
        {
            return Cut.Drop(1, DropReasons.Garbage);
        }

        if (pending.Length > 3)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(pending[2..]);
            if (!Ddp.IsLength(pending[1], length))
            {
                return Cut.Drop(1, DropReasons.Garbage);
            }

            if (pending.Length >= length)
            {
                return pending[length - 1] == Ddp.Mark ? Cut.Frame(length) : Cut.Drop(1, DropReasons.Garbage);
            }
        }

        return silent ? Cut.Drop(1, DropReasons.Truncated) : Cut.Wait();
    }
}
