using System.Diagnostics.CodeAnalysis;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// What a valid frame says of who sent it, by codec and field name: the table behind <c>registration { kind = frame, codec = hj212, id = "{mn}" }</c>.
/// BCD fields are texts of all their digits: leading zeros stay.
/// </summary>
public static class FrameFields
{
    private delegate string? Read(ReadOnlySpan<byte> frame);

    private static readonly Dictionary<(string Codec, string Field), Read> Table = new()
    {
        [("dlt645", "meter")] = Dlt645.ReadMeter,
        [("cjt188", "meter")] = Cjt188.ReadMeter,
    };

    /// <summary>The names of the fields that frames of <paramref name="codec"/> have; empty where none carries an id.</summary>
    public static IReadOnlyCollection<string> Of(string codec) => [.. Table.Keys.Where(key => key.Codec == codec).Select(key => key.Field)];

    /// <summary>The codecs whose frames carry an id.</summary>
    public static IReadOnlyCollection<string> Codecs { get; } = [.. Table.Keys.Select(key => key.Codec).Distinct()];

    /// <summary>The field's text in <paramref name="frame"/>, which the codec cut. False where the frame has no such field. Never throws.</summary>
    public static bool TryRead(string codec, string field, ReadOnlySpan<byte> frame, [NotNullWhen(true)] out string? value)
    {
        value = Table.TryGetValue((codec, field), out var read) ? read(frame) : null;
        return value is not null;
    }
}
