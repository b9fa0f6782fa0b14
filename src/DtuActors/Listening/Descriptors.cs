using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace DtuActors.Listening;

/// <summary>
/// A reserve of file descriptors that accepted sockets leave free: the runtime needs one to load what runs for the first time, and ends the process ("Out of memory.") where it
/// gets none. Linux and macOS; elsewhere a process has no such table, and there is always room.
/// </summary>
/// <param name="limit">The soft limit of open descriptors; null: there is none. Asked each time, for it may be changed from outside (prlimit(1)).</param>
/// <remarks>A new descriptor has the lowest number that is free (POSIX), so the number of a new one tells how full the table is.</remarks>
internal sealed partial class Descriptors(Func<long?> limit)
{
    public static readonly Descriptors OfProcess = new(SoftLimit);

    // Enough for all that is no accepted socket and comes at once: assemblies that are loaded (one descriptor per thread), the database and its log, clients of the API,
    // connections that are dialled. An eighth where the limit itself is small, or next to nothing would be left to connections.
    private const int MostReserved = 64;
    private const int Part = 8;

    // RLIMIT_NOFILE (asm-generic/resource.h; macOS: sys/resource.h).
    private const int OpenFilesOnLinux = 7;
    private const int OpenFilesOnMac = 8;

    // O_CLOEXEC; with O_RDONLY, which is 0.
    private const int CloseOnExecOnLinux = 0x80000;
    private const int CloseOnExecOnMac = 0x1000000;

    // EMFILE, ENFILE.
    private const int TooManyInProcess = 24;
    private const int TooManyInSystem = 23;

    /// <summary>So many connections of one kind that has no limit of its own, or fewer where the table is small.</summary>
    public long PartFor(int wanted) => Math.Min(wanted, (limit() ?? long.MaxValue) / Part);

    /// <summary>Null while another socket can be accepted, or in words why none can: the same words as long as the limit is the same.</summary>
    public string? Shortage() => limit() is null ? null : Shortage(LowestFree());

    /// <summary>What <see cref="Shortage()"/> said as <paramref name="accepted"/> had come, without a look: all numbers below its own were in use.</summary>
    public string? ShortageAfter(Socket accepted) => Shortage(accepted.Handle + 1);

    /// <summary>Whether <paramref name="accepted"/> has one of the reserve itself.</summary>
    public bool IsReserved(Socket accepted) => Shortage(accepted.Handle) is not null;

    /// <param name="lowest">The lowest number that is free.</param>
    internal string? Shortage(long lowest)
    {
        if (limit() is not { } all)
        {
            return null;
        }

        var reserved = Math.Min(MostReserved, all / Part);
        return lowest < all - reserved ? null : $"{all - reserved} of {all} file descriptors are in use, the other {reserved} are kept free of connections";
    }

    // Without an exception, which may itself need a descriptor.
    private static long LowestFree()
    {
        var probe = Open("/dev/null", OperatingSystem.IsMacOS() ? CloseOnExecOnMac : CloseOnExecOnLinux);
        if (probe >= 0)
        {
            _ = Close(probe);
            return probe;
        }

        // A root of its own may have no /dev: the next socket tells.
        return Marshal.GetLastPInvokeError() is TooManyInProcess or TooManyInSystem ? long.MaxValue : 0;
    }

    private static long? SoftLimit()
    {
        var resource = OperatingSystem.IsLinux() ? OpenFilesOnLinux : OperatingSystem.IsMacOS() ? OpenFilesOnMac : (int?)null;
        return resource is { } files && GetLimit(files, out var found) == 0 && found.Soft <= int.MaxValue ? (long)found.Soft : null;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    // rlim_t is an unsigned word of the machine's; RLIM_INFINITY is its largest (macOS: the largest signed one).
    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
