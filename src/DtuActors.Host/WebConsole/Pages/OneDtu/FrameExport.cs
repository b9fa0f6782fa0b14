using CsvHelper;
using DtuActors.Recording;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Frames as a file.</summary>
public static class FrameExport
{
    /// <summary>What the API's frames say, a row each (RFC 4180), instants in UTC.</summary>
    public static string Csv(IEnumerable<RecordedFrame> frames)
    {
        using var text = new StringWriter();
        using (var writer = CsvWriter.Create(text, CsvWriterOptions.Default, leaveOpen: true))
        {
            writer.WriteRecord(FrameCsv.Columns);
            foreach (var frame in frames)
            {
                FrameCsv.WriteFields(writer, frame);
                writer.EndRecord();
            }
        }

        return text.ToString();
    }

    /// <summary>A line each, as the monitor copies them, with the day.</summary>
    public static string Text(IEnumerable<RecordedFrame> frames, Words words) =>
        string.Concat(frames.Select(frame => $"{words.Moment(frame.At)[..10]} {new FrameLine(frame).ToText(words)}\n"));
}
