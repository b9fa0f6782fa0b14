using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;

namespace DtuActors.Configuration;

/// <summary>
/// Whether two options say the same. Records alone don't know: their lists, byte strings and patterns compare by reference. What counts is what they hold,
/// private parts included, so that a key that is added to the options is compared without anybody thinking of it.
/// </summary>
internal static class SameOptions
{
    private const BindingFlags OwnFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> FieldsOf = new();

    public static bool Are(object? one, object? other)
    {
        if (ReferenceEquals(one, other))
        {
            return true;
        }

        if (one is null || other is null || one.GetType() != other.GetType())
        {
            return false;
        }

        return one switch
        {
            string text => text == (string)other,
            ReadOnlyMemory<byte> bytes => bytes.Span.SequenceEqual(((ReadOnlyMemory<byte>)other).Span),
            Regex pattern => pattern.ToString() == other.ToString() && pattern.Options == ((Regex)other).Options,
            IDictionary map => AreMaps(map, (IDictionary)other),
            IEnumerable list => AreLists(list, (IEnumerable)other),
            Delegate or Enum => one.Equals(other),
            _ when IsOurs(one.GetType()) => AreFields(one, other),
            _ => one.Equals(other),
        };
    }

    private static bool AreMaps(IDictionary one, IDictionary other)
    {
        if (one.Count != other.Count)
        {
            return false;
        }

        foreach (DictionaryEntry entry in one)
        {
            if (!other.Contains(entry.Key) || !Are(entry.Value, other[entry.Key]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreLists(IEnumerable one, IEnumerable other)
    {
        var others = other.GetEnumerator();
        using var end = others as IDisposable;
        foreach (var item in one)
        {
            if (!others.MoveNext() || !Are(item, others.Current))
            {
                return false;
            }
        }

        return !others.MoveNext();
    }

    private static bool AreFields(object one, object other)
    {
        foreach (var field in FieldsOf.GetOrAdd(one.GetType(), Fields))
        {
            if (!Are(field.GetValue(one), field.GetValue(other)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name!.StartsWith("DtuActors", StringComparison.Ordinal);

    private static FieldInfo[] Fields(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var at = type; at is not null && IsOurs(at); at = at.BaseType)
        {
            fields.AddRange(at.GetFields(OwnFields));
        }

        return [.. fields];
    }
}
