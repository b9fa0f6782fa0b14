using System.Diagnostics.CodeAnalysis;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// What a valid frame says of who sent it, by codec and field name: the table behind <c>registration { kind = frame, codec = hj212, id = "{mn}" }</c>.
/// BCD fields are texts of all their digits: leading zeros stay.
/// </summary>
public static class FrameFields
{
    /// <summary>The field that names a meter on the bus behind the DTU, of which there may be many.</summary>
    public const string Meter = "meter";

    private delegate string? Read(ReadOnlySpan<byte> frame);

    private static readonly Dictionary<(string Codec, string Field), Read> Table = new()
    {
        [("hj212", "mn")] = static frame => Hj212.ReadField(frame, "MN"),
        [("hj212", "st")] = static frame => Hj212.ReadField(frame, "ST"),
        [("sl651", "station")] = Sl651.ReadStation,
        [("sl651", "centre")] = Sl651.ReadCentre,
        [("jt808", "phone")] = Jt808.ReadPhone,
        [("dlt645", Meter)] = Dlt645.ReadMeter,
        [("cjt188", Meter)] = Cjt188.ReadMeter,
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
