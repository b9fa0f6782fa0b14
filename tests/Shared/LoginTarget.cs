using DtuActors.Protocol;
using DtuActors.Protocol.Registration;

namespace DtuActors.Tests.Shared;

/// <summary>
/// Vendors' logins fuzzed: what is said of a login's length stays said when more bytes come, unless they are no login's, and reading and answering never
/// throw.
/// </summary>
internal static class LoginTarget
{
    public static IEnumerable<byte[]> Seeds(VendorLogin login)
    {
        byte[][] chosen =
        [
            .. FrameVector.All.Where(vector => vector.Protocol.StartsWith(login.Name, StringComparison.Ordinal)).Select(vector => vector.Bytes),
            [0x48, 0x53, 0x4C, 0, 0x19, .. "13800138000123456"u8, 192, 168, 1, 66, 0x13, 0x89, 0, 0],
            "13800138000"u8.ToArray(),
        ];
        return chosen.Select(bytes => FuzzInput.Write(0, false, [], bytes));
    }

    public static void Run(VendorLogin login, FuzzInput input)
    {
        var stream = input.Stream.Length > RegistrationReader.MaxLength ? input.Stream[..RegistrationReader.MaxLength] : input.Stream;
        var said = 0;
        for (var length = 1; length <= stream.Length; length++)
        {
            var now = login.LengthOf(stream[..length]);
            BrokenPromiseException.Unless(now is >= -1 and <= RegistrationReader.MaxLength, $"a login has at most 1024 bytes, not {now}");
            BrokenPromiseException.Unless(
                said == 0 || now == said || (said > 0 && now < 0), $"a login's length stays what it was, or it is none: {said}, with {length} bytes {now}");
            said = now;
        }

        Read(login, stream);
        if (said > 0 && said <= stream.Length)
        {
            Read(login, stream[..said]);
        }
    }

    private static void Read(VendorLogin login, ReadOnlySpan<byte> bytes)
    {
        if (!login.TryRead(bytes, out var presented))
        {
            return;
        }

        BrokenPromiseException.Unless(DtuId.TryParse(presented.Id, out _), $"an id is one that the gateway takes, not '{presented.Id}'");
        _ = login.Accepted(bytes);
        _ = login.Refused(bytes, wrongSecret: true);
        _ = login.Refused(bytes, wrongSecret: false);
    }
}
