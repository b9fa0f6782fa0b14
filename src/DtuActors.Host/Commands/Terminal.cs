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

    /// <summary>What came from the field can't move the cursor or rename the window: control characters are shown as their symbols.</summary>
    public static string Safe(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            safe.Append(c switch
            {
                < ' ' => (char)('\u2400' + c),
                '\u007f' => '\u2421',
                _ when char.IsControl(c) => '\ufffd',
                _ => c,
            });
        }

        return safe.ToString();
    }

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
