using DtuActors.Protocol;
using DtuActors.Recording;
using DtuActors.Storage;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>
/// The live monitor. It holds a bounded number of lines, paused or not: a browser that does not keep up, or is frozen, loses lines and is told how many.
/// </summary>
public sealed partial class DtuMonitor : LivePage
{
    private const int Seed = 200;
    private const int MostInRow = 48;

    // Enough to hold every frame that came while the page was made.
    private const int MostKnown = 1000;
    private const int MostCopied = 4 * 1024 * 1024;

    private readonly MonitorLog _log = new();
    private readonly List<MonitorLine> _shown = [];
    private readonly List<MonitorLine> _early = [];
    private MonitorFilter _filter = new(null, false, true, "");
    private MonitorLog? _waiting;
    private FrameLine? _selected;
    private ElementReference _list;
    private DateTimeOffset? _lastFrame;
    private long? _heartbeats;
    private bool _isSeeded;
    private string _direction = "";
    private string _text = "";
    private bool _onlyFaults;
    private bool _marks = true;

    [Parameter, EditorRequired]
    public DtuId Id { get; set; }

    /// <summary>How many there were, by its status: heartbeats are no frames, and nobody else tells of them.</summary>
    [Parameter]
    public long Heartbeats { get; set; }

    /// <summary>When it was heard last, by the same status.</summary>
    [Parameter]
    public DateTimeOffset? LastSeenAt { get; set; }

    // Events bring what is new.
    protected override TimeSpan RefreshEvery => Timeout.InfiniteTimeSpan;

    protected override void OnInitialized()
    {
        // Before what is in memory is asked for: what passes meanwhile is in one of them, or in both.
        Watch([Id], Take);
        base.OnInitialized();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await Script.InvokeVoidAsync("dtu.tail", _list);
        }
    }

    protected override void OnParametersSet()
    {
        if (_heartbeats is { } before && Heartbeats > before)
        {
            var more = Heartbeats - before;
            Add(new MarkLine(LastSeenAt ?? Time.GetUtcNow(), isGap: false, T[$"heartbeat{(more == 1 ? "" : $" ×{more}")}", $"心跳{(more == 1 ? "" : $" ×{more}")}"]));
            Show();
        }

        _heartbeats = Heartbeats;
    }

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        if (_isSeeded)
        {
            return;
        }

        var page = await LatestAsync(gone);
        foreach (var frame in page.Items.TakeLast(Seed))
        {
            Add(new FrameLine(frame));
        }

        var known = page.Items.Select(frame => (frame.At, frame.Direction is FrameDirection.Up, Convert.ToHexString(frame.Payload.Span))).ToHashSet();
        _isSeeded = true;
        foreach (var line in _early.Where(line => line is not FrameLine frame || !known.Contains((frame.At, frame.IsUp, Convert.ToHexString(frame.Payload.Span)))))
        {
            Add(line);
        }

        _early.Clear();
        Show();
    }

    // What passes is shown whatever becomes of the history.
    private async Task<FramePage> LatestAsync(CancellationToken gone)
    {
        try
        {
            return await Gateway.LatestFramesAsync(Id, null, null, MostKnown, gone);
        }
        catch (StorageException)
        {
            return new FramePage([], null);
        }
    }

    private void Take(IReadOnlyList<FieldEvent> events)
    {
        foreach (var happened in events)
        {
            if (LineOf(happened) is not { } line)
            {
                continue;
            }

            if (_isSeeded)
            {
                Add(line);
            }
            else if (_early.Count < MonitorLog.MostLines)
            {
                _early.Add(line);
            }
        }

        Show();
    }

    private MonitorLine? LineOf(FieldEvent happened) => happened switch
    {
        FramePassed frame => new FrameLine(frame),
        DtuOnline online => new MarkLine(online.At, isGap: false, T[$"online from {online.Remote} at {online.Listener}", $"上线：{online.Remote}，监听 {online.Listener}"]),
        DtuOffline offline => new MarkLine(offline.At, isGap: false, T["offline: ", "离线："] + ReasonWords.Of(T, offline.Reason)),
        EventsLost lost => new MarkLine(lost.At, isGap: true, T[$"{Words.Count(lost.Count)} events are missing here: this page was too slow for them", $"此处缺少 {Words.Count(lost.Count)} 个事件：页面来不及接收"]),
        _ => null,
    };

    private void Add(MonitorLine line)
    {
        if (line is FrameLine frame)
        {
            frame.Gap = _lastFrame is { } last ? frame.At - last : null;
            _lastFrame = frame.At;
        }

        (_waiting ?? _log).Add(line);
        if (_waiting is null && _filter.Fits(line))
        {
            _shown.Add(line);
        }
    }

    // What the log let go is shown no more.
    private void Show() => _shown.RemoveAll(line => line.Number < _log.First);

    private void PauseOrResume()
    {
        if (_waiting is not { } waiting)
        {
            _waiting = new MonitorLog();
            return;
        }

        _waiting = null;
        if (waiting.Forgotten > 0)
        {
            _log.Add(new MarkLine(
                waiting.Lines.First().At, isGap: true, T[$"{Words.Count(waiting.Forgotten)} lines are missing here: more passed during the pause than is kept", $"此处缺少 {Words.Count(waiting.Forgotten)} 行：暂停期间超出保留上限"]));
        }

        foreach (var line in waiting.Lines)
        {
            _log.Add(line);
        }

        Refilter();
    }

    private void Refilter()
    {
        _filter = new MonitorFilter(
            _direction switch { "up" => FrameDirection.Up, "down" => FrameDirection.Down, _ => null }, _onlyFaults, _marks, _text.Trim());
        _shown.Clear();
        _shown.AddRange(_log.Lines.Where(_filter.Fits));
    }

    private void Clear()
    {
        _log.Clear();
        _shown.Clear();
        _selected = null;
    }

    private void Select(FrameLine frame) => _selected = ReferenceEquals(frame, _selected) ? null : frame;

    private async Task ToEndAsync() => await Script.InvokeVoidAsync("dtu.follow", _list);

    private async Task CopyAllAsync()
    {
        var text = new System.Text.StringBuilder();
        var count = 0;
        foreach (var line in _shown)
        {
            // In hexadecimal and decoded, a frame is some five times its bytes.
            if (text.Length + (line.Bytes * 5L) > MostCopied)
            {
                break;
            }

            text.Append(line is FrameLine frame ? frame.ToText(T) : $"{T.Instant(line.At)}  -- {FrameText.Plain(((MarkLine)line).Text)}").Append('\n');
            count++;
        }

        var done = await Script.InvokeAsync<bool>("dtu.copy", text.ToString());
        Snackbar.Add(
            !done ? T["The browser let nothing be copied", "浏览器不允许复制"]
            : count < _shown.Count ? T[$"{count} lines copied; the rest is too much at once", $"已复制 {count} 行；其余过多"]
            : T[$"{count} lines copied", $"已复制 {count} 行"],
            done ? Severity.Success : Severity.Warning);
    }

    private string RowClass(FrameLine frame) => (frame.Verdict is null ? "" : "fault ") + (ReferenceEquals(frame, _selected) ? "selected" : "");

    private static string GapOf(FrameLine frame) => frame.Gap switch
    {
        null => "",
        { TotalMilliseconds: < 10_000 } gap => gap.TotalMilliseconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture),
        { } gap => Words.Count((long)gap.TotalMilliseconds),
    };
}
