using System.Globalization;
using CsvHelper;
using DtuActors.Protocol;
using DtuActors.Protocol.Decoding;
using DtuActors.Registering;

namespace DtuActors.Recording;

/// <summary>Frames as rows of a CSV file (RFC 4180), instants in UTC.</summary>
public static class FrameCsv
{
    public static readonly string[] Columns = ["at", "direction", "hex", "codec", "decoded", "source", "verdict"];

    /// <summary>Writes the fields of one row; whoever calls ends it.</summary>
    public static void WriteFields(CsvWriter writer, RecordedFrame frame)
    {
        // Bytes that are no frame would only be decoded into something wrong.
        var decoded = frame.Verdict is null ? Decoders.Describe(frame.Codec, frame.Direction, frame.Payload.Span) : null;
        Write(frame.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        Write(frame.Direction is FrameDirection.Up ? "up" : "down");
        Write(Convert.ToHexString(frame.Payload.Span));
        Write(frame.Codec);
        Write(Safe(decoded));
        Write(Safe(frame.Source));
        Write(frame.Verdict ?? "");

        void Write(string field) => writer.WriteField(field, CsvQuoting.WhenNeeded);
    }

    // What a device says must be no formula in a spreadsheet, and nothing that a terminal acts upon.
    private static string Safe(string? text) => text is null ? "" : CsvFormula.Guard(text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '·' : c)) : text);
}
