using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Faults;

/// <summary>What has to be so when everybody has gone: the books add up, no session is counted, descriptors and memory are what they were.</summary>
/// <param name="run">The run.</param>
/// <param name="host">The gateway.</param>
/// <param name="before">Descriptors that such a process has open when nobody has come yet.</param>
internal sealed partial class Leftovers(FaultRun run, HostProcess host, int before)
{
    // Readers of the databases, which a pool keeps, and calls of the API whose connections the client keeps.
    private const int MoreDescriptors = 30;
    private const long MostWorkingSet = 450L << 20;

    /// <summary>Sockets, files, pipes and devices that a process has open; not the assemblies that it runs, which it reads as it comes to them.</summary>
    public static int DescriptorsOf(HostProcess host) => OperatingSystem.IsLinux() ? System.IO.Directory.GetFiles($"/proc/{host.Id}/fd").Count(IsOpen) : 0;

    private static bool IsOpen(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name.EndsWith(".dll", StringComparison.Ordinal) is false;
        }
        catch (IOException)
        {
            // Closed while it was looked at.
            return false;
        }
    }

    /// <summary>What was said at the level of errors that no trouble explains: a fault of an actor's own.</summary>
    public static IEnumerable<string> Failures(string errors) => errors.Split('\n').Where(static line => Failure().IsMatch(line)).Take(3);

    /// <param name="leave">Everybody goes.</param>
    public async Task CheckAsync(Func<Task> leave)
    {
        var books = await run.UntilAsync(BooksAsync, static books => books.All(static row => row.AddsUp && row.Waiting == 0));
        foreach (var row in books.Where(static row => !row.AddsUp || row.Waiting > 0))
        {
            run.History.Hold(false, $"{row.Name}: {row.Accepted} frames accepted, {row.Written} written, {row.Dropped} dropped, {row.Waiting} waiting");
        }

        run.Note("the books are read");
        await leave();
        run.Note("everybody has left");
        var connections = await run.UntilAsync(ConnectionsAsync, static count => count == 0);
        run.History.Hold(connections == 0, $"{connections} sessions are counted and nobody is there");
        if (OperatingSystem.IsLinux())
        {
            var descriptors = await run.UntilAsync(() => Task.FromResult(DescriptorsOf(host)), count => count <= before + MoreDescriptors);
            run.History.Hold(descriptors <= before + MoreDescriptors, $"{descriptors} descriptors are open and nobody is there, {before} were when nobody had come");
            run.History.Hold(WorkingSet() <= MostWorkingSet, $"{WorkingSet() >> 20} MB are in memory and nobody is there");
            run.Note($"{descriptors} descriptors ({before} before), {WorkingSet() >> 20} MB");
        }
    }

    private long WorkingSet()
    {
        using var process = System.Diagnostics.Process.GetProcessById(host.Id);
        return process.WorkingSet64;
    }

    private async Task<List<Row>> BooksAsync()
    {
        var endpoints = (await Answer.OfAsync(await run.Field.Http!.GetAsync("/api/v1/endpoints"))).Json.GetProperty("items").EnumerateArray()
            .SelectMany(static endpoint => (Row[])[Row.Of(endpoint, "up"), Row.Of(endpoint, "down")]);
        var dtus = (await Answer.OfAsync(await run.Field.Http!.GetAsync("/api/v1/dtus?limit=100"))).Json.GetProperty("items").EnumerateArray().Select(static dtu => Row.Of(dtu, "down"));
        List<Row> rows = [.. endpoints, .. dtus];
        if (rows.Find(static row => !row.AddsUp || row.Waiting > 0) is { } open)
        {
            run.Note(open.ToString());
        }

        return rows;
    }

    private async Task<int> ConnectionsAsync() => (await run.Field.Http!.GetStringAsync("/metrics")).Split('\n')
        .Where(static line => line.StartsWith("dtu_connections", StringComparison.Ordinal))
        .Sum(static line => (int)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    [GeneratedRegex("NullReference|InvalidOperation|ArgumentException|ArgumentOutOfRange|KeyNotFound|InvalidCast|IndexOutOfRange|Unhandled exception|StackOverflow|OutOfMemory")]
    private static partial Regex Failure();

    private sealed record Row(string Name, long Accepted, long Written, long Dropped, long Waiting)
    {
        public bool AddsUp => Accepted == Written + Dropped + Waiting;

        public static Row Of(JsonElement item, string way)
        {
            var counters = item.GetProperty(way);
            return new Row(
                $"{(item.TryGetProperty("name", out var name) && name.ValueKind is JsonValueKind.String ? name : item.GetProperty("id"))} {way} ({item.GetProperty("state")}, {item.GetProperty("lastError")})",
                counters.GetProperty("accepted").GetInt64(),
                counters.GetProperty("written").GetInt64(),
                counters.GetProperty("dropped").EnumerateObject().Sum(static reason => reason.Value.GetInt64()),
                counters.GetProperty("waiting").GetInt64());
        }
    }
}
