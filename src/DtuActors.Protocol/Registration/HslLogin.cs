using System.Text;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>hsl</c>: the login of HslCommunication's "alien" DTUs: <c>"HSL" | length of what follows (2) | id (11) | password (6) | IPv4 address (4) | port (2, low
/// byte first) | reply flag | type</c>. The length is 0019 big-endian or the two hex digits "19" in text. Older ones begin with "Hsn" and have neither flag nor
/// type (0017). The centre answers <c>48 73 6E 00 01 status</c>, unless the flag is 1. Layout from HslCommunication's public sources (FormDtuMessageCreate,
/// NetworkAlienClient).
/// </summary>
/// <remarks>Status 01 (already logged in) is never sent: the newest login wins, or a DTU behind a half-open connection would be locked out.</remarks>
internal sealed class HslLogin : VendorLogin
{
    private const int HeadLength = 5;
    private const int IdOffset = HeadLength;
    private const int IdLength = 11;
    private const int PasswordOffset = IdOffset + IdLength;
    private const int PasswordLength = 6;
    private const int LeastLength = PasswordOffset + PasswordLength;
    private const int FlagOffset = 28;

    private static readonly byte[] Taken = Status(0x00);
    private static readonly byte[] Forbidden = Status(0x02);
    private static readonly byte[] WrongPassword = Status(0x03);

    public override string Name => "hsl";

    private static ReadOnlySpan<byte> Mark => "HSL"u8;

    private static ReadOnlySpan<byte> OlderMark => "Hsn"u8;

    public override int LengthOf(ReadOnlySpan<byte> head)
    {
        var mark = head[..Math.Min(head.Length, Mark.Length)];
        if (!Mark.StartsWith(mark) && !OlderMark.StartsWith(mark))
        {
            return -1;
        }

        if (head.Length > 3 && head[3] != 0 && !char.IsAsciiHexDigit((char)head[3]))
        {
            return -1;
        }

        if (head.Length < HeadLength)
        {
            return 0;
        }

        var length = head[3] == 0 ? head[4] : char.IsAsciiHexDigit((char)head[4]) ? (HexDigit(head[3]) * 16) + HexDigit(head[4]) : 0;
        return HeadLength + length >= LeastLength ? HeadLength + length : -1;
    }

    /// <inheritdoc/>
    /// <remarks>A password that is not text is presented as upper-case hex; one of zeros is none.</remarks>
    public override bool TryRead(ReadOnlySpan<byte> login, out Presented presented)
    {
        presented = default;
        if (login.Length < LeastLength || LengthOf(login) != login.Length || IdField.Read(login.Slice(IdOffset, IdLength)) is not { } id)
        {
            return false;
        }

        var password = login.Slice(PasswordOffset, PasswordLength).Trim((byte)0);
        var secret = password.IsEmpty ? null
            : password.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? Convert.ToHexString(password)
            : Encoding.ASCII.GetString(password);
        presented = new Presented(id, secret, Convert.ToHexString(login));
        return true;
    }

    public override ReadOnlyMemory<byte> Accepted(ReadOnlySpan<byte> login) => WantsReply(login) ? Taken : default;

    public override ReadOnlyMemory<byte> Refused(ReadOnlySpan<byte> login, bool wrongSecret) =>
        !WantsReply(login) ? default : wrongSecret ? WrongPassword : Forbidden;

    // Without a flag it is the older form, whose centre always answered.
    private static bool WantsReply(ReadOnlySpan<byte> login) => login.Length <= FlagOffset || login[FlagOffset] is not (1 or (byte)'1');

    private static int HexDigit(byte digit) => Convert.ToInt32(((char)digit).ToString(), 16);

    private static byte[] Status(byte status) => [.. OlderMark, 0x00, 0x01, status];
}
