using DtuActors.Configuration;
using DtuActors.Host.Api;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Routing.Patterns;
using MudBlazor;
using MudBlazor.Services;

namespace DtuActors.Host.WebConsole;

/// <summary>The web console: what it is made of, and where it hangs in the server.</summary>
internal static class ConsoleMap
{
    // Scripts and styles are the console's own; the component library writes styles into elements.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void AddWebConsole(this IServiceCollection services)
    {
        // What it protects is a page's own state, and ends with the process.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // A phone that slept comes back within a minute, or loads the page anew.
            circuits.DisconnectedCircuitMaxRetained = 50;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
        });
        services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.VisibleStateDuration = 6000;
            mud.SnackbarConfiguration.MaxDisplayedSnackbars = 3;
        });
        services.AddSingleton<Pulse>();
        services.AddScoped<Words>();
        services.AddScoped<Operator>();
        services.AddCascadingAuthenticationState();
    }

    public static void MapWebConsole(this WebApplication app)
    {
        app.UseAntiforgery();
        ConsoleAssets.Map(app);
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = null)
            .Add(endpoint =>
            {
                // Pages are shells: they say nothing, and let one log in. What they show comes through the circuit.
                var circuit = (endpoint as RouteEndpointBuilder)?.RoutePattern.RawText?.TrimStart('/').StartsWith("_blazor", StringComparison.Ordinal) == true;
                endpoint.Metadata.Add(circuit ? new OfOwnPages() : new OpenToAll());
                if (circuit)
                {
                    endpoint.Metadata.Add(new NeedsRole(ApiRole.Read));
                    return;
                }

                // There is nothing to post to a page; it would answer a call whose path it shares, or whose type is wrong, in HTML.
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
                var next = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context =>
                {
                    context.Response.Headers.ContentSecurityPolicy = Policy;
                    context.Response.Headers.XContentTypeOptions = "nosniff";
                    context.Response.Headers["Referrer-Policy"] = "no-referrer";
                    context.Response.Headers.CacheControl = "no-store";
                    return next(context);
                };
            });
    }
}
