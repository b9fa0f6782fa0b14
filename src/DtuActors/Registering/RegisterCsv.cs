using System.Collections.Immutable;
using System.Text;
using CsvHelper;
using DtuActors.Configuration;

namespace DtuActors.Registering;

/// <summary>
/// The register as a CSV file (RFC 4180), as spreadsheets read and write it. The header's columns may stand in any order, and not all need to be there. What a spreadsheet
/// would take for a formula has an apostrophe in front, which is no part of the value (<see cref="CsvFormula"/>).
/// </summary>
public static class RegisterCsv
{
    private static readonly char[] Delimiters = [',', ';', '\t'];

    /// <summary>
    /// Reads a file's rows. Where one is wrong, its fault is told and it is left out. Rows of blanks are passed over; columns missing at a row's end are empty, for
    /// spreadsheets leave them out.
    /// </summary>
    /// <param name="text">The file.</param>
    /// <param name="most">The most rows that are read; one more is a fault.</param>
    /// <param name="faults">Where faults go, with rows as a spreadsheet counts them.</param>
    public static ImmutableArray<DtuEdit> Read(string text, int most, RowFaults faults)
    {
        CsvMalformedReason? malformed = null;
        using var reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            Separator = DelimiterOf(text),
            HasHeader = false,
            SkipEmptyLines = false,
            OnMalformedRecord = record => malformed = record.Reason,
        });
        if (!reader.Read() || Header(reader, malformed, faults) is not { } header)
        {
            if (faults.Count == 0)
            {
                faults.Add(1, null, $"the file is empty; expected a header: {string.Join(',', RegisterColumns.All)}");
            }

            return [];
        }

        var edits = ImmutableArray.CreateBuilder<DtuEdit>();
        for (malformed = null; reader.Read(); malformed = null)
        {
            var row = (int)reader.RowNumber;
            if (malformed is { } reason)
            {
                faults.Add(row, null, Quotes(reason));
            }
            else if (!IsBlank(reader))
            {
                if (edits.Count == most)
                {
                    faults.Add(row, null, $"the file has more rows than the register may have; at most {most} (dtu.storage.max-known)");
                    break;
                }

                if (ReadRow(reader, header, row, faults) is { } edit)
                {
                    edits.Add(edit);
                }
            }
        }

        return edits.ToImmutable();
    }

    /// <summary>Writes the rows, with a header, in the order given. Without <paramref name="withSecrets"/> the column <c>secret</c> is not there: who imports such a file changes none.</summary>
    public static string Write(IEnumerable<RegisteredDtu> rows, bool withSecrets)
    {
        string[] columns = [.. RegisterColumns.All.Where(column => withSecrets || column != RegisterColumns.Secret)];
        using var text = new StringWriter();
        using (var writer = CsvWriter.Create(text, CsvWriterOptions.Default, leaveOpen: true))
        {
            writer.WriteRecord(columns);
            foreach (var dtu in rows)
            {
                foreach (var column in columns)
                {
                    writer.WriteField(Cell(dtu, column), IsMistakable(dtu, column) ? CsvQuoting.Always : CsvQuoting.WhenNeeded);
                }

                writer.EndRecord();
            }
        }

        return text.ToString();
    }

    // No cell is a formula, nor a part of one that a spreadsheet with ';' as its delimiter makes a cell of.
    private static string Cell(RegisteredDtu dtu, string column) => column switch
    {
        RegisterColumns.Groups => RegisterColumns.Join([.. dtu.Groups.Select(CsvFormula.Guard)]),
        RegisterColumns.Aliases => RegisterColumns.Join([.. dtu.Aliases.Select(CsvFormula.Guard)]),
        _ => CsvFormula.Guard(RegisterColumns.Write(dtu, column)),
    };

    private static string Value(string column, string cell) => column is RegisterColumns.Groups or RegisterColumns.Aliases
        ? string.Join(RegisterColumns.Separator, cell.Split(RegisterColumns.Separator).Select(item => CsvFormula.Unguard(item.Trim())))
        : CsvFormula.Unguard(cell.Trim());

    // Whoever reads it back takes it for rounded, but for the quotes.
    private static bool IsMistakable(RegisteredDtu dtu, string column) => column switch
    {
        RegisterColumns.Id => RegisterColumns.LooksRounded(dtu.Id.Value),
        RegisterColumns.Aliases => dtu.Aliases.Any(RegisterColumns.LooksRounded),
        _ => false,
    };

    // The one that makes the most known columns of the first line: a name may hold any of them.
    private static char DelimiterOf(string text)
    {
        var line = text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is var end and >= 0 ? end : text.Length).ToString();
        return Delimiters.MaxBy(delimiter => line.Split(delimiter).Count(name => RegisterColumns.All.Contains(ColumnOf(name.Trim('"', ' ')))));
    }

    private static string ColumnOf(string name) => name.Trim().ToLowerInvariant();

    /// <summary>The fields' columns, null for one without a name; null where the header is wrong.</summary>
    private static string?[]? Header(CsvReader reader, CsvMalformedReason? malformed, RowFaults faults)
    {
        if (malformed is { } reason)
        {
            faults.Add(1, null, Quotes(reason));
            return null;
        }

        var before = faults.Count;
        var header = new string?[reader.FieldCount];
        for (var i = 0; i < header.Length; i++)
        {
            var name = reader.GetString(i);
            var column = ColumnOf(name);
            if (column.Length == 0)
            {
                continue;
            }

            if (!RegisterColumns.All.Contains(column))
            {
                faults.Add(1, KeyPath.Shown(name.Trim()), RegisterColumns.Unknown(name.Trim()));
            }
            else if (header.Contains(column))
            {
                faults.Add(1, column, "the column stands there twice");
            }
            else
            {
                header[i] = column;
            }
        }

        if (!header.Contains(RegisterColumns.Id))
        {
            faults.Add(1, RegisterColumns.Id, $"the column is missing; expected a header: {string.Join(',', RegisterColumns.All)}");
        }

        return faults.Count == before ? header : null;
    }

    private static DtuEdit? ReadRow(CsvReader reader, string?[] header, int row, RowFaults faults)
    {
        for (var i = 0; i < reader.FieldCount; i++)
        {
            if ((i >= header.Length || header[i] is null) && !IsBlank(reader, i))
            {
                faults.Add(row, null, $"field {i + 1} stands in no column of the header; expected quotes around a value with the delimiter in it");
                return null;
            }
        }

        return RegisterColumns.Read(
            row,
            column => Array.IndexOf(header, column) is var i and >= 0 ? Value(column, reader.GetString(i)) : null,
            column => Array.IndexOf(header, column) is var i and >= 0 && IsQuoted(reader, i),
            faults);
    }

    // A spreadsheet never puts quotes around a number.
    private static bool IsQuoted(CsvReader reader, int field) => field < reader.FieldCount && reader.GetRawSpan(field) is [(byte)'"', ..];

    private static bool IsBlank(CsvReader reader) => Enumerable.Range(0, reader.FieldCount).All(i => IsBlank(reader, i));

    private static bool IsBlank(CsvReader reader, int field) => reader.IsEmpty(field) || string.IsNullOrWhiteSpace(reader.GetString(field));

    private static string Quotes(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quote opens a value and none closes it; the rest of the file stands in it",
        CsvMalformedReason.TextAfterClosingQuote => "text behind a closing quote; expected a delimiter there, and \"\" for a quote inside a value",
        _ => "a quote inside a value; expected quotes around the value, and \"\" for the quote inside",
    };
}
