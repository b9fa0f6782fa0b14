namespace DtuActors.Protocol.Transports;

/// <summary>
/// Four-Faith's PROT mode over TCP: a login of 21 bytes, <c>device id (4) | phone number (11 ASCII) | 00 | IPv4 address (4) | 00</c>, sent once and not
/// escaped; then the instrument's bytes in both directions with FD written as FD ED and FE as FD EE; FE alone is the heartbeat. The centre answers nothing.
/// Layout from Four-Faith's "Modem (DTU) Data in PROT mode".
/// </summary>
public static class FourFaithProt
{
    /// <summary>A login's length in bytes.</summary>
    public const int LoginLength = 21;

    /// <summary>The heartbeat: the one byte that escaped data never hold.</summary>
    public const byte Heartbeat = 0xFE;

    /// <summary>The width of a login's device id in bytes.</summary>
    public const int DeviceIdLength = 4;

    /// <summary>The width of a login's phone number in bytes.</summary>
    public const int PhoneLength = 11;

    internal const byte EscapeMark = 0xFD;
    internal const byte EscapedMark = 0xED;
    internal const byte EscapedHeartbeat = 0xEE;

    private const int AddressLength = 4;
    private const int ZeroOffset = DeviceIdLength + PhoneLength;
    private const int AddressOffset = ZeroOffset + 1;
    private const int EndOffset = AddressOffset + AddressLength;

    /// <summary>Whether <paramref name="bytes"/> are one whole login: a phone number that is not blank, and the two zeros.</summary>
    public static bool IsLogin(ReadOnlySpan<byte> bytes) => bytes.Length == LoginLength && CanBeginLogin(bytes);

    /// <summary>Builds a login as a DTU sends it.</summary>
    /// <exception cref="ArgumentException">The device id or the address is not 4 bytes, or the phone number not 1 to 11 printable ASCII characters.</exception>
    public static byte[] BuildLogin(ReadOnlySpan<byte> deviceId, string phone, ReadOnlySpan<byte> address)
    {
        if (deviceId.Length != DeviceIdLength || address.Length != AddressLength)
        {
            throw new ArgumentException(
                $"a device id is {DeviceIdLength} bytes and an IPv4 address {AddressLength}, not {deviceId.Length} and {address.Length}",
                nameof(deviceId));
        }

        var login = new byte[LoginLength];
        deviceId.CopyTo(login);
        IdField.Write(login.AsSpan(DeviceIdLength, PhoneLength), phone, "a phone number");
        address.CopyTo(login.AsSpan(AddressOffset));
        return login;
    }

    /// <summary>The instrument's bytes as they go over the wire, in either direction.</summary>
    public static byte[] Escape(ReadOnlySpan<byte> data)
    {
        var escaped = new byte[data.Length + data.Count(EscapeMark) + data.Count(Heartbeat)];
        var at = 0;
        foreach (var b in data)
        {
            if (b is EscapeMark or Heartbeat)
            {
                escaped[at++] = EscapeMark;
                escaped[at++] = b == EscapeMark ? EscapedMark : EscapedHeartbeat;
            }
            else
            {
                escaped[at++] = b;
            }
        }

        return escaped;
    }

    /// <summary>The instrument's bytes again. An FD with anything but ED or EE behind it, which no DTU sends, is left out.</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> escaped)
    {
        var data = new byte[escaped.Length - escaped.Count(EscapeMark)];
        var at = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != EscapeMark)
            {
                data[at++] = escaped[i];
            }
            else if (i + 1 < escaped.Length && escaped[i + 1] is EscapedMark or EscapedHeartbeat)
            {
                data[at++] = escaped[++i] == EscapedMark ? EscapeMark : Heartbeat;
            }
        }

        return at == data.Length ? data : data[..at];
    }

    internal static string? ReadPhone(ReadOnlySpan<byte> login) => IdField.Read(login.Slice(DeviceIdLength, PhoneLength));

    internal static string ReadDeviceId(ReadOnlySpan<byte> login) => Convert.ToHexString(login[..DeviceIdLength]);

    /// <summary>Whether a login can begin with these bytes, of which there are at most <see cref="LoginLength"/>.</summary>
    internal static bool CanBeginLogin(ReadOnlySpan<byte> head) =>
        (head.Length <= DeviceIdLength || IdField.CanBegin(head[DeviceIdLength..], PhoneLength))
        && (head.Length <= ZeroOffset || head[ZeroOffset] == 0)
        && (head.Length <= EndOffset || head[EndOffset] == 0);
}
