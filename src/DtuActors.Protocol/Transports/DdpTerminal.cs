using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using DtuActors.Protocol.Framing;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// The DTU's side of <see cref="Ddp"/> over TCP. Data are confirmed with 05, a call to register again (83) is answered with the registration, a command
/// for the DTU itself with 04. What came in datagrams goes up in the layout of TCP.
/// </summary>
public sealed class DdpTerminal : Terminal
{
    private const int AddressLength = 6;

    private static readonly DdpCodec Units = new();

    private readonly byte[] _idField;

    /// <param name="id">The DTU's id.</param>
    /// <exception cref="ArgumentException">The id is not 1 to 11 printable ASCII characters.</exception>
    public DdpTerminal(string id)
    {
        _idField = new byte[Ddp.IdLength];
        IdField.Write(_idField, id, "a DDP id");
        Registration = BuildRegistration(null);
    }

    // The DTU that says the unit, which is one over TCP or UDP.
    private DdpTerminal(ReadOnlyMemory<byte> unit)
    {
        _idField = unit.Slice(Ddp.IdOffset, Ddp.IdLength).ToArray();
        Registration = (DdpType)unit.Span[1] == DdpType.Register ? Repeat(unit) : BuildRegistration(null);
    }

    /// <inheritdoc/>
    public override Codec Codec => Units;

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Registration { get; }

    /// <summary>The DTU that says <paramref name="unit"/>, a unit or a datagram; null where that is none. A registration is repeated as it is.</summary>
    internal static DdpTerminal? Of(ReadOnlyMemory<byte> unit) => DdpDatagram.TryOpen(unit.Span, out _) ? new DdpTerminal(unit) : null;

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Repeat(ReadOnlyMemory<byte> unit)
    {
        var isInStreams = Units.Next(unit.Span, 0, silent: false) is { Kind: CutKind.Frame } cut && cut.Length == unit.Length;
        return isInStreams ? unit : BuildRegistration(null);
    }

    /// <summary>A unit without data.</summary>
    public byte[] Build(DdpType type) => Build(type, []);

    /// <summary>The registration, which is the heartbeat too: with the DTU's own IPv4 address (0.0.0.0 where it has none) and port.</summary>
    public byte[] BuildRegistration(EndPoint? local)
    {
        Span<byte> data = stackalloc byte[AddressLength];
        data.Clear();
        if (local is IPEndPoint { Address: var address, Port: var port })
        {
            if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
            {
                address.MapToIPv4().TryWriteBytes(data, out _);
            }

            BinaryPrimitives.WriteUInt16BigEndian(data[4..], (ushort)port);
        }

        return Build(DdpType.Register, data);
    }

    /// <inheritdoc/>
    /// <remarks>Nothing for an empty payload.</remarks>
    public override byte[] Wrap(ReadOnlySpan<byte> payload) => Ddp.Wrap(DdpType.Data, _idField, payload);

    /// <inheritdoc/>
    public override TerminalUnit Open(ReadOnlySpan<byte> unit)
    {
        if (unit.Length < Ddp.Overhead)
        {
            return new TerminalUnit(TerminalKind.Command);
        }

        return (DdpType)unit[1] switch
        {
            DdpType.CentreData => new TerminalUnit(TerminalKind.Data, Ddp.DataOffset, unit.Length - Ddp.Overhead, Build(DdpType.CentreDataTaken)),
            DdpType.Registered or DdpType.DataTaken => new TerminalUnit(TerminalKind.Reply),
            DdpType.RegisterAgain => new TerminalUnit(TerminalKind.Command, Answer: Registration),
            DdpType.ReadParameters or DdpType.SetParameters or DdpType.ReadLog or DdpType.StartUpgrade =>
                new TerminalUnit(TerminalKind.Command, Answer: Build(DdpType.Invalid)),
            _ => new TerminalUnit(TerminalKind.Command),
        };
    }

    private byte[] Build(DdpType type, ReadOnlySpan<byte> data)
    {
        var unit = new byte[Ddp.Overhead + data.Length];
        Ddp.Write(unit, type, _idField, data);
        return unit;
    }
}
