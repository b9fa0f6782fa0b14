using System.Collections.Immutable;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Registering;
using Microsoft.AspNetCore.Http.Features;

namespace DtuActors.Host.Api;

/// <summary>A call that is refused: what the caller did not do right, or what the gateway can't do now.</summary>
internal sealed class RefusalException(int status, string type, string title, string detail, Func<Problem, Problem>? with = null) : Exception(detail)
{
    public Problem Problem { get; } = with is null
        ? new() { Type = type, Title = title, Status = status, Detail = detail }
        : with(new() { Type = type, Title = title, Status = status, Detail = detail });

    public static RefusalException Bad(string type, string detail) => new(StatusCodes.Status400BadRequest, type, "The request is not right", detail);

    public static RefusalException ContentType(string detail) => new(StatusCodes.Status415UnsupportedMediaType, "content-type", "The content type is not right", detail);

    /// <summary>Rows for the register, of which at least one is wrong.</summary>
    public static RefusalException Faulty(RowFaults faults)
    {
        var told = faults.More == 0 ? "" : $", of which {faults.Told.Count} are told here and {faults.More} more are not";
        var errors = faults.Told.Select(fault => new RowFaultModel { Row = fault.Row, Column = fault.Column, Detail = fault.Detail });
        var detail = $"nothing was changed: {faults.Count} {(faults.Count == 1 ? "fault" : "faults")}{told}";
        return Unprocessable("faults", "What it says of DTUs is not right", detail, problem => problem with { Errors = [.. errors] });
    }

    /// <summary>Files that can't be reloaded.</summary>
    public static RefusalException Faulty(ImmutableArray<ConfigurationFault> faults) => Unprocessable(
        "faults",
        "The configuration is not right",
        $"nothing was changed: {faults.Length} {(faults.Length == 1 ? "fault" : "faults; the first")}: {faults[0]}",
        problem => problem with { Faults = faults });

    /// <summary>What a reload can't change.</summary>
    /// <param name="keys">Their paths.</param>
    /// <param name="nodes">In a cluster: of which nodes; none: there is one.</param>
    public static RefusalException RestartNeeded(ImmutableArray<string> keys, ImmutableArray<string> nodes = default) => Unprocessable(
        "restart-needed",
        "A restart is needed",
        $"nothing was changed: {string.Join(", ", keys.Take(MostKeysInWords))}{(keys.Length > MostKeysInWords ? ", ..." : "")} changed{(nodes.IsDefaultOrEmpty ? "" : $" on {string.Join(", ", nodes)}")}, and can only be read at the start",
        problem => problem with { Keys = keys });

    private const int MostKeysInWords = 10;

    private static RefusalException Unprocessable(string type, string title, string detail, Func<Problem, Problem> with) =>
        new(StatusCodes.Status422UnprocessableEntity, type, title, detail, with);

    public static RefusalException NoSuchDtu(string id) => new(
        StatusCodes.Status404NotFound, "no-such-dtu", "No such DTU", $"no DTU '{id}' was seen, is configured or registered; GET /api/v1/dtus lists those that are known");
}

/// <summary>
/// The outermost piece of the pipeline: whatever goes wrong inside, and every bare status that the server sets itself, leaves as RFC 9457's problem+json.
/// </summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, Readiness readiness, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state => Guard(((HttpContext)state).Response), context);
        try
        {
            await next(context);
        }
        catch (RefusalException refusal)
        {
            await WriteAsync(context, refusal.Problem);
            return;
        }
        catch (BadHttpRequestException bad)
        {
            await WriteAsync(context, ForStatus(context, bad.StatusCode));
            return;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException) when (readiness.IsStopping)
        {
            await WriteAsync(context, ForStatus(context, StatusCodes.Status503ServiceUnavailable));
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailed(context.Request.Method, context.Request.Path, failure);
            await WriteAsync(context, ForStatus(context, StatusCodes.Status500InternalServerError));
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null or 0)
        {
            await WriteAsync(context, ForStatus(context, response.StatusCode));
        }
    }

    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = "application/problem+json";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : JsonSerializer.SerializeAsync(context.Response.Body, problem, ApiJson.Of<Problem>(), context.RequestAborted);
    }

    // An answer is nothing but what its type says, and none of the API's stays in a browser's cache: it may hold secrets.
    private static Task Guard(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        if (response.Headers.CacheControl.Count == 0 && response.HttpContext.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            response.Headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }

    private static Problem ForStatus(HttpContext context, int status)
    {
        var method = context.Request.Method;
        var path = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0] ?? context.Request.Path.Value ?? "";
        var (type, title, detail) = status switch
        {
            StatusCodes.Status404NotFound => ("no-such-path", "No such path", $"nothing is at {path}; GET /openapi/v1.json describes every call"),
            StatusCodes.Status405MethodNotAllowed => ("method", "The method is not allowed", $"{method} is not for {path}; allowed: {context.Response.Headers.Allow}"),
            StatusCodes.Status408RequestTimeout => ("too-slow", "The body came too slowly", $"the body of {method} {path} came too slowly and was given up"),
            StatusCodes.Status413PayloadTooLarge => ("too-large", "The body is too large", $"a body may have {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Body.MostBytes} bytes"),
            StatusCodes.Status415UnsupportedMediaType => ("content-type", "The content type is not right", "the body must be JSON, sent with Content-Type: application/json; that of an import CSV, with text/csv"),
            StatusCodes.Status503ServiceUnavailable => ("stopping", "The gateway is stopping", "the gateway is shutting down"),
            StatusCodes.Status500InternalServerError => ("failed", "The gateway failed at this", "the gateway's log tells more"),
            _ => ("refused", "The request was refused", $"{method} {path} can't be answered"),
        };
        return new Problem { Type = type, Title = title, Status = status, Detail = detail };
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(string method, PathString path, Exception failure);
}
