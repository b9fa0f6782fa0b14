using DtuActors.Configuration;
using DtuActors.Host.Auditing;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DtuActors.Host.Serving;

/// <summary>
/// Numbers and traces, and where they go: <c>/metrics</c> always, a collector where <c>dtu.telemetry.otlp</c> names one. Without one no span is ever made.
/// </summary>
internal static class Telemetry
{
    private const string ServiceName = "dtu";

    public static void AddTelemetry(this IServiceCollection services, GatewayOptions options)
    {
        var (telemetry, otlp) = (options.Telemetry, options.Telemetry.Otlp);
        var builder = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: Version, autoGenerateServiceInstanceId: false, serviceInstanceId: options.Node.Name))
            .WithMetrics(metrics =>
            {
                metrics
                    .AddMeter(GatewayMetrics.MeterName, AuditTrail.MeterName)
                    .AddRuntimeInstrumentation()
                    .AddPrometheusExporter(exporter =>
                    {
                        exporter.ScopeInfoEnabled = false;
                        exporter.TargetInfoEnabled = false;
                    });
                if (otlp is { Endpoint: not null, Metrics: true })
                {
                    metrics.AddOtlpExporter((exporter, reader) =>
                    {
                        Configure(exporter, otlp, "v1/metrics");
                        reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)otlp.Interval.TotalMilliseconds;
                    });
                }
            });
        if (otlp is { Endpoint: not null, Traces: true })
        {
            // A caller that traces itself decides for its calls; all else by the ratio.
            builder.WithTracing(traces => traces
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(telemetry.TraceRatio)))
                .AddSource(GatewayTraces.SourceName)
                .AddAspNetCoreInstrumentation(calls => calls.Filter = context => context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && !IsStream(context))
                .AddOtlpExporter(exporter => Configure(exporter, otlp, "v1/traces")));
        }
    }

    private static string? Version => typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    // It lasts as long as somebody looks, and its span would come at its end.
    private static bool IsStream(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        return path == "/api/v1/events" || path.EndsWith(".pcapng", StringComparison.Ordinal);
    }

    // All of it from the configuration: what the environment says goes in there as ${?OTEL_EXPORTER_OTLP_ENDPOINT}.
    private static void Configure(OtlpExporterOptions exporter, OtlpOptions otlp, string path)
    {
        var isHttp = otlp.Protocol is OtlpProtocol.Http;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = isHttp ? new Uri($"{otlp.Endpoint!.AbsoluteUri.TrimEnd('/')}/{path}") : otlp.Endpoint!;

        // The exporter's form: name=value, with commas between; values are percent-encoded in it.
        exporter.Headers = string.Join(',', otlp.Headers.Select(header => $"{header.Key}={Uri.EscapeDataString(header.Value)}"));
    }
}
