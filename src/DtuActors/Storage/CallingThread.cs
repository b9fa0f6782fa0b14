using System.Runtime.InteropServices;

namespace DtuActors.Storage;

/// <summary>The thread of an actor on a dispatcher of its own.</summary>
internal static partial class CallingThread
{
    private const int Process = 0;

    // Linux takes 0 for the calling thread, whatever its name says (setpriority(2), C library and kernel differences).
    private const uint Self = 0;
    private const int Nice = 10;

    /// <summary>
    /// Lets every other thread go first from now on: what it does shall not be felt where bytes pass. Nobody who waits for a lock of this thread may be one of those. Where the system
    /// refuses, nothing changes.
    /// </summary>
    public static void GiveWay()
    {
        // .NET's own priorities mean nothing on Linux, where a thread has a nice value.
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(Process, Self, Nice);
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);
}
