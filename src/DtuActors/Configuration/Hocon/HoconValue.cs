using System.Diagnostics.CodeAnalysis;

namespace DtuActors.Configuration.Hocon;

/// <summary>Where something stands: the file as the user named it, line and column from 1.</summary>
internal readonly record struct HoconPosition(string File, int Line, int Column);

/// <summary>A value as it was written. Scalars stay text until they are bound, so that an id keeps its leading zeros.</summary>
internal abstract record HoconValue(HoconPosition Position)
{
    /// <summary>What it is, for messages: "a list".</summary>
    public abstract string Shape { get; }
}

/// <summary>Text, with escapes and substitutions already applied.</summary>
internal sealed record HoconScalar(HoconPosition Position, string Text, bool Quoted) : HoconValue(Position)
{
    public override string Shape => "a single value";
}

/// <param name="From">Of its bracket, in characters of the text it stands in.</param>
/// <param name="To">Behind its closing bracket.</param>
internal sealed record HoconList(HoconPosition Position, IReadOnlyList<HoconValue> Items, int From, int To) : HoconValue(Position)
{
    public override string Shape => "a list";
}

/// <summary>A value whose fault has been reported: whoever binds it stays silent.</summary>
internal sealed record HoconBroken(HoconPosition Position) : HoconValue(Position)
{
    public override string Shape => "unreadable";
}

/// <summary>One key of an object.</summary>
internal sealed record HoconMember(string Key, HoconPosition Position, HoconValue Value);

/// <summary>Keys in the order in which they first came; a key that comes again merges into the object that is there, or replaces what is there.</summary>
internal sealed record HoconObject(HoconPosition Position) : HoconValue(Position)
{
    private readonly List<HoconMember> _members = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    public override string Shape => "a block";

    public IReadOnlyList<HoconMember> Members => _members;

    public bool TryGet(string key, [NotNullWhen(true)] out HoconMember? member)
    {
        member = _index.TryGetValue(key, out var index) ? _members[index] : null;
        return member is not null;
    }

    /// <summary>
    /// Takes a member in; two objects under one key become one, in place: 20,000 lines of dotted keys must not copy what the lines before them built.
    /// </summary>
    public void Put(HoconMember member)
    {
        if (!_index.TryGetValue(member.Key, out var index))
        {
            _index.Add(member.Key, _members.Count);
            _members.Add(member);
        }
        else if (_members[index].Value is HoconObject there && member.Value is HoconObject coming)
        {
            foreach (var nested in coming._members)
            {
                there.Put(nested);
            }

            _members[index] = member with { Value = there };
        }
        else
        {
            _members[index] = member;
        }
    }

    /// <summary>
    /// A new object: <paramref name="over"/> laid over <paramref name="under"/>; objects merge, everything else is replaced. Neither is changed: a layer lies
    /// under many profiles.
    /// </summary>
    public static HoconObject Merge(HoconObject under, HoconObject over)
    {
        var merged = new HoconObject(over.Position);
        foreach (var member in under._members)
        {
            merged.Put(member);
        }

        foreach (var member in over._members)
        {
            if (under._index.TryGetValue(member.Key, out var index))
            {
                merged._members[index] = under._members[index].Value is HoconObject below && member.Value is HoconObject above
                    ? member with { Value = Merge(below, above) }
                    : member;
            }
            else
            {
                merged.Put(member);
            }
        }

        return merged;
    }

    /// <summary>A new object without <paramref name="keys"/>.</summary>
    public HoconObject Without(params ReadOnlySpan<string> keys)
    {
        var rest = new HoconObject(Position);
        foreach (var member in _members)
        {
            if (!keys.Contains(member.Key))
            {
                rest.Put(member);
            }
        }

        return rest;
    }
}
