using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;
using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;

namespace DtuActors.Configuration;

/// <summary>
/// Makes profiles out of the first bytes of a device: one for each guess of <see cref="Detector"/>, best first, then those that are always possible. Pure; never
/// throws on bytes.
/// </summary>
public static class ProfileDrafts
{
    /// <summary>The whole text is the id.</summary>
    public const string WholeText = "whole-text";

    /// <summary>All bytes are the id, as hex digits.</summary>
    public const string WholeHex = "whole-hex";

    /// <summary>The port says which DTU it is.</summary>
    public const string Port = "port";

    private const double LeastInside = 0.5;
    private const int LeastHex = 2;

    // What DTUs say in front of everything else, from the factory or as their makers' examples have it.
    private static readonly (byte[] Bytes, string Written)[] Heartbeats =
    [
        ([.. "www.usr.cn"u8], "www.usr.cn"), ([.. "ping"u8], "ping"), ([0x00], "hex:00"), ([0xFE], "hex:FE"),
    ];

    // Presets that say how such a device behaves beside what its bytes tell.
    private static readonly Dictionary<string, string> PresetOf = new(StringComparer.Ordinal)
    {
        ["ddp"] = "hongdian",
        ["ddp-udp"] = "hongdian",
        ["four-faith-prot"] = "four-faith-prot",
        ["zg"] = "zg",
        ["jbt"] = "jbt",
        ["hsl"] = "hsl",
        ["teltonika"] = "teltonika",
        ["inhand"] = "inhand",
        ["hj212"] = "hj212",
        ["sl651"] = "sl651",
    };

    /// <summary>The drafts for <paramref name="bytes"/>, a connection's first or one datagram; never empty.</summary>
    public static ImmutableArray<ProfileDraft> Of(ReadOnlyMemory<byte> bytes)
    {
        var (heartbeat, guesses) = Guess(bytes.Span);
        var said = bytes[(heartbeat?.Bytes.Length ?? 0)..];
        var drafts = new List<ProfileDraft>();
        foreach (var guess in guesses)
        {
            if (Of(guess, said) is { } draft)
            {
                drafts.Add(draft);
            }
        }

        if (IsText(said.Span) && guesses.All(guess => guess.Name != "text"))
        {
            drafts.Add(new ProfileDraft { Name = WholeText, Keys = ["registration { kind = text, pattern = \"(?<id>.+)\" }"] });
        }

        if (said.Length is >= LeastHex and <= DtuId.MaxLength / 2 && guesses.All(guess => guess.Proven == 0))
        {
            drafts.Add(new ProfileDraft
            {
                Name = WholeHex,
                Keys = [string.Create(CultureInfo.InvariantCulture, $"registration {{ kind = hex, length = {said.Length}, pattern = \"(?<id>[0-9A-F]{{{said.Length * 2}}})\" }}")],
            });
        }

        drafts.Add(new ProfileDraft { Name = Port, Keys = ["registration { kind = none }"], IsNamed = true });
        return heartbeat is null ? [.. drafts] : [.. drafts.Select(draft => draft with { Keys = draft.Keys.Add($"heartbeat {{ match = [\"{heartbeat.Value.Written}\"] }}") })];
    }

    // A heartbeat in front hides what stands behind it: it is one where the rest is understood better without it.
    private static ((byte[] Bytes, string Written)? Heartbeat, IReadOnlyList<Guess> Guesses) Guess(ReadOnlySpan<byte> bytes)
    {
        var guesses = Detector.Guess(bytes);
        foreach (var heartbeat in Heartbeats)
        {
            if (!bytes.StartsWith(heartbeat.Bytes))
            {
                continue;
            }

            var behind = Detector.Guess(bytes[heartbeat.Bytes.Length..]);
            if (bytes.SequenceEqual(heartbeat.Bytes) || (behind is [{ Unexplained: 0 } first, ..] && first.Confidence > (guesses is [var best, ..] ? best.Confidence : 0)))
            {
                return (heartbeat, behind);
            }
        }

        return (null, guesses);
    }

    private static ProfileDraft? Of(Guess guess, ReadOnlyMemory<byte> bytes) => guess.Kind switch
    {
        GuessKind.Envelope => Envelope(guess, guess.Name, isDatagram: false),
        GuessKind.Datagram => Envelope(guess, "ddp", isDatagram: true),
        GuessKind.Login => Draft(guess, $"registration {{ kind = {guess.Name} }}"),
        GuessKind.Registration => guess.Name == "json" ? Json(guess, bytes.Span) : Number(guess, bytes.Span),
        GuessKind.Codec => Codec(guess, bytes),

        // No DTU begins with one: whoever sends it is told by its port.
        _ => Draft(guess, "registration { kind = none }") with { IsNamed = true },
    };

    private static ProfileDraft Envelope(Guess guess, string envelope, bool isDatagram)
    {
        // A beginning may still carry an id; whole units without one never will.
        var isNamed = guess is { Frames: > 0, Id: null };
        return Draft(guess, $"envelope = {envelope}", $"registration {{ kind = {(isNamed ? "none" : "envelope")} }}") with { IsNamed = isNamed, IsDatagram = isDatagram };
    }

    private static ProfileDraft Codec(Guess guess, ReadOnlyMemory<byte> bytes)
    {
        var framing = guess.Configuration ?? $"framing {{ codec = {guess.Name} }}";
        return FrameFields.Codecs.Contains(guess.Name) && (guess.Id is not null || guess.Frames == 0)
            ? Draft(guess, $"registration {{ kind = frame, codec = {guess.Name}, id = \"{{{Field(guess, bytes)}}}\" }}", framing)
            : Draft(guess, "registration { kind = none }", framing) with { IsNamed = true };
    }

    // The first field that its first frame has: stations name themselves, if they do, in each.
    private static string Field(Guess guess, ReadOnlyMemory<byte> bytes)
    {
        var fields = FrameFields.Of(guess.Name);
        var frames = Dissection.OfCodec(new FramingOptions { Codec = guess.Name, MaxFrame = 16 * 1024 }, bytes, FrameDirection.Up).Pieces.Where(piece => piece.Kind == PieceKind.Frame);
        return frames.Select(frame => fields.FirstOrDefault(field => FrameFields.TryRead(guess.Name, field, frame.Bytes.Span, out _))).FirstOrDefault(field => field is not null) ?? fields.First();
    }

    private static ProfileDraft? Json(Guess guess, ReadOnlySpan<byte> bytes) =>
        Member(guess, bytes) is { } member ? Draft(guess, $"registration {{ kind = json, id = {HoconText.Quote($"{{{member}}}")} }}") : null;

    // The member as the device writes it, capitals and all.
    private static string? Member(Guess guess, ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, default);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.GetString() is { } name
                && string.Equals(name, guess.Decoded, StringComparison.OrdinalIgnoreCase) && reader.Read())
            {
                var value = reader.TokenType == JsonTokenType.String ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan);
                if (value == guess.Id)
                {
                    return name;
                }
            }
        }

        return null;
    }

    private static ProfileDraft? Number(Guess guess, ReadOnlySpan<byte> bytes)
    {
        if (PatternDraft.Of(guess, bytes) is not var (pattern, length))
        {
            return null;
        }

        var fixedLength = length > 0 ? string.Create(CultureInfo.InvariantCulture, $", length = {length}") : "";
        return Draft(guess, $"registration {{ kind = text, pattern = {HoconText.Quote(pattern)}{fixedLength} }}");
    }

    private static ProfileDraft Draft(Guess guess, params ReadOnlySpan<string> keys)
    {
        var all = ImmutableArray.CreateBuilder<string>();
        if (PresetOf.TryGetValue(guess.Name, out var preset))
        {
            all.Add($"preset = {preset}");
        }

        all.AddRange(keys);
        if (guess.Inside is [{ Kind: GuessKind.Codec, Confidence: >= LeastInside, Configuration: { } framing }, ..])
        {
            all.Add(framing);
        }

        return new ProfileDraft { Name = guess.Name, Guess = guess, Keys = all.ToImmutable() };
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        var line = bytes.TrimEnd("\r\n"u8);
        return Utf8.IsValid(line) && DtuId.TryParse(Encoding.UTF8.GetString(line), out _);
    }
}
