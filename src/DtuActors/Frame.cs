using DtuActors.Protocol;

namespace DtuActors;

/// <summary>
/// The unit of the data path: bytes that belong together, as they went over the wire. Immutable; the payload is owned by whoever holds the frame and
/// was copied once, out of the receive buffer.
/// </summary>
/// <param name="Payload">The bytes.</param>
/// <param name="Direction">Up, from a DTU; down, to a DTU.</param>
/// <param name="Codec">The codec that cut it.</param>
/// <param name="At">When it was whole, by the wall clock.</param>
public sealed record Frame(ReadOnlyMemory<byte> Payload, FrameDirection Direction, string Codec, DateTimeOffset At)
{
    /// <summary>The same moment by <see cref="Dispatching.SteadyTime"/>: its age is counted from it.</summary>
    internal DateTimeOffset Since { get; init; } = At;
}
