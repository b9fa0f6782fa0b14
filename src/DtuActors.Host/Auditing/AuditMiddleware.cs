using DtuActors.Host.Api;

namespace DtuActors.Host.Auditing;

/// <summary>What a handler tells of its call, for the trail.</summary>
internal static class Audited
{
    private static readonly object Key = new();

    /// <summary>Says what the call is about: never a secret.</summary>
    public static void Audit(this HttpContext context, string detail) => context.Items[Key] = detail;

    public static string? Of(HttpContext context) => context.Items.TryGetValue(Key, out var detail) ? (string?)detail : null;

    /// <summary>Bytes, as many as the trail takes.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes)
    {
        const int Most = 256;
        return bytes.Length <= Most ? Convert.ToHexString(bytes) : $"{Convert.ToHexString(bytes[..Most])}… ({bytes.Length} bytes)";
    }
}

/// <summary>
/// Records every call that is no reading one, those that were refused included. Stands behind routing and before whoever asks for the key. Calls without a known
/// key, or with one whose role is not enough, are recorded up to so many a minute, the rest with the next one as a number: who may not must not push out what those did who may.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditTrail trail, TimeProvider time)
{
    private const int MostRefused = 30;
    private static readonly TimeSpan RefusedWithin = TimeSpan.FromMinutes(1);

    private static readonly string Forbidden = Text(StatusCodes.Status403Forbidden);

    // The console's own channel: what it does there it tells itself.
    private const string ConsoleChannel = "/_blazor";

    private static readonly Dictionary<string, string> Actions = new(StringComparer.Ordinal)
    {
        ["POST /api/v1/dtus/{id}/send"] = "send",
        ["POST /api/v1/dtus/{id}/request"] = "request",
        ["DELETE /api/v1/dtus/{id}/connection"] = "kick",
        ["PUT /api/v1/dtus/{id}"] = "put-dtu",
        ["DELETE /api/v1/dtus/{id}"] = "delete-dtu",
        ["POST /api/v1/dtus/import"] = "import",
        ["DELETE /api/v1/dtus/{id}/commands/{command}"] = "withdraw",
        ["POST /api/v1/dtus/{id}/files"] = "transfer",
        ["DELETE /api/v1/dtus/{id}/files/{transfer}"] = "cancel-transfer",
        ["POST /api/v1/endpoints/{name}/files"] = "transfer",
        ["DELETE /api/v1/endpoints/{name}/files/{transfer}"] = "cancel-transfer",
        ["POST /api/v1/groups/{name}/send"] = "send-group",
        ["PUT /api/v1/routes"] = "put-routes",
        ["POST /api/v1/config/reload"] = "reload",
        ["POST /api/v1/archives/{name}/run"] = "run-archive",
        ["POST /login"] = "login",
        ["POST /logout"] = "logout",
    };

    private readonly Lock _gate = new();
    private long? _since;
    private int _refused;
    private int _unrecorded;

    public async Task InvokeAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || context.Request.Path.StartsWithSegments(ConsoleChannel, StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        var outcome = "500 failed";
        try
        {
            await next(context);
            outcome = Text(context.Response.StatusCode);
        }
        catch (RefusalException refusal)
        {
            outcome = $"{Text(refusal.Problem.Status)} {refusal.Problem.Type}";
            throw;
        }
        catch (BadHttpRequestException bad)
        {
            outcome = Text(bad.StatusCode);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = "aborted";
            throw;
        }
        finally
        {
            Record(context, outcome);
        }
    }

    private void Record(HttpContext context, string outcome)
    {
        var caller = context.Features.Get<Caller>();
        var detail = Audited.Of(context);
        if (caller is null || outcome.StartsWith(Forbidden, StringComparison.Ordinal))
        {
            if (!MayRecord(out var unrecorded))
            {
                return;
            }

            detail = unrecorded == 0 ? detail : $"and {unrecorded} refused calls more, not recorded one by one";
        }

        trail.Write(new AuditEntry(
            0, time.GetUtcNow(), caller?.Name, caller is null ? "none" : Caller.Word(caller.Role), "api", Caller.RemoteOf(context), ActionOf(context), SubjectOf(context), detail, outcome));
    }

    private bool MayRecord(out int unrecorded)
    {
        lock (_gate)
        {
            // No hour without a record because somebody set the clock back by one.
            if (_since is not { } since || time.GetElapsedTime(since) >= RefusedWithin)
            {
                (_since, _refused) = (time.GetTimestamp(), 0);
            }

            unrecorded = 0;
            if (_refused >= MostRefused)
            {
                _unrecorded++;
                return false;
            }

            _refused++;
            (unrecorded, _unrecorded) = (_unrecorded, 0);
            return true;
        }
    }

    private static string ActionOf(HttpContext context)
    {
        var method = context.Request.Method;
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        var call = $"{method} {pattern ?? context.Request.Path.Value}";
        return Actions.GetValueOrDefault(call, call);
    }

    private static string? SubjectOf(HttpContext context) =>
        context.Request.RouteValues.GetValueOrDefault("id")?.ToString() ?? context.Request.RouteValues.GetValueOrDefault("name")?.ToString();

    private static string Text(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
