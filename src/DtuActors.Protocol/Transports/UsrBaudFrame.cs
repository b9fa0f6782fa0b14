using System.Buffers.Binary;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Protocol.Transports;

/// <summary>
/// USR's in-band baud frame ("similar RFC2217"), which a centre sends down in the instrument's stream to set the DTU's serial port until its power goes: <c>55
/// AA 55 | baud (3, big-endian) | parameters (1) | sum of baud and parameters, modulo 256</c>. Parameters: bits 1-0 data bits less 5, 2 two stop bits, 3 parity
/// on, 5-4 odd, even, mark, space. Layout from USR-M100 manual p. 56 and USR-N520 p. 43, whose examples print the sum of parameters with bit 7 set: it is
/// written as 0, and read either way. The DTU answers nothing; a frame with a wrong sum goes out to the instrument as data.
/// </summary>
/// <param name="Baud">Bits per second, 600 to 16777215.</param>
/// <param name="DataBits">5 to 8.</param>
/// <param name="Parity">The parity.</param>
/// <param name="StopBits">1 or 2.</param>
public readonly record struct UsrBaudFrame(int Baud, int DataBits, LineParity Parity, int StopBits)
{
    /// <summary>The frame's length in bytes.</summary>
    public const int Length = 8;

    /// <summary>The lowest baud rate that the manuals allow.</summary>
    public const int MinBaud = 600;

    // The baud rate's three bytes hold no more.
    private const int MaxBaud = 0xFFFFFF;
    private const int LeastDataBits = 5;
    private const byte TwoStopBits = 0x04;
    private const byte ParityOn = 0x08;
    private const int ParityShift = 4;
    private const byte AlwaysZero = 0x40;

    private static ReadOnlySpan<byte> Head => [0x55, 0xAA, 0x55];

    /// <summary>Builds the frame.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is none that the frame can carry.</exception>
    public static byte[] Build(int baud, int dataBits, LineParity parity, int stopBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(baud, MinBaud);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(baud, MaxBaud);
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBits, LeastDataBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBits, 8);
        ArgumentOutOfRangeException.ThrowIfLessThan(stopBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stopBits, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan((int)parity, (int)LineParity.None, nameof(parity));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)parity, (int)LineParity.Space, nameof(parity));
        var frame = new byte[Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(2), baud);
        Head.CopyTo(frame);
        var parameters = (dataBits - LeastDataBits) | (stopBits == 2 ? TwoStopBits : 0);
        if (parity != LineParity.None)
        {
            parameters |= ParityOn | ((int)(parity - LineParity.Odd) << ParityShift);
        }

        frame[6] = (byte)parameters;
        frame[7] = Sums.Sum8(frame.AsSpan(3, 4));
        return frame;
    }

    /// <summary>The frame of these settings; null where it cannot carry them: a baud rate below <see cref="MinBaud"/>, 1.5 stop bits.</summary>
    public static byte[]? Find(LineSettings line) => line.Baud < MinBaud || line.StopBits is LineStopBits.OnePointFive
        ? null
        : Build(line.Baud, line.DataBits, line.Parity, line.StopBits is LineStopBits.Two ? 2 : 1);

    /// <summary>Reads one whole frame, with bit 7 of the parameters either way. False where head, sum or baud rate are not a frame's. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out UsrBaudFrame settings)
    {
        settings = default;
        if (frame.Length != Length || !frame.StartsWith(Head) || frame[7] != Sums.Sum8(frame.Slice(3, 4)) || (frame[6] & AlwaysZero) != 0)
        {
            return false;
        }

        var baud = BinaryPrimitives.ReadInt32BigEndian(frame[2..]) & MaxBaud;
        if (baud < MinBaud)
        {
            return false;
        }

        var parameters = frame[6];
        var parity = (parameters & ParityOn) == 0 ? LineParity.None : LineParity.Odd + ((parameters >> ParityShift) & 3);
        settings = new UsrBaudFrame(baud, LeastDataBits + (parameters & 3), parity, (parameters & TwoStopBits) == 0 ? 1 : 2);
        return true;
    }
}
