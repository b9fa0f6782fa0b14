using System.Globalization;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Detection;

/// <summary>One whole unit, read.</summary>
/// <param name="Line">What it says, for a person: <c>USR baud 115200, 8N1</c>.</param>
public sealed record WholeUnit(string Line)
{
    /// <summary>What it means, whose it is, what it carries and what is answered, where it is a transport's; null for a command.</summary>
    public EnvelopeUnit? Envelope { get; init; }
}

/// <summary>
/// The table of what no codec cuts out of a stream, because only a boundary from outside ends it: a datagram, or a command for a DTU that stands alone. By
/// name, for <see cref="Detector"/> and <see cref="Dissection"/>; a new row takes part in both by itself.
/// </summary>
public static class WholeUnits
{
    // Command words of IHDMP V3.0.
    private const byte Detect = 0x03;
    private const byte ShortMessage = 0x13;

    private static readonly Row[] Table =
    [
        new("ddp-udp", GuessKind.Datagram, Proof.Delimiters, ReadDdp, new DdpCodec()),
        new("usr-2217", GuessKind.Command, Proof.Checksum, ReadUsr),
        new("inhand-ihdmp", GuessKind.Command, Proof.Checksum, ReadIhdmp),
    ];

    private delegate WholeUnit? Reader(ReadOnlySpan<byte> bytes);

    /// <summary>The names that <see cref="Read"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>What kind of unit the name means.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static GuessKind KindOf(string name) => Find(name).Kind;

    /// <summary>What makes a unit of that name more than a guess.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Proof ProofOf(string name) => Find(name).Proof;

    /// <summary>Reads all of <paramref name="bytes"/> as one unit; null where they are not exactly that. Never throws on bytes.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static WholeUnit? Read(string name, ReadOnlySpan<byte> bytes) => Find(name).Read(bytes);

    /// <summary>Whether a stream would carry the unit <paramref name="bytes"/> byte for byte the same: there an envelope tells of it already.</summary>
    internal static bool IsAlsoInStreams(string name, ReadOnlySpan<byte> bytes) =>
        Find(name).Stream?.Next(bytes, 0, silent: false) is { Kind: CutKind.Frame } cut && cut.FrameLength == bytes.Length;

    private static Row Find(string name) => Array.Find(Table, row => row.Name == name) ?? throw new ArgumentException($"no whole unit '{name}'", nameof(name));

    // ---- the readers ----

    private static WholeUnit? ReadDdp(ReadOnlySpan<byte> bytes)
    {
        if (!DdpDatagram.TryOpen(bytes, out var unit))
        {
            return null;
        }

        // A gateway takes the centre's own data for a notice, since none should come in; who looks at a capture sees both ways.
        unit = (DdpType)bytes[1] == DdpType.CentreData ? unit with { Kind = EnvelopeKind.Data } : unit;
        return new WholeUnit($"DDP datagram, {Dissection.Describe(unit)}") { Envelope = unit };
    }

    private static WholeUnit? ReadUsr(ReadOnlySpan<byte> bytes) => UsrBaudFrame.TryRead(bytes, out var set)
        ? new WholeUnit(string.Create(CultureInfo.InvariantCulture, $"USR baud {set.Baud}, {set.DataBits}{Letter(set.Parity)}{set.StopBits}"))
        : null;

    private static char Letter(LineParity parity) => parity switch
    {
        LineParity.Odd => 'O',
        LineParity.Even => 'E',
        LineParity.Mark => 'M',
        LineParity.Space => 'S',
        _ => 'N',
    };

    private static WholeUnit? ReadIhdmp(ReadOnlySpan<byte> bytes)
    {
        if (Ihdmp.Read(bytes) is not { } frame)
        {
            return null;
        }

        var meaning = frame.Command switch
        {
            Detect => ", detect",
            ShortMessage => ", short message",
            _ => "",
        };
        var parameters = frame.Parameters.Count switch
        {
            0 => "",
            1 => ", 1 parameter",
            var count => string.Create(CultureInfo.InvariantCulture, $", {count} parameters"),
        };
        return new WholeUnit($"IHDMP command {frame.Command:X2}{(frame.FromDtu ? " from the DTU" : "")}{meaning}{parameters}");
    }

    /// <param name="Stream">What cuts the same units out of a stream, where there is such a thing.</param>
    private sealed record Row(string Name, GuessKind Kind, Proof Proof, Reader Read, Codec? Stream = null);
}
