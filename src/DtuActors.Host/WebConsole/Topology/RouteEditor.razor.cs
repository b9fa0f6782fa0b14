using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Host.Serving;
using DtuActors.Protocol;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using RouteOptions = DtuActors.Configuration.RouteOptions;

namespace DtuActors.Host.WebConsole.Topology;

/// <summary>Edits rows in memory; <see cref="RoutesEditor"/> checks them, and puts them into file and force.</summary>
public sealed partial class RouteEditor
{
    private const int MostShown = 12;
    private const int MostSuggested = 300;
    private const int MostNamed = 5;
    private const int Page = 1000;

    private static readonly string[] Directions = ["both", "up", "down"];
    private static readonly string[] Offlines = ["drop", "queue"];

    private readonly List<Row> _rows = [];
    private RoutesInFile _inFile = null!;
    private ImmutableArray<string> _targets = [];
    private ImmutableArray<string> _dtus = [];
    private (Severity Severity, string Text, IReadOnlyList<string> Lines)? _said;
    private RoutesOutcome.Good? _good;
    private bool _checked;
    private bool _discard;
    private bool _stale;
    private bool _busy;

    /// <summary>What is edited: a <see cref="RoutesInFile"/>.</summary>
    [Parameter, EditorRequired]
    public required object InFile { get; set; }

    /// <summary>Called when it is applied, or given up.</summary>
    [Parameter]
    public EventCallback Close { get; set; }

    /// <inheritdoc/>
    protected override TimeSpan RefreshEvery => TimeSpan.FromSeconds(30);

    private bool CanApply => _checked && (_inFile.Lost.IsEmpty || _discard);

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Take((RoutesInFile)InFile);
        base.OnInitialized();
    }

    /// <inheritdoc/>
    protected override async Task RefreshAsync(CancellationToken gone)
    {
        var counts = await Gateway.FleetCountsAsync(gone);
        var endpoints = await Gateway.EndpointsAsync(gone);
        _targets = [.. endpoints.Select(endpoint => endpoint.Name).Distinct(), .. counts.Groups.Select(group => RouteOptions.GroupPrefix + group)];
        _dtus = [.. (await Gateway.ListDtusAsync(default(DtuState?), MostSuggested, null, gone)).Items.Select(dtu => dtu.Id.Value)];
        _targets = [.. _targets.Take(MostSuggested), .. _dtus.Select(dtu => RouteOptions.DtuPrefix + dtu)];
    }

    private void Take(RoutesInFile routes)
    {
        _inFile = routes;
        _rows.Clear();
        _rows.AddRange(routes.Rows.Select(row => new Row(row)));
        (_said, _stale, _discard, _checked) = (null, false, false, false);
    }

    private void ReadAgain()
    {
        var (routes, refused) = Editor.Read();
        if (routes is not null)
        {
            Take(routes);
        }
        else
        {
            Tell(refused!);
        }
    }

    private void Add() => Change(() => _rows.Add(new Row(new RouteRow("", ""))));

    private void Set(Row row, Action set) => Change(() =>
    {
        set();
        row.Forget();
    });

    // A row's faults stay until it is changed or checked again; what was checked is no longer what stands here.
    private void Change(Action change)
    {
        change();
        _checked = false;
        foreach (var row in _rows)
        {
            row.Matches = null;
        }
    }

    private void Move(Row row, int by)
    {
        var (from, to) = (_rows.IndexOf(row), _rows.IndexOf(row) + by);
        if (to >= 0 && to < _rows.Count)
        {
            Change(() => (_rows[from], _rows[to]) = (_rows[to], _rows[from]));
        }
    }

    private Task CheckAsync() => BusyAsync(async () =>
    {
        if (!await Operator.MayAsync(ApiRole.Admin))
        {
            throw new RefusalException(StatusCodes.Status403Forbidden, "role", "The key's role is not enough", "editing routes needs the role admin");
        }

        Tell(await Editor.ChangeAsync(Wanted, _inFile.Version, _discard, apply: false, "console", Gone));
        if (_checked && _good is { } good)
        {
            await MatchAsync(good.Options);
        }
    });

    private Task ApplyAsync() => BusyAsync(() => Operator.DoAsync(ApiRole.Admin, "put-routes", _inFile.File, $"{_rows.Count} rows", async _ =>
    {
        // Once begun it is carried to its end, whether its page is still open or not.
        var outcome = await Editor.ChangeAsync(Wanted, _inFile.Version, _discard, apply: true, "console", CancellationToken.None);
        if (outcome is not RoutesOutcome.Good good)
        {
            Tell(outcome);
            return RoutesApi.Refusal(outcome).Problem.Type;
        }

        Snackbar.Add(T["The routes are in force. ", "路由已生效。"] + Told(good.Change), Severity.Success);
        foreach (var down in good.NotBound)
        {
            Snackbar.Add(T[$"Endpoint {down.Name} is not bound: {down.Problem}", $"端点 {down.Name} 未能绑定：{down.Problem}"], Severity.Warning);
        }

        await Close.InvokeAsync();
        return "applied";
    }));

    private ImmutableArray<RouteRow> Wanted => [.. _rows.Select(row => row.Wanted)];

    private async Task BusyAsync(Func<Task> work)
    {
        _busy = true;
        try
        {
            await TryAsync(work);
        }
        finally
        {
            _busy = false;
        }
    }

    private void Tell(RoutesOutcome outcome)
    {
        foreach (var row in _rows)
        {
            row.Forget();
        }

        _good = outcome as RoutesOutcome.Good;
        _checked = _good is not null;
        _stale = outcome is RoutesOutcome.Stale;
        _said = outcome switch
        {
            RoutesOutcome.Good good => (Severity.Success, T["No faults. ", "没有错误。"] + Told(good.Change), []),
            RoutesOutcome.Stale => (Severity.Error, T["A file was changed by someone else since this page was opened: nothing is written.", "打开本页后配置文件已被他人修改：未写入任何内容。"], []),
            RoutesOutcome.WouldLose => (Severity.Warning, T["Something would be lost: agree to it below first.", "有内容将丢失：请先在下方确认。"], []),
            RoutesOutcome.Faulty faulty => Tell(faulty.Faults),
            RoutesOutcome.RestartNeeded restart => (Severity.Error,
                T["The files say something else that needs a restart, and nothing is applied: ", "配置文件中有需要重启才能生效的改动，未应用："], restart.KeyPaths),
            _ => (Severity.Error, T["Nothing is applied: ", "未应用："] + RoutesApi.Refusal(outcome).Message, []),
        };
    }

    // Each fault at its row; one of an endpoint at the rows that lead to it; the rest above the table.
    private (Severity, string, IReadOnlyList<string>) Tell(ImmutableArray<ConfigurationFault> faults)
    {
        var others = new List<string>();
        foreach (var fault in faults)
        {
            var words = fault.Problem + (fault.Expected is null ? "" : T[$" (expected {fault.Expected})", $"（应为 {fault.Expected}）"]);
            var at = AtRow().Match(fault.KeyPath);
            var atEndpoint = AtEndpoint().Match(fault.KeyPath);
            var rows = at.Success && int.TryParse(at.Groups["index"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < _rows.Count ? [_rows[index]]
                : atEndpoint.Success ? _rows.Where(row => row.To == atEndpoint.Groups["name"].Value).ToList()
                : [];
            foreach (var row in rows)
            {
                row.Faults.Add(!at.Success ? $"{fault.KeyPath}: {words}" : at.Groups["key"] is { Success: true, Value: var key } ? $"{key}: {words}" : words);
            }

            if (rows.Count == 0 && others.Count < MostShown)
            {
                others.Add(fault.ToString());
            }
        }

        return (Severity.Error, T[$"{faults.Length} {(faults.Length == 1 ? "fault" : "faults")}: nothing is written.", $"{faults.Length} 处错误：未写入任何内容。"], others);
    }

    private string Told(OptionsChange change)
    {
        var parts = new List<string>();
        foreach (var (kind, of) in ((string, KindChange)[])
            [(T["routes", "路由"], change.Routes), (T["DTUs", "DTU"], change.Dtus), (T["polls", "轮询"], change.Polls), (T["endpoints", "端点"], change.Endpoints), (T["archives", "归档"], change.Archives)])
        {
            if (!of.IsEmpty)
            {
                parts.Add($"{kind} +{of.Added.Length} −{of.Removed.Length} {T["changed", "改"]} {of.Changed.Length}");
            }
        }

        return parts.Count > 0 ? string.Join(", ", parts) : change.RoutesMoved ? T["Only the order changes.", "仅顺序变化。"] : T["Nothing would change.", "没有变化。"];
    }

    /// <summary>Says at each row which DTUs that are online it leads from.</summary>
    private async Task MatchAsync(GatewayOptions options)
    {
        var online = new List<DtuId>();
        string? after = null;
        do
        {
            var page = await Gateway.ListDtusAsync(DtuState.Online, Page, after, Gone);
            online.AddRange(page.Items.Select(dtu => dtu.Id));
            after = page.Next;
        }
        while (after is not null);

        // One row a route where there is no fault; an id stands for its alias there.
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var ids = online.Select(id => id.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var (row, route) in _rows.Zip(options.Routes))
        {
            if (!known.TryGetValue(route.Dtu, out var words))
            {
                var glob = new DtuGlob(route.Dtu);
                words = DtuGlob.IsGlob(route.Dtu)
                    ? Named([.. online.Where(glob.Matches).Select(id => id.Value)])
                    : ids.Contains(route.Dtu) ? T["online", "在线"] : T["not online", "不在线"];
                known.Add(route.Dtu, words);
            }

            row.Matches = words;
        }
    }

    private string Named(IReadOnlyList<string> ids) => ids.Count == 0
        ? T["no DTU online matches", "没有匹配的在线 DTU"]
        : T[$"{ids.Count} online: ", $"{ids.Count} 个在线："] + string.Join(", ", ids.Take(MostNamed)) + (ids.Count > MostNamed ? " …" : "");

    private static string Text(ChangeEventArgs changed) => changed.Value as string ?? "";

    // What stands in the file is offered too, right or wrong: choosing nothing must change nothing.
    private static string[] Words(string[] right, string now) => right.Contains(now, StringComparer.Ordinal) ? right : [.. right, now];

    [GeneratedRegex(@"\Adtu\.routes\[(?<index>[0-9]{1,6})\](?:\.(?<key>.+))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex AtRow();

    [GeneratedRegex(@"\Adtu\.endpoints\.""?(?<name>[^""]+?)""?\.(?:select|units)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex AtEndpoint();

    private sealed class Row(RouteRow row)
    {
        public string Dtu { get; set; } = row.Dtu ?? "";

        public string To { get; set; } = row.To ?? "";

        public string Direction { get; set; } = row.Direction ?? "both";

        public string WhenOffline { get; set; } = row.WhenOffline ?? "drop";

        public List<string> Faults { get; } = [];

        public string? Matches { get; set; }

        /// <summary>Defaults stay unwritten where they were.</summary>
        public RouteRow Wanted => new(
            Dtu.Trim(), To.Trim(), row.Direction is null && Direction == "both" ? null : Direction, row.WhenOffline is null && WhenOffline == "drop" ? null : WhenOffline,
            WhenOffline == "queue" ? row.Ttl : null);

        public void Forget()
        {
            Faults.Clear();
            Matches = null;
        }
    }
}
