using System.Runtime.InteropServices;

namespace DtuActors.Host.Commands;

/// <summary>
/// Notices that nobody reads standard output any more, as behind <c>dtu watch | head -1</c>: .NET swallows the error of a write into such a pipe, and a command that waits for
/// events writes none.
/// </summary>
internal sealed partial class OutputReader : IDisposable
{
    private const int StandardOutput = 1;

    // poll(2): the two are told unasked. A pipe without a reader is an error, a socket whose other end is closed a hang-up.
    private const short Error = 8;
    private const short HangUp = 16;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _ended;
    private readonly Timer? _timer;

    /// <param name="ended">Ends the command otherwise.</param>
    public OutputReader(CancellationToken ended)
    {
        _ended = CancellationTokenSource.CreateLinkedTokenSource(ended);
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            _timer = new Timer(_ => Look(), null, Every, Every);
        }
    }

    /// <summary>The command's end, whatever it comes from.</summary>
    public CancellationToken Ended => _ended.Token;

    public bool IsGone { get; private set; }

    public void Dispose()
    {
        _timer?.Dispose();
        _ended.Dispose();
    }

    private void Look()
    {
        var output = new Polled { Descriptor = StandardOutput };
        if (Poll(ref output, count: 1, milliseconds: 0) > 0 && (output.Told & (Error | HangUp)) != 0 && !IsGone)
        {
            IsGone = true;
            End();
        }
    }

    private void End()
    {
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command was done at that moment.
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref Polled polled, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int Descriptor;
        public short Asked;
        public short Told;
    }
}
