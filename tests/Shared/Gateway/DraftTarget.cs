using DtuActors.Configuration;
using DtuActors.Protocol.Detection;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// An unknown device's first bytes fuzzed: guesses are few and sure between 0 and 1, whole units are read or are none, and every profile that is made from them can be
/// loaded, whatever stands in the bytes and in the names that somebody gives it.
/// </summary>
internal static class DraftTarget
{
    public const string Name = "draft";

    private static readonly DraftPlace Usual = new("made", "made", "127.0.0.1", 9001, "the-port-s");

    public static IEnumerable<byte[]> Seeds()
    {
        byte[][] texts =
        [
            [.. "861234567890123\r\n"u8], [.. """{"csq":25,"imei":"861234567890123"}abc"""u8], [.. "LOGIN:13800138000,secret"u8], [.. """{"\ud800":1,"imei":"7"}"""u8],
            [.. "A\"B\\C$D:13800138000"u8], [.. "a,1\nb,2\nc,3\n"u8],
        ];
        return texts.Concat(FirstWords.All).Select((bytes, i) => FuzzInput.Write(0, i % 2 == 0, [], bytes));
    }

    public static void Run(FuzzInput input)
    {
        ReadOnlyMemory<byte> bytes = input.Stream.ToArray();
        var guesses = Detector.Guess(bytes.Span);
        BrokenPromiseException.Unless(guesses.Count <= Detector.MaxGuesses && guesses.All(guess => guess.Confidence is >= 0 and <= 1), "guesses are few, and sure between 0 and 1");
        foreach (var name in WholeUnits.Names)
        {
            BrokenPromiseException.Unless(WholeUnits.Read(name, bytes.Span) is null or { Line.Length: > 0 }, "a whole unit says something");
        }

        // The DTU's name is what a caller writes: here a part of the same bytes.
        var text = System.Text.Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, 12)]);
        var place = input.HasHeartbeats ? Usual with { Dtu = $"C:\\{string.Concat(text.Where(c => !char.IsControl(c)))}" } : Usual;
        var drafts = ProfileDrafts.Of(bytes);
        BrokenPromiseException.Unless(!drafts.IsEmpty, "something is always possible");
        foreach (var draft in drafts.Take(3))
        {
            if (DraftTrial.Run(draft, place, bytes) is DraftOutcome.Faulty faulty)
            {
                BrokenPromiseException.Unless(false, $"a draft can be loaded: {string.Join("; ", faulty.Faults)} in {draft.Write(place)}");
            }
        }
    }
}
