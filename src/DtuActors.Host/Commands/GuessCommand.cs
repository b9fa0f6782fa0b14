using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DtuActors.Protocol.Detection;

namespace DtuActors.Host.Commands;

internal static class GuessCommand
{
    private static readonly string[] Columns = ["GUESS", "KIND", "CONFIDENCE", "FRAMES", "PROVEN", "UNEXPLAINED", "ID", "FIRST FRAME", "CONFIGURATION"];

    // What 80 columns hold; the id stands in the words about the first frame as well.
    private static readonly string[] TerminalColumns = ["GUESS", "KIND", "CONFIDENCE", "PROVEN", "REST", "FIRST FRAME"];

    public static Command Create()
    {
        var capture = new CaptureInput();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new ExampledCommand(
            "guess",
            "Which codecs, envelopes, logins, registrations, datagrams and commands fit these bytes, the best first. Needs no gateway. "
                + "Exit code 1 where nothing fits.",
            "dtu guess --hex \"01 03 00 00 00 02 C4 0B\"",
            "dtu guess capture.bin",
            "dtu guess --hex-file - --json");
        capture.AddTo(command);
        command.Add(json);
        command.SetAction(parsed => capture.TryRead(parsed, out var bytes) ? Guess(bytes, parsed.GetValue(json)) : ExitCodes.Usage);
        return command;
    }

    private static int Guess(byte[] bytes, bool json)
    {
        var guesses = Detector.Guess(bytes);
        if (json)
        {
            Terminal.Line(JsonSerializer.Serialize(new GuessReport(bytes.Length, [.. guesses.Select(Model)]), DetectionJson.Readable.GuessReport));
        }
        else if (guesses.Count > 0)
        {
            Terminal.Table(Terminal.IsTerminal ? TerminalColumns : Columns, Rows(guesses, ""), wrapping: 1);
            if (Terminal.IsTerminal && guesses[0].Configuration is { } configuration)
            {
                Terminal.Line($"{guesses[0].Name} in a profile: {configuration}");
            }
        }

        if (guesses.Count == 0)
        {
            Terminal.Fault(bytes.Length == 1 ? "nothing fits: one byte says nothing" : $"nothing fits these {bytes.Length.ToString(CultureInfo.InvariantCulture)} bytes");
        }

        return guesses.Count > 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static IEnumerable<string?[]> Rows(IEnumerable<Guess> guesses, string outside)
    {
        foreach (var guess in guesses)
        {
            var name = outside + guess.Name;
            var (confidence, frames, proven, unexplained) =
                (guess.Confidence.ToString("0.00", CultureInfo.InvariantCulture), Number(guess.Frames), Number(guess.Proven), Number(guess.Unexplained));
            var first = guess.Frames == 0 ? "(the beginning of one)" : guess.Decoded;
            yield return Terminal.IsTerminal
                ? [name, Word(guess.Kind), confidence, $"{proven} of {frames}", unexplained, first ?? guess.Id]
                : [name, Word(guess.Kind), confidence, frames, proven, unexplained, guess.Id, first, guess.Configuration];
            foreach (var row in Rows(guess.Inside, $"{name} > "))
            {
                yield return row;
            }
        }
    }

    public static string Word(GuessKind kind) => kind switch
    {
        GuessKind.Envelope => "envelope",
        GuessKind.Login => "login",
        GuessKind.Registration => "registration",
        GuessKind.Datagram => "datagram",
        GuessKind.Command => "command",
        _ => "codec",
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static GuessModel Model(Guess guess) => new(
        guess.Name, Word(guess.Kind), guess.Confidence, guess.Frames, guess.Proven, guess.Unexplained, guess.Id, guess.Decoded, guess.Configuration, [.. guess.Inside.Select(Model)]);
}

internal sealed record GuessReport(int Bytes, IReadOnlyList<GuessModel> Guesses);

internal sealed record GuessModel(
    string Name, string Kind, double Confidence, int Frames, int Proven, int Unexplained, string? Id, string? Decoded, string? Configuration, IReadOnlyList<GuessModel> Inside);

/// <summary>What <c>guess</c> and <c>decode</c> print with <c>--json</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GuessReport))]
[JsonSerializable(typeof(DecodeReport))]
internal sealed partial class DetectionJson : JsonSerializerContext
{
    public static readonly DetectionJson Readable = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
