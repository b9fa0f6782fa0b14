using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using DtuActors.Host.WebConsole.Fleet;
using DtuActors.Recording;
using Microsoft.AspNetCore.Components;

namespace DtuActors.Host.WebConsole.Pages;

/// <summary>The fleet at a glance: how many, how much, what happened, what is wrong.</summary>
public partial class Overview
{
    private const int MostHappened = 30;
    private const int MostConflicts = 20;
    private const string Up = "up";

    private FleetCounts? _counts;
    private DtuSearch _conflicts = new(0, []);
    private ImmutableArray<EndpointStatus> _notUp = [];
    private ImmutableArray<ListenerStatus> _listeners = [];
    private ImmutableList<FieldEvent> _happened = [];
    private int _endpoints;
    private string? _simulate;
    private Beat _last;
    private (long Last, TimeSpan Offset) _drawn;
    private PulseLines? _online;
    private PulseLines? _frames;
    private PulseLines? _storms;
    private bool _isQuiet;

    [Inject]
    private Pulse Pulse { get; set; } = null!;

    protected override void OnInitialized()
    {
        base.OnInitialized();
        Watch(null, Take);
    }

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        _counts = await Gateway.FleetCountsAsync(gone);
        var endpoints = await Gateway.EndpointsAsync(gone);
        _endpoints = endpoints.Length;
        _notUp = [.. endpoints.Where(endpoint => endpoint.State != Up)];
        _conflicts = _counts.Conflict == 0 ? new DtuSearch(0, []) : await Gateway.SearchDtusAsync(new DtuFilter(State: DtuState.Conflict), 0, MostConflicts, gone);
        if (_counts.Online + _counts.Sleeping + _counts.Offline == 0)
        {
            _listeners = await Gateway.ListenersAsync(gone);
            _simulate = Simulate(_listeners);
        }

        Draw();
        _isQuiet = false;
    }

    // Frames pass by the thousand, and nothing of them shows here.
    protected override bool ShouldRender()
    {
        var isQuiet = _isQuiet;
        _isQuiet = false;
        return !isQuiet;
    }

    private static string? Simulate(ImmutableArray<ListenerStatus> listeners)
    {
        foreach (var listener in listeners)
        {
            if (listener.Kind == "tcp" && IPEndPoint.TryParse(listener.Address ?? "", out var at))
            {
                var host = at.Address.Equals(IPAddress.Any) || at.Address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : at.Address;
                return string.Create(CultureInfo.InvariantCulture, $"dtu simulate --connect {new IPEndPoint(host, at.Port)} --count 3");
            }
        }

        return null;
    }

    private void Take(IReadOnlyList<FieldEvent> batch)
    {
        _isQuiet = true;
        foreach (var happened in batch.Where(happened => happened is DtuOnline or DtuOffline or EndpointChanged))
        {
            _isQuiet = false;
            _happened = _happened.Insert(0, happened);
        }

        if (_happened.Count > MostHappened)
        {
            _happened = _happened.RemoveRange(MostHappened, _happened.Count - MostHappened);
        }
    }

    private void Draw()
    {
        var beats = Pulse.Beats;
        _last = beats.IsEmpty ? default : beats[^1];
        var last = PulseLines.Last(Time.GetUtcNow());
        if ((last, T.Offset) == _drawn)
        {
            return;
        }

        _drawn = (last, T.Offset);
        _online = PulseLines.Of(beats, last, T, (T["Online", "在线"], bucket => bucket[^1].Online));
        _frames = PulseLines.Of(
            beats, last, T, (T["Up", "上行"], bucket => bucket.Average(beat => beat.FramesUp)), (T["Down", "下行"], bucket => bucket.Average(beat => beat.FramesDown)));
        _storms = PulseLines.Of(beats, last, T, (T["Sessions coming in per second", "每秒新建会话"], bucket => bucket.Max(beat => beat.Connected)));
    }
}
