using System.Collections.Immutable;
using System.Text;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>
/// <c>dtu.routes</c> in the files' texts: its rows, and the same texts with other rows, everything else untouched to the character. The value that counts, the last one of
/// the last file that has one, is replaced; where none has, it is appended to the last file.
/// </summary>
public sealed class RoutesText
{
    private const int MostShown = 120;

    private readonly ConfigurationSources _sources;
    private readonly HoconList? _list;

    private RoutesText(ConfigurationSources sources, int index, HoconList? list, ImmutableArray<ConfigurationFault> faults)
    {
        (_sources, Index, _list, Faults) = (sources, index, list, faults);
        var lost = ImmutableArray.CreateBuilder<LostText>();
        Rows = list is null ? [] : [.. list.Items.Select(item => Row(item, lost))];
        if (list is not null)
        {
            Scan(list, lost);
        }

        Lost = [.. lost.OrderBy(piece => piece.Line)];
    }

    /// <summary>The text that has the value, or will have it.</summary>
    public int Index { get; }

    /// <summary>The rows as they stand there, substitutions resolved.</summary>
    public ImmutableArray<RouteRow> Rows { get; }

    /// <summary>Comments, substitutions and unknown keys between the list's brackets: other rows take their place.</summary>
    public ImmutableArray<LostText> Lost { get; }

    /// <summary>Why the value can't be replaced as things are: a text that can't be read to its end does not tell what belongs to it. Empty: it can.</summary>
    public ImmutableArray<ConfigurationFault> Faults { get; }

    /// <summary>Finds the value. There must be a text at least.</summary>
    public static RoutesText Find(ConfigurationSources sources, Func<string, string?> environment)
    {
        for (var i = sources.Texts.Length - 1; i >= 0; i--)
        {
            var document = HoconParser.Parse(sources.Texts[i].Name, sources.Texts[i].Text, environment);
            if (!document.Faults.IsEmpty)
            {
                return new RoutesText(sources, i, null, document.Faults);
            }

            if (document.Root.TryGet("dtu", out var dtu) && dtu.Value is HoconObject block && block.TryGet("routes", out var routes))
            {
                return routes.Value is HoconList list ? new RoutesText(sources, i, list, []) : new RoutesText(sources, i, null, [NoList(routes.Value)]);
            }
        }

        return new RoutesText(sources, sources.Texts.Length - 1, null, []);
    }

    /// <summary>Whether these rows say what stands there already.</summary>
    public bool Says(IReadOnlyList<RouteRow> rows) => rows.Count == Rows.Length && rows.Zip(Rows, (one, other) => one.Means(other)).All(same => same);

    /// <summary>The texts with these rows in place of those.</summary>
    public ConfigurationSources With(IReadOnlyList<RouteRow> rows)
    {
        var text = _sources.Texts[Index].Text;
        var newLine = NewLineOf(text);
        if (_list is { } list)
        {
            return _sources.With(Index, string.Concat(text.AsSpan(0, list.From), Write(rows, IndentAt(text, list.From), newLine), text.AsSpan(list.To)));
        }

        var gap = text.Length == 0 || text.EndsWith('\n') ? "" : newLine;
        return _sources.With(Index, $"{text}{gap}dtu.routes = {Write(rows, "", newLine)}{newLine}");
    }

    private static ConfigurationFault NoList(HoconValue value) => new(
        "dtu.routes", value.Position.File, value.Position.Line, value.Position.Column, $"{value.Shape} where a list should stand", "routes = [ { dtu = ID, to = ENDPOINT } ]");

    private static string Write(IReadOnlyList<RouteRow> rows, string indent, string newLine)
    {
        if (rows.Count == 0)
        {
            return "[]";
        }

        var text = new StringBuilder("[").Append(newLine);
        foreach (var row in rows)
        {
            var members = new (string Key, string? Value, bool IsWord)[]
            {
                ("dtu", row.Dtu, false), ("to", row.To, false), ("direction", row.Direction, true), ("when-offline", row.WhenOffline, true), ("ttl", row.Ttl, true),
            };
            var written = members.Where(member => member.Value is not null)
                .Select(member => $"{member.Key} = {(member.IsWord && IsPlainWord(member.Value!) ? member.Value : HoconText.Quote(member.Value!))}");
            text.Append(indent).Append("  { ").AppendJoin(", ", written).Append(" }").Append(newLine);
        }

        return text.Append(indent).Append(']').ToString();
    }

    private static bool IsPlainWord(string text) => text.Length > 0 && text.All(char.IsAsciiLetter);

    private static string NewLineOf(string text) => text.IndexOf('\n', StringComparison.Ordinal) is var at and > 0 && text[at - 1] == '\r' ? "\r\n" : "\n";

    private static string IndentAt(string text, int offset)
    {
        var start = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        var end = start;
        while (end < offset && text[end] is ' ' or '\t')
        {
            end++;
        }

        return text[start..end];
    }

    private static RouteRow Row(HoconValue item, ImmutableArray<LostText>.Builder lost)
    {
        if (item is not HoconObject block)
        {
            lost.Add(new LostText(item.Position.Line, item is HoconScalar scalar ? Shown(scalar.Text) : item.Shape));
            return new RouteRow(null, null);
        }

        foreach (var member in block.Members.Where(member => !Schema.Route.Keys.Contains(member.Key) || member.Value is not HoconScalar))
        {
            lost.Add(new LostText(member.Position.Line, Shown(member.Key)));
        }

        string? Of(string key) => block.TryGet(key, out var member) ? (member.Value as HoconScalar)?.Text : null;
        return new RouteRow(Of("dtu"), Of("to"), Of("direction"), Of("when-offline"), Of("ttl"));
    }

    private void Scan(HoconList list, ImmutableArray<LostText>.Builder lost)
    {
        var text = _sources.Texts[Index].Text[list.From..list.To];
        var at = new HoconCursor("", text);
        while (!at.End)
        {
            var (from, line) = (at.Offset, list.Position.Line + at.Here.Line - 1);
            if (at.AtComment)
            {
                at.SkipLine();
                lost.Add(new LostText(line, Shown(at.Slice(from).Trim())));
            }
            else if (at.At("${"))
            {
                while (!at.End && at.Current != '}')
                {
                    at.Advance();
                }

                at.Advance();
                lost.Add(new LostText(line, Shown(at.Slice(from))));
            }
            else if (at.Current == '"')
            {
                at.SkipString();
            }
            else
            {
                at.Advance();
            }
        }
    }

    private static string Shown(string text) => text.Length > MostShown ? string.Concat(text.AsSpan(0, MostShown), "…") : text;
}
