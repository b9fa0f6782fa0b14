namespace DtuActors.Configuration;

/// <summary>One row of <c>dtu.routes</c> as it stands in a file, or as somebody wants it to stand there: not checked.</summary>
/// <param name="Dtu">An id or a glob; null: the key is missing.</param>
/// <param name="To">An endpoint's name, <c>dtu:ID</c> or <c>group:NAME</c>; null: the key is missing.</param>
/// <param name="Direction"><c>both</c>, <c>up</c>, <c>down</c>; null: the default, <c>both</c>.</param>
/// <param name="WhenOffline"><c>drop</c>, <c>queue</c>; null: the default, <c>drop</c>.</param>
/// <param name="Ttl">How long a downlink waits; null: the default, a day.</param>
public sealed record RouteRow(string? Dtu, string? To, string? Direction = null, string? WhenOffline = null, string? Ttl = null)
{
    /// <summary>Whether both say the same, defaults written or not.</summary>
    public bool Means(RouteRow other) =>
        (Dtu, To, Direction ?? "both", WhenOffline ?? "drop", Ttl ?? "1d") == (other.Dtu, other.To, other.Direction ?? "both", other.WhenOffline ?? "drop", other.Ttl ?? "1d");
}

/// <summary>What stands inside <c>routes</c> and can't be kept when its rows are written anew.</summary>
/// <param name="Line">In its file, from 1.</param>
/// <param name="Text">The comment or the substitution, cut where it is long.</param>
public sealed record LostText(int Line, string Text);
