using System.Globalization;
using CsvHelper;
using DtuActors.Host.Api;
using DtuActors.Recording;
using DtuActors.Registering;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Frames as a file.</summary>
public static class FrameExport
{
    private static readonly string[] Columns = ["at", "direction", "hex", "codec", "decoded", "source", "verdict"];

    /// <summary>What the API's frames say, a row each (RFC 4180), instants in UTC.</summary>
    public static string Csv(IEnumerable<RecordedFrame> frames)
    {
        using var text = new StringWriter();
        using (var writer = CsvWriter.Create(text, CsvWriterOptions.Default, leaveOpen: true))
        {
            writer.WriteRecord(Columns);
            foreach (var frame in frames.Select(frame => frame.ToModel()))
            {
                foreach (var field in new[]
                {
                    frame.At.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), frame.Direction, frame.Hex, frame.Codec, Safe(frame.Decoded), Safe(frame.Source), frame.Verdict ?? "",
                })
                {
                    writer.WriteField(field, CsvQuoting.WhenNeeded);
                }

                writer.EndRecord();
            }
        }

        return text.ToString();
    }

    /// <summary>A line each, as the monitor copies them, with the day.</summary>
    public static string Text(IEnumerable<RecordedFrame> frames, Words words) =>
        string.Concat(frames.Select(frame => $"{words.Moment(frame.At)[..10]} {new FrameLine(frame).ToText(words)}\n"));

    // What a device says must be no formula in a spreadsheet.
    private static string Safe(string? text) => text is null ? "" : CsvFormula.Guard(FrameText.Plain(text));
}
