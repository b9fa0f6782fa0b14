using System.Collections.Immutable;
using System.Globalization;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Recording;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Frames of one DTU that passed, oldest first.</summary>
public sealed partial class HistoryPanel : LivePage
{
    private const int PageSize = 100;
    private const int MostAtOnce = 1000;
    private const int MostExported = 20_000;

    // Payload bytes; in hexadecimal and decoded a file is some five times as much, and goes through the circuit.
    private const long MostExportedBytes = 2 * 1024 * 1024;

    private readonly Stack<string> _before = new();
    private ImmutableArray<FrameLine>? _page;
    private FrameLine? _selected;
    private string? _next;
    private string _at = "";
    private DateTime? _since;
    private DateTime? _until;
    private string _direction = "";

    [Parameter, EditorRequired]
    public DtuId Id { get; set; }

    private bool IsStored => Gateway.Options.Storage.Provider is not StorageProvider.None;

    // It stands still while somebody reads it.
    protected override TimeSpan RefreshEvery => Timeout.InfiniteTimeSpan;

    private Task FirstAsync()
    {
        _before.Clear();
        return ShowAsync("");
    }

    private Task ForwardAsync()
    {
        _before.Push(_at);
        return ShowAsync(_next ?? "");
    }

    private Task BackAsync() => ShowAsync(_before.Pop());

    private Task ShowAsync(string after) => TryAsync(async () =>
    {
        var (frames, next) = await ReadAsync(after, PageSize, long.MaxValue);
        _page = [.. frames.Select(frame => new FrameLine(frame))];
        (_next, _at, _selected) = (next, after, null);
    });

    private Task ExportAsync(bool isCsv) => TryAsync(async () =>
    {
        var (frames, next) = await ReadAsync("", MostExported, MostExportedBytes);
        if (frames.Count == 0)
        {
            Snackbar.Add(T["There is nothing to export", "没有可导出的内容"], Severity.Warning);
            return;
        }

        var name = string.Concat(Id.Value.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        var stamp = Time.GetUtcNow().ToOffset(T.Offset).ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        await Script.InvokeVoidAsync(
            "dtu.save", $"dtu-{name}-{stamp}.{(isCsv ? "csv" : "txt")}", isCsv ? "text/csv" : "text/plain", isCsv ? FrameExport.Csv(frames) : FrameExport.Text(frames, T));
        if (next is not null)
        {
            Snackbar.Add(T[$"The first {frames.Count} frames only: the rest is too much for one file", $"仅导出前 {frames.Count} 帧：其余超出单个文件的上限"], Severity.Warning);
        }
    });

    /// <summary>Frames behind <paramref name="after"/> that fit the filter, and where the next ones begin.</summary>
    private async Task<(List<RecordedFrame> Frames, string? Next)> ReadAsync(string after, int most, long mostBytes)
    {
        var frames = new List<RecordedFrame>();
        var (bytes, at) = (0L, after.Length > 0 ? after : null);
        while (true)
        {
            var page = await Gateway.FramesAsync(Id, Instant(_since), Instant(_until), MostAtOnce, at, Gone);
            foreach (var frame in page.Items.Where(Fits))
            {
                bytes += frame.Payload.Length;
                if (frames.Count == most || (bytes > mostBytes && frames.Count > 0))
                {
                    return (frames, frames[^1].Next);
                }

                frames.Add(frame);
            }

            if (page.Next is not { } next)
            {
                return (frames, null);
            }

            at = next;
        }
    }

    private bool Fits(RecordedFrame frame) => _direction switch
    {
        "up" => frame.Direction is FrameDirection.Up,
        "down" => frame.Direction is FrameDirection.Down,
        _ => true,
    };

    // What is typed is the reader's time.
    private DateTimeOffset? Instant(DateTime? typed) => typed is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Unspecified), T.Offset) : null;
}
