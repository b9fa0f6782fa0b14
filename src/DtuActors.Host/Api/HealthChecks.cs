using Akka.Actor;

namespace DtuActors.Host.Api;

/// <summary>
/// What <c>/readyz</c> says, and why. Not ready (503): starting, stopping, actors that don't answer, or no listener that is up, so that no DTU could arrive.
/// Degraded, and ready all the same: a database that fails, some listeners down, critical alarms; another node would fare no better with these.
/// </summary>
internal sealed class HealthChecks(Readiness readiness, DtuGateway gateway, TimeProvider time)
{
    public const string Ok = "ok";
    public const string Degraded = "degraded";
    public const string Failed = "failed";

    // Whoever asks needs no key: asking often costs nothing.
    private static readonly TimeSpan HoldsFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private (DateTimeOffset At, HealthModel Answer)? _last;

    /// <summary>Whether DTUs can be sent here, and the answer.</summary>
    public async Task<(bool IsReady, HealthModel Answer)> CheckAsync()
    {
        if (readiness.NotReady is { } trouble)
        {
            return (false, trouble with { Checks = [new HealthCheckModel { Name = "gateway", Status = Failed, Detail = trouble.Detail }] });
        }

        var now = time.GetUtcNow();
        if (_last is not { } last || now - last.At >= HoldsFor || now < last.At)
        {
            last = (now, await LookAsync());
            _last = last;
        }

        return (last.Answer.Status != Failed, last.Answer);
    }

    private async Task<HealthModel> LookAsync()
    {
        List<HealthCheckModel> checks =
        [
            await AskAsync("gateway", GatewayAsync),
            await AskAsync("listeners", ListenersAsync),
            Storage(),
            await AskAsync("alarms", AlarmsAsync),
        ];
        var worst = checks.Exists(check => check.Status == Failed) ? Failed : checks.Exists(check => check.Status == Degraded) ? Degraded : Ok;
        var why = string.Join("; ", checks.Where(check => check.Status != Ok).Select(check => $"{check.Name}: {check.Detail}"));
        return new HealthModel { Status = worst, Detail = why.Length == 0 ? null : why, Checks = checks };
    }

    private static async Task<HealthCheckModel> AskAsync(string name, Func<CancellationToken, Task<(string Status, string? Detail)>> ask)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            var (status, detail) = await ask(patience.Token);
            return new HealthCheckModel { Name = name, Status = status, Detail = detail };
        }
        catch (Exception failure) when (failure is OperationCanceledException or AskTimeoutException)
        {
            return new HealthCheckModel { Name = name, Status = Failed, Detail = $"no answer within {Patience.TotalSeconds:0} s" };
        }
    }

    private async Task<(string, string?)> GatewayAsync(CancellationToken cancellation)
    {
        if (gateway.Ended.IsCompleted)
        {
            return (Failed, "the gateway's actors have ended");
        }

        await gateway.Here.RoutesAsync(cancellation);
        return (Ok, null);
    }

    private async Task<(string, string?)> ListenersAsync(CancellationToken cancellation)
    {
        var listeners = (await gateway.Here.ListenersAsync(cancellation)).Where(listener => listener.Kind != "dialer").ToList();
        var down = listeners.Where(listener => listener.State != "up").Select(listener => listener.Name).ToList();
        return down.Count == 0
            ? (Ok, null)
            : (down.Count == listeners.Count ? Failed : Degraded, $"{down.Count} of {listeners.Count} down: {string.Join(", ", down.Take(10))}{(down.Count > 10 ? ", ..." : "")}");
    }

    private HealthCheckModel Storage()
    {
        var problems = gateway.Storage.Problems;
        return new HealthCheckModel
        {
            Name = "storage",
            Status = problems.IsEmpty ? Ok : Degraded,
            Detail = problems.IsEmpty ? null : $"can't be read or written: {string.Join("; ", problems.Select(part => $"{part.Key} ({part.Value})"))}",
        };
    }

    private async Task<(string, string?)> AlarmsAsync(CancellationToken cancellation)
    {
        var open = (await gateway.OwnAlarmsAsync(cancellation)).Where(alarm => alarm.ClearedAt is null).ToList();
        var critical = open.Count(alarm => alarm.Severity == AlarmKinds.Critical);
        return open.Count == 0 ? (Ok, null) : (critical > 0 ? Degraded : Ok, $"{critical} critical, {open.Count - critical} warnings: GET /api/v1/alarms");
    }
}
