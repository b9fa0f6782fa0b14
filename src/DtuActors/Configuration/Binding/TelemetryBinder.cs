using System.Globalization;

namespace DtuActors.Configuration;

/// <summary>Binds <c>telemetry</c>.</summary>
internal static class TelemetryBinder
{
    public static TelemetryOptions Bind(BlockReader root)
    {
        var fallback = new TelemetryOptions();
        return root.Nested("telemetry", Schema.Telemetry) is not { } block ? fallback : new TelemetryOptions
        {
            TraceRatio = block.Value("trace-ratio", Ratio, "a share from 0 to 1, as 0.01") ?? fallback.TraceRatio,
            Otlp = Otlp(block, fallback.Otlp),
        };
    }

    private static OtlpOptions Otlp(BlockReader telemetry, OtlpOptions fallback) => telemetry.Nested("otlp", Schema.Otlp) is not { } block ? fallback : new OtlpOptions
    {
        Endpoint = WebBinder.Url(block, "endpoint"),
        Protocol = block.Word("protocol", "grpc", "grpc", "http") == "http" ? OtlpProtocol.Http : OtlpProtocol.Grpc,
        Headers = WebBinder.Headers(block, "headers", mayHoldCommas: false),
        Interval = block.Duration("interval", fallback.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        Metrics = block.Boolean("metrics", fallback.Metrics),
        Traces = block.Boolean("traces", fallback.Traces),
    };

    private static double? Ratio(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1 ? ratio : null;
}
