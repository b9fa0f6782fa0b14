namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>The last lines, at most <paramref name="mostLines"/> and at most <paramref name="mostBytes"/> of frames; the oldest leave first, and are counted.</summary>
public sealed class MonitorLog(int mostLines = MonitorLog.MostLines, long mostBytes = MonitorLog.MostBytes)
{
    public const int MostLines = 1000;

    /// <summary>A frame may have a megabyte.</summary>
    public const long MostBytes = 4 * 1024 * 1024;

    private readonly Queue<MonitorLine> _lines = new();
    private long _bytes;
    private long _number;

    public int Count => _lines.Count;

    /// <summary>Oldest first.</summary>
    public IEnumerable<MonitorLine> Lines => _lines;

    /// <summary>How many left because there were more behind them.</summary>
    public long Forgotten { get; private set; }

    /// <summary>The number of the oldest line that is there; lines with a lower one have left.</summary>
    public long First => _lines.TryPeek(out var oldest) ? oldest.Number : _number + 1;

    public void Add(MonitorLine line)
    {
        line.Number = ++_number;
        _lines.Enqueue(line);
        _bytes += line.Bytes;
        while (_lines.Count > mostLines || (_bytes > mostBytes && _lines.Count > 1))
        {
            _bytes -= _lines.Dequeue().Bytes;
            Forgotten++;
        }
    }

    public void Clear()
    {
        _lines.Clear();
        (_bytes, Forgotten) = (0, 0);
    }
}
