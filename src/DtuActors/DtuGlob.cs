using System.Text.RegularExpressions;
using DtuActors.Protocol;

namespace DtuActors;

/// <summary>Which DTUs a row of configuration means: one id, or all that a glob matches (<c>*</c> any run of characters, <c>?</c> one).</summary>
public sealed class DtuGlob
{
    private readonly string _pattern;
    private readonly Regex? _glob;

    public DtuGlob(string pattern)
    {
        _pattern = pattern;
        if (IsGlob(pattern))
        {
            var escaped = Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal);
            _glob = new Regex($"\\A(?:{escaped})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
    }

    /// <summary>A literal id is more specific than any glob; of two globs the one with more literal characters.</summary>
    public int Specificity => _glob is null ? int.MaxValue : _pattern.Count(c => c is not ('*' or '?'));

    /// <summary>Whether the text is a glob, not an id.</summary>
    public static bool IsGlob(string text) => text.AsSpan().ContainsAny('*', '?');

    public bool Matches(DtuId id) => _glob?.IsMatch(id.Value) ?? _pattern == id.Value;
}
