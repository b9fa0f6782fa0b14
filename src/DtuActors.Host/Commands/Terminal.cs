using System.Globalization;
using System.Text;
using Spectre.Console;

namespace DtuActors.Host.Commands;

/// <summary>Where commands write: results to standard output, everything about them to standard error; tables for eyes on a terminal, tabs for programs.</summary>
internal static class Terminal
{
    /// <summary>Whether a person looks at standard output.</summary>
    public static bool IsTerminal { get; } = !Console.IsOutputRedirected;

    /// <summary>Whether standard error may be coloured (https://no-color.org).</summary>
    public static bool ErrorsInColour { get; } = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>One line, at once: whoever reads a pipe waits for it.</summary>
    public static void Line(string text)
    {
        Console.Out.WriteLine(text);
        Console.Out.Flush();
    }

    /// <summary>What went wrong, in one line.</summary>
    public static void Fault(string text)
    {
        Console.Error.WriteLine($"dtu: {Safe(text)}");
        Serving.WindowsEvents.Error(Safe(text));
    }

    /// <summary>
    /// What came from the field can't move the cursor, rename the window or turn a line around: control characters are shown as their symbols, and what is not seen
    /// but changes how the rest is (direction marks, joiners, line separators, halves of characters) as U+FFFD.
    /// </summary>
    public static string Safe(string text)
    {
        if (text.EnumerateRunes().All(rune => IsSeen(rune) && rune != Rune.ReplacementChar))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                < ' ' => safe.Append((char)('\u2400' + rune.Value)),
                0x7F => safe.Append('\u2421'),
                _ => safe.Append(IsSeen(rune) ? rune : Rune.ReplacementChar),
            };
        }

        return safe.ToString();
    }

    private static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>
    /// A table; for programs one line a row, columns parted by tabs, the first line their names. On a terminal that is too narrow the last <paramref name="wrapping"/>
    /// columns go over several lines.
    /// </summary>
    public static void Table(string[] columns, IEnumerable<string?[]> rows, int wrapping = 0)
    {
        if (!IsTerminal)
        {
            Console.Out.WriteLine(string.Join('\t', columns));
            foreach (var row in rows)
            {
                Console.Out.WriteLine(string.Join('\t', row.Select(cell => Safe(cell ?? ""))));
            }

            Console.Out.Flush();
            return;
        }

        AnsiConsole.Write(Grid(columns, rows, wrapping));
    }

    /// <summary>The same for a terminal, to be shown wherever.</summary>
    public static Table Grid(string[] columns, IEnumerable<string?[]> rows, int wrapping = 0)
    {
        var table = new Table().Border(TableBorder.Simple);
        for (var i = 0; i < columns.Length; i++)
        {
            table.AddColumn(new TableColumn(new Text(columns[i])) { NoWrap = i < columns.Length - wrapping });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Safe(cell ?? ""))));
        }

        return table;
    }
}
