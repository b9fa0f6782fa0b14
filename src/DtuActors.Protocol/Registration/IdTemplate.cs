using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// What an id is made of: text and fields in braces, <c>{mn}</c> or <c>{centre}-{station}</c>. Two braces stand for one of their own.
/// </summary>
public sealed class IdTemplate
{
    /// <summary>The value of a field by its name, or null where there is none.</summary>
    public delegate string? Lookup(string field);

    private readonly IReadOnlyList<(string Text, bool IsField)> _parts;

    private IdTemplate(IReadOnlyList<(string Text, bool IsField)> parts)
    {
        _parts = parts;
        Fields = [.. parts.Where(part => part.IsField).Select(part => part.Text).Distinct()];
    }

    /// <summary>The names in braces, at least one.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>The template of one field.</summary>
    public static IdTemplate Of(string field) => new([(field, true)]);

    /// <summary>Reads a template. False, with the reason, where a brace is not closed or it holds no field: then every DTU would have the same id.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IdTemplate? template, [NotNullWhen(false)] out string? problem)
    {
        template = null;
        if (!TrySplit(text, out var parts, out problem))
        {
            return false;
        }

        if (!parts.Any(part => part.IsField))
        {
            problem = "has no field in braces, so every DTU would have the same id";
            return false;
        }

        template = new IdTemplate(parts);
        return true;
    }

    /// <summary>The id, or null where a field has no value.</summary>
    public string? Render(Lookup lookup)
    {
        var id = new StringBuilder();
        foreach (var (text, isField) in _parts)
        {
            if ((isField ? lookup(text) : text) is not { } part)
            {
                return null;
            }

            id.Append(part);
        }

        return id.ToString();
    }

    /// <summary>Splits a text at its braces, in order.</summary>
    internal static bool TrySplit(string text, out List<(string Text, bool IsField)> parts, [NotNullWhen(false)] out string? problem)
    {
        parts = [];
        problem = null;
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var isDoubled = i + 1 < text.Length && text[i + 1] == text[i];
            if (text[i] is not ('{' or '}') || isDoubled)
            {
                i += text[i] is '{' or '}' ? 1 : 0;
                literal.Append(text[i]);
                continue;
            }

            var end = text[i] == '{' ? text.IndexOf('}', i) : -1;
            if (end <= i + 1)
            {
                problem = $"the brace at position {i + 1} is not closed around a name; a brace of its own is written twice";
                return false;
            }

            if (literal.Length > 0)
            {
                parts.Add((literal.ToString(), false));
                literal.Clear();
            }

            parts.Add((text[(i + 1)..end], true));
            i = end;
        }

        if (literal.Length > 0)
        {
            parts.Add((literal.ToString(), false));
        }

        return true;
    }
}
