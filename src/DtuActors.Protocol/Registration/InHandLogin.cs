namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>inhand</c>: the login of InHand's DTUs in 力控's bridge protocol, 14 bytes: <c>AA 01 | id (11 ASCII, padded) | 0D</c>; nothing is answered, and what
/// follows is transparent. Layout from m2mlib.com article 285.
/// </summary>
internal sealed class InHandLogin : VendorLogin
{
    private const int IdOffset = 2;
    private const int IdLength = 11;
    private const int LoginLength = IdOffset + IdLength + 1;
    private const byte End = 0x0D;

    public override string Name => "inhand";

    private static ReadOnlySpan<byte> Mark => [0xAA, 0x01];

    public override int LengthOf(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith(Mark))
        {
            return Mark.StartsWith(head) ? 0 : -1;
        }

        var id = head[IdOffset..];
        return (id.IsEmpty || IdField.CanBegin(id, IdLength)) && (head.Length < LoginLength || head[LoginLength - 1] == End) ? LoginLength : -1;
    }

    public override bool TryRead(ReadOnlySpan<byte> login, out Presented presented)
    {
        presented = default;
        if (login.Length != LoginLength || LengthOf(login) != LoginLength || IdField.Read(login.Slice(IdOffset, IdLength)) is not { } id)
        {
            return false;
        }

        presented = new Presented(id, null, Convert.ToHexString(login));
        return true;
    }
}
