using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DtuActors.Host.Api;

/// <summary>
/// The console's session: a cookie that says until when, sealed with a hash of the key it was exchanged for. Nothing is kept here: it outlives a restart, holds on every
/// node that has the key, and ends with its time or with the key.
/// </summary>
/// <remarks>The value is EXPIRES.SEAL: seconds since 1970 in decimal, and HMAC-SHA-256 over them in base64url, under the SHA-256 of the key.</remarks>
internal static class SessionCookies
{
    public const string Name = "dtu-session";

    /// <summary>A working day: who logs in in the morning is not asked again before the evening.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <param name="keyHash">SHA-256 of the key.</param>
    /// <param name="expires">When it ends.</param>
    public static string Seal(byte[] keyHash, DateTimeOffset expires)
    {
        var until = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{until}.{Base64Url.EncodeToString(SealOf(keyHash, until))}";
    }

    /// <summary>Whether a cookie was sealed with this key and its time has not passed; compared in constant time.</summary>
    public static bool IsOf(byte[] keyHash, string cookie, DateTimeOffset now) =>
        TryRead(cookie, now, out var until, out var seal) && CryptographicOperations.FixedTimeEquals(SealOf(keyHash, until), Base64Url.DecodeFromChars(seal));

    /// <summary>Whether it is one whose time has not passed, whoever sealed it.</summary>
    public static bool IsCurrent(string cookie, DateTimeOffset now) => TryRead(cookie, now, out _, out _);

    private static bool TryRead(string cookie, DateTimeOffset now, out string until, out string seal)
    {
        (until, seal) = cookie.Split('.') is [var before, var behind] ? (before, behind) : ("", "");
        return long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > now.ToUnixTimeSeconds() && Base64Url.IsValid(seal);
    }

    private static byte[] SealOf(byte[] keyHash, string until) => HMACSHA256.HashData(keyHash, Encoding.ASCII.GetBytes("dtu-session " + until));
}
