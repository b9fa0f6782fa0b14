using System.Buffers.Binary;
using System.Text;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>teltonika</c>: Teltonika's login, <c>length (2, big-endian) | IMEI (ASCII digits)</c>; the length is 15 for an IMEI, 2 to 64 are read. The centre answers
/// 01 and the DTU sends, or 00. Layout from Teltonika's wiki, "Help with Server FAQ".
/// </summary>
internal sealed class TeltonikaLogin : VendorLogin
{
    private const int HeadLength = 2;
    private const int LeastDigits = 2;
    private const int MostDigits = 64;

    private static readonly byte[] Accept = [0x01];
    private static readonly byte[] Reject = [0x00];

    public override string Name => "teltonika";

    public override int LengthOf(ReadOnlySpan<byte> head)
    {
        if (head.Length > 0 && head[0] != 0)
        {
            return -1;
        }

        if (head.Length < HeadLength)
        {
            return 0;
        }

        int digits = BinaryPrimitives.ReadUInt16BigEndian(head);
        var id = head[HeadLength..Math.Min(head.Length, HeadLength + digits)];
        return digits is >= LeastDigits and <= MostDigits && !id.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? HeadLength + digits : -1;
    }

    public override bool TryRead(ReadOnlySpan<byte> login, out Presented presented)
    {
        presented = default;
        if (login.Length < HeadLength + LeastDigits || LengthOf(login) != login.Length)
        {
            return false;
        }

        presented = new Presented(Encoding.ASCII.GetString(login[HeadLength..]), null, Convert.ToHexString(login));
        return true;
    }

    public override ReadOnlyMemory<byte> Accepted(ReadOnlySpan<byte> login) => Accept;

    public override ReadOnlyMemory<byte> Refused(ReadOnlySpan<byte> login, bool wrongSecret) => Reject;
}
