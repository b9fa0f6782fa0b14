using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DtuActors.Benchmarks.Systems;

/// <summary>Rows under heads, as the other benchmarks print them, and as one line of JSON.</summary>
internal sealed class Table(params string[] heads)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<string[]> _rows = [];
    private readonly JsonArray _json = [];

    public void Add(params object[] cells)
    {
        _rows.Add([.. cells.Select(Text)]);
        _json.Add((JsonNode)new JsonObject(cells.Select((cell, i) => KeyValuePair.Create(heads[i], Json(cell)))));
    }

    /// <summary>The table, and behind it a line for programs: <c>{"bench":NAME,"rows":[...]}</c>.</summary>
    public void Print(string bench)
    {
        Print();
        Console.WriteLine(new JsonObject { ["bench"] = bench, ["rows"] = _json.DeepClone() }.ToJsonString(Plain));
    }

    public void Print()
    {
        var widths = heads.Select((head, i) => _rows.Select(row => row[i].Length).Append(head.Length).Max()).ToArray();
        Print(heads, widths);
        Print([.. widths.Select((width, i) => new string('-', i == 0 ? width : width - 1) + (i == 0 ? "" : ":"))], widths);
        _rows.ForEach(row => Print(row, widths));
    }

    public static string Text(object value) => value switch
    {
        double number => number.ToString(number < 10 ? "0.00" : number < 100 ? "0.0" : "N0", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static JsonNode? Json(object cell) => cell switch
    {
        double number => double.IsFinite(number) ? Math.Round(number, 4) : null,
        int number => number,
        long number => number,
        _ => Text(cell),
    };

    private static void Print(string[] cells, int[] widths) =>
        Console.WriteLine("| " + string.Join(" | ", cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))) + " |");
}

internal static class Statistics
{
    public static double Median(this IEnumerable<double> values) => values.Quantile(0.5);

    /// <summary>The nearest rank; NaN of nothing.</summary>
    public static double Quantile(this IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Ceiling(share * (sorted.Length - 1))];
    }
}
