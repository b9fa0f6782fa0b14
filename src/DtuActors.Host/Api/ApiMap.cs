using System.Text.Encodings.Web;
using Microsoft.OpenApi;

namespace DtuActors.Host.Api;

/// <summary>The HTTP surface as a whole: what is registered, the order of the pipeline, and one line per resource.</summary>
internal static class ApiMap
{
    private static readonly string[] PageMethods = [HttpMethods.Get, HttpMethods.Head];

    public static void AddGatewayApi(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "DtuActors",
                Version = "v1",
                Description =
                    "The gateway's HTTP API. JSON, camelCase; instants are UTC, ISO 8601; bytes are upper-case hexadecimal; errors are RFC 9457 problem+json whose type is a short word. " +
                    "With dtu.http.api-keys set, every call but /, /healthz and /readyz needs Authorization: Bearer KEY; roles: read (GET), operate (send, request, connection), admin (the register, reloading).",
            };

            // Whatever address it is read at is the server; the one it was bound to may be 0.0.0.0.
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of dtu.http.api-keys." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
            return Task.CompletedTask;
        }));
    }

    public static void UseGatewayApi(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.Use(IdInPath.TakeOut);
        app.UseRouting();
        app.Use(IdInPath.PutBack);
        app.UseMiddleware<SecurityMiddleware>();

        var api = app.MapGroup("/api/v1").WithTags("Gateway");
        DtusApi.Map(api);
        RegisterApi.Map(api);
        DownlinkApi.Map(api);
        TopologyApi.Map(api);
        EventsApi.Map(api);
        CaptureApi.Map(api);
        ReloadApi.Map(api);
        NotBuiltApi.Map(api, app);
        HealthApi.Map(app);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapMethods("/", PageMethods, (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            return TypedResults.Stream(typeof(ApiMap).Assembly.GetManifestResourceStream("index.html")!, "text/html; charset=utf-8");
        }).WithMetadata(new OpenToAll()).ExcludeFromDescription();
    }

    /// <summary>Describes the problems a call can answer with, beside those that all calls can.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in (ReadOnlySpan<int>)[.. statuses, 401, 403, 503])
        {
            builder.Produces<Problem>(status, "application/problem+json");
        }

        return builder;
    }
}
