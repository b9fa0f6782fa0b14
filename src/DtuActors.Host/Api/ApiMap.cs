using System.Text.Encodings.Web;
using DtuActors.Host.Auditing;
using Microsoft.OpenApi;

namespace DtuActors.Host.Api;

/// <summary>The HTTP surface as a whole: what is registered, the order of the pipeline, and one line per resource.</summary>
internal static class ApiMap
{
    public static void AddGatewayApi(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddScoped<MissingNodes>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<OwnHosts>();
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<AuditTrail>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
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
                    "With dtu.http.api-keys set, every call but /, /login, /healthz and /readyz needs Authorization: Bearer KEY, or the console's cookie; roles: read (GET), operate (send, request, connection, archives), admin (the register, routes, reloading, the audit trail).",
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
        app.Use(TellMissing);
        app.Use(IdInPath.TakeOut);
        app.UseRouting();
        app.Use(IdInPath.PutBack);
        app.UseMiddleware<AuditMiddleware>();
        app.UseMiddleware<SecurityMiddleware>();

        var api = app.MapGroup("/api/v1").WithTags("Gateway");
        DtusApi.Map(api);
        FleetApi.Map(api);
        SessionsApi.Map(api);
        NodesApi.Map(api);
        RegisterApi.Map(api);
        DownlinkApi.Map(api);
        CommandsApi.Map(api);
        FilesApi.Map(api);
        GroupsApi.Map(api);
        TopologyApi.Map(api);
        EventsApi.Map(api);
        CaptureApi.Map(api);
        ReloadApi.Map(api);
        RoutesApi.Map(api);
        AlarmsApi.Map(api);
        ArchivesApi.Map(api);
        AuditApi.Map(api);
        LoginApi.Map(app);
        HealthApi.Map(app);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapOpenApi("/openapi/{documentName}.json");
    }

    /// <summary>Of a cluster: whose part of the answer is not in it.</summary>
    public const string MissingHeader = "X-Dtu-Missing-Nodes";

    private static Task TellMissing(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(static state =>
        {
            var response = ((HttpContext)state).Response;
            if (response.HttpContext.RequestServices.GetRequiredService<MissingNodes>().NamesOrNull is { } names)
            {
                response.Headers[MissingHeader] = string.Join(',', names.Select(Uri.EscapeDataString));
            }

            return Task.CompletedTask;
        }, context);
        return next(context);
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
