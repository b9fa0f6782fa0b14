using System.Collections.Immutable;
using System.Text;
using DtuActors.Configuration;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// The reader of configuration files fuzzed: it ends, tells faults at places of the text and no more of them than it says, nests no deeper than it says; and what it read,
/// written with <see cref="HoconText"/>, is read as the same.
/// </summary>
internal static class HoconTarget
{
    public const string Name = "hocon";

    // A broken key may stand as deep as a block may, with a whole path of its own.
    private const int MostLevels = 2 * HoconParser.MaxDepth;

    public static IEnumerable<byte[]> Seeds() => ConfigurationTexts.All.Concat(ConfigurationTexts.Odd).Select(text => FuzzInput.Write(0, false, [], Encoding.UTF8.GetBytes(text)));

    public static void Run(FuzzInput input)
    {
        var text = Encoding.UTF8.GetString(input.Stream);
        var document = HoconParser.Parse("f.conf", text, ConfigurationTexts.Environment);
        BrokenPromiseException.Unless(document.Faults.Length <= HoconParser.MaxFaults, "faults are bounded");
        BrokenPromiseException.Unless(document.Balanced || !document.Faults.IsEmpty, "what does not close has a fault");
        AssertPlaces(document.Faults, text);
        AssertValue(document.Root, text, 0);
        if (!document.Faults.IsEmpty)
        {
            return;
        }

        var written = Written(document.Root);
        var again = HoconParser.Parse("f.conf", written, static _ => null);
        BrokenPromiseException.Unless(again.Faults.IsEmpty, $"what was read can be written and read: {string.Join("; ", again.Faults)} in {written}");
        BrokenPromiseException.Unless(written == Written(again.Root), $"what is written is read as the same: {written} as {Written(again.Root)}");
    }

    /// <summary>The text of a value.</summary>
    public static string Written(HoconValue value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    /// <summary>Every fault has a line and a column of the text.</summary>
    public static void AssertPlaces(ImmutableArray<ConfigurationFault> faults, string text)
    {
        var lines = text.Split('\n');
        foreach (var fault in faults)
        {
            BrokenPromiseException.Unless(fault.Line >= 1 && fault.Line <= lines.Length, $"a fault has a line of the text, which has {lines.Length}: {fault}");
            BrokenPromiseException.Unless(fault.Column >= 1 && fault.Column <= lines[fault.Line - 1].Length + 1, $"a fault has a column of its line, which has {lines[fault.Line - 1].Length}: {fault}");
            BrokenPromiseException.Unless(fault.Problem.Length > 0, $"a fault says what is wrong: {fault}");
        }
    }

    private static void AssertValue(HoconValue value, string text, int depth)
    {
        BrokenPromiseException.Unless(depth <= MostLevels, $"nesting is bounded by {MostLevels}");
        switch (value)
        {
            case HoconObject block:
                BrokenPromiseException.Unless(block.Members.DistinctBy(member => member.Key).Count() == block.Members.Count, "a key stands in a block once");
                foreach (var member in block.Members)
                {
                    BrokenPromiseException.Unless(block.TryGet(member.Key, out var found) && ReferenceEquals(found, member), "a member is found by its key");
                    AssertValue(member.Value, text, depth + 1);
                }

                break;
            case HoconList list:
                BrokenPromiseException.Unless(list.From < list.To && list.To <= text.Length && text[list.From] == '[', $"a list knows where it stands: {list.From} to {list.To}");
                foreach (var item in list.Items)
                {
                    AssertValue(item, text, depth + 1);
                }

                break;
        }
    }

    private static void Write(HoconValue value, StringBuilder to)
    {
        switch (value)
        {
            case HoconObject block:
                to.Append("{\n");
                foreach (var member in block.Members)
                {
                    to.Append(HoconText.Quote(member.Key)).Append(" = ");
                    Write(member.Value, to);
                    to.Append('\n');
                }

                to.Append('}');
                break;
            case HoconList list:
                to.Append('[');
                foreach (var item in list.Items)
                {
                    Write(item, to);
                    to.Append(",\n");
                }

                to.Append(']');
                break;
            case HoconScalar scalar:
                to.Append(HoconText.Quote(scalar.Text));
                break;
            default:
                BrokenPromiseException.Unless(false, $"what has no fault can be read: {value.Shape}");
                break;
        }
    }
}
