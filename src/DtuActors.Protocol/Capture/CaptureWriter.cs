using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using DtuActors.Protocol.Decoding;

namespace DtuActors.Protocol.Capture;

/// <summary>What passed, as a capture keeps it.</summary>
/// <param name="Dtu">Whose line it was.</param>
/// <param name="At">When.</param>
/// <param name="Direction">From the DTU, or to it.</param>
/// <param name="Payload">The bytes as they went over the wire.</param>
/// <param name="Codec">What cut them.</param>
/// <param name="Source">Who sent them, in a word.</param>
/// <param name="Verdict">Null for a frame; else the reason why these bytes are none.</param>
public readonly record struct CapturedFrame(
    DtuId Dtu, DateTimeOffset At, FrameDirection Direction, ReadOnlyMemory<byte> Payload, string Codec, string Source, string? Verdict);

/// <summary>
/// Writes a capture for Wireshark: pcapng (draft-ietf-opsawg-pcapng), one interface per DTU, named by its id. Each call writes whole blocks, so that what was written is a valid file at
/// every moment. A packet is one of Wireshark's exported PDUs (LINKTYPE_WIRESHARK_UPPER_PDU): tags that name the dissector, made-up addresses that tell the DTUs apart,
/// then the frame.
/// </summary>
public sealed class CaptureWriter
{
    /// <summary>Interfaces of one section; the next DTU begins another, so that a long capture of many does not grow without end.</summary>
    public const int MostInterfaces = 16_384;

    /// <summary>More bytes of a packet than this are left out, and counted as left out: Wireshark refuses a file with a longer one.</summary>
    public const int MostOfPacket = 262_144;

    private const int MostOfText = 16_384;
    private const ushort UpperPdu = 252;

    // Whoever asks has any port, and the answers' protocol is told by the other one.
    private const ushort AnyPort = 49_152;
    private const uint TcpPorts = 2;

    private readonly IBufferWriter<byte> _output;
    private readonly string _application;
    private readonly Dictionary<DtuId, (uint Number, ModbusDialogue Dialogue)> _interfaces = [];
    private readonly ArrayBufferWriter<byte> _block = new();
    private readonly ArrayBufferWriter<byte> _packet = new();
    private long _lost;

    /// <summary>Begins a capture: the section's header is written at once.</summary>
    public CaptureWriter(IBufferWriter<byte> output, string application)
    {
        (_output, _application) = (output, application);
        WriteSection();
    }

    private enum Block : uint
    {
        Interface = 1,
        Packet = 6,
        Section = 0x0A0D0D0A,
    }

    // Of exported PDUs (wireshark/epan/exported_pdu.h), big-endian.
    private enum Tag : ushort
    {
        End = 0,
        Dissector = 12,
        DissectorTable = 14,
        Source = 20,
        Destination = 21,
        PortType = 24,
        SourcePort = 25,
        DestinationPort = 26,
        DissectorTableNumber = 32,
    }

    /// <summary>Whether the DTU has its interface.</summary>
    public bool Knows(DtuId dtu) => _interfaces.ContainsKey(dtu);

    /// <summary>Gives a DTU its interface, with what is known of it, in words; nothing where it has one.</summary>
    public void Introduce(DtuId dtu, string? description)
    {
        if (Knows(dtu))
        {
            return;
        }

        if (_interfaces.Count == MostInterfaces)
        {
            _interfaces.Clear();
            WriteSection();
        }

        _interfaces.Add(dtu, ((uint)_interfaces.Count, new ModbusDialogue()));
        _block.ResetWrittenCount();
        Put16(_block, UpperPdu);
        Put16(_block, 0);
        Put32(_block, MostOfPacket);
        const int name = 2, about = 3, resolution = 9;
        PutText(name, dtu.Value);
        if (!string.IsNullOrEmpty(description))
        {
            PutText(about, description);
        }

        // Nanoseconds: 10^-9.
        PutOption(resolution, [9]);
        PutOption(0, []);
        WriteBlock(Block.Interface);
    }

    /// <summary>So many events are missing here: the next packet's comment tells it.</summary>
    public void Miss(long events) => _lost += events;

    /// <summary>Writes one packet, behind the DTU's interface where it has none yet.</summary>
    public void Write(in CapturedFrame frame)
    {
        Introduce(frame.Dtu, null);
        var (number, dialogue) = _interfaces[frame.Dtu];
        var isUp = frame.Direction is FrameDirection.Up;

        // Bytes that are no frame would only be read as something wrong.
        var wrapped = frame.Verdict is null ? Wrappings.Of(frame.Codec, dialogue, frame.Direction, frame.Payload) : null;
        PutPacket(number, isUp, wrapped, frame.Payload.Span);

        var nanoseconds = (ulong)(frame.At - DateTimeOffset.UnixEpoch).Ticks * 100;
        var kept = Math.Min(_packet.WrittenCount, MostOfPacket);
        _block.ResetWrittenCount();
        Put32(_block, number);
        Put32(_block, (uint)(nanoseconds >> 32));
        Put32(_block, (uint)nanoseconds);
        Put32(_block, (uint)kept);
        Put32(_block, (uint)_packet.WrittenCount);
        PutPadded(_packet.WrittenSpan[..kept]);
        const int comment = 1, flags = 2;
        foreach (var line in Comments(frame, wrapped))
        {
            PutText(comment, line);
        }

        PutOption(flags, [(byte)(isUp ? 1 : 2), 0, 0, 0]);
        PutOption(0, []);
        WriteBlock(Block.Packet);
    }

    private IEnumerable<string> Comments(CapturedFrame frame, Wrapped? wrapped)
    {
        if (_lost > 0)
        {
            yield return $"{_lost} events lost before this: the reader of this capture was too slow";
            _lost = 0;
        }

        if (frame.Verdict is { } verdict)
        {
            yield return $"no frame: {verdict}";
        }
        else if ((wrapped?.Decoded ?? Decoders.Describe(frame.Codec, frame.Direction, frame.Payload.Span)) is { } decoded)
        {
            yield return decoded;
        }

        yield return $"source {frame.Source}, codec {frame.Codec}";
        if (wrapped?.Note is { } note)
        {
            yield return note;
        }
    }

    private void PutPacket(uint number, bool isUp, Wrapped? wrapped, ReadOnlySpan<byte> payload)
    {
        _packet.ResetWrittenCount();
        if (wrapped is { } known)
        {
            PutTag(Tag.DissectorTable, "tcp.port\0\0\0\0"u8);
            PutTag(Tag.DissectorTableNumber, known.Port);
        }
        else
        {
            PutTag(Tag.Dissector, "data"u8);
        }

        // 10.0.0.0 is the gateway, whatever its own address is; the DTUs count on from there.
        const uint gateway = 0x0A000000;
        PutTag(Tag.Source, isUp ? gateway + 1 + number : gateway);
        PutTag(Tag.Destination, isUp ? gateway : gateway + 1 + number);
        if (wrapped is { } ported)
        {
            PutTag(Tag.PortType, TcpPorts);
            PutTag(Tag.SourcePort, ported.IsFromServer ? ported.Port : AnyPort);
            PutTag(Tag.DestinationPort, ported.IsFromServer ? AnyPort : ported.Port);
        }

        PutTag(Tag.End, []);
        _packet.Write(wrapped is { } there ? there.Bytes.Span : payload);
    }

    private void WriteSection()
    {
        const int application = 4;
        _block.ResetWrittenCount();
        Put32(_block, 0x1A2B3C4D);
        Put16(_block, 1);
        Put16(_block, 0);

        // How long the section is nobody knows.
        Put32(_block, uint.MaxValue);
        Put32(_block, uint.MaxValue);
        PutText(application, _application);
        PutOption(0, []);
        WriteBlock(Block.Section);
    }

    // Type, length, content, length again; all in one piece.
    private void WriteBlock(Block type)
    {
        var length = _block.WrittenCount + 12;
        var span = _output.GetSpan(length);
        BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)type);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], length);
        _block.WrittenSpan.CopyTo(span[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(span[(length - 4)..], length);
        _output.Advance(length);
    }

    private void PutText(int code, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = Math.Min(bytes.Length, MostOfText);
        while (length < bytes.Length && (bytes[length] & 0xC0) == 0x80)
        {
            // Not through the middle of a character.
            length--;
        }

        PutOption(code, bytes.AsSpan(0, length));
    }

    private void PutOption(int code, ReadOnlySpan<byte> value)
    {
        Put16(_block, (ushort)code);
        Put16(_block, (ushort)value.Length);
        PutPadded(value);
    }

    private void PutPadded(ReadOnlySpan<byte> value)
    {
        _block.Write(value);
        _block.Write("\0\0\0"u8[..(-value.Length & 3)]);
    }

    private void PutTag(Tag tag, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        PutTag(tag, bytes);
    }

    private void PutTag(Tag tag, ReadOnlySpan<byte> value)
    {
        Span<byte> head = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)tag);
        BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)value.Length);
        _packet.Write(head);
        _packet.Write(value);
    }

    private static void Put16(ArrayBufferWriter<byte> output, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(2), value);
        output.Advance(2);
    }

    private static void Put32(ArrayBufferWriter<byte> output, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }
}
