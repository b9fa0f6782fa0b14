using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>Where a frame goes.</summary>
internal enum Way
{
    /// <summary>From a DTU to whoever is at the other side of its route.</summary>
    Up,

    /// <summary>The other way.</summary>
    Down,
}

/// <summary>A frame of HJ 212 that says which it is: its way, its DTU and its number; its checksum and its padding tell whether anything is missing.</summary>
internal readonly partial record struct StreamFrame(Way Way, int Dtu, int Number)
{
    public byte[] ToBytes(int padding) =>
        Hj212.Build(string.Create(CultureInfo.InvariantCulture, $"Way={Way};Dtu={Dtu};Number={Number};CP=&&{new string(Letter(Number), padding)}&&"));

    /// <summary>Null where it is none.</summary>
    public static StreamFrame? Of(ReadOnlySpan<byte> bytes)
    {
        if (!Hj212.IsValid(bytes) || Form().Match(Encoding.ASCII.GetString(bytes)) is not { Success: true } match)
        {
            return null;
        }

        var number = int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
        return match.Groups[4].Value.AsSpan().ContainsAnyExcept(Letter(number))
            ? null
            : new StreamFrame(Enum.Parse<Way>(match.Groups[1].Value), int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), number);
    }

    private static char Letter(int number) => (char)('a' + (number % 26));

    [GeneratedRegex(@"\A##\d{4}Way=(Up|Down);Dtu=(\d+);Number=(\d+);CP=&&([a-z]*)&&[0-9A-F]{4}\r\n\z")]
    private static partial Regex Form();
}

/// <summary>Puts frames together from a stream that holds nothing else; what is none is null.</summary>
internal sealed class StreamFrames
{
    private readonly List<byte> _pending = [];

    public IEnumerable<StreamFrame?> Feed(ReadOnlySpan<byte> bytes)
    {
        var found = new List<StreamFrame?>();
        foreach (var one in bytes)
        {
            _pending.Add(one);
            if (one == '\n')
            {
                found.Add(StreamFrame.Of([.. _pending]));
                _pending.Clear();
            }
        }

        return found;
    }
}
