using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DtuActors.Endpoints;

/// <summary>
/// Which device a path leads to. An unplugged USB adapter may leave its port open with writes vanishing (dotnet/runtime 121627), so the path is compared
/// with what was opened.
/// </summary>
internal static partial class DeviceNode
{
    private const int CurrentDirectory = -100;
    private const uint Inode = 0x100;
    private const uint FileType = 0x1;

    /// <summary>Device, inode and device number of what <paramref name="path"/> leads to (links followed), or null where nothing is there.</summary>
    public static (ulong Device, ulong Inode, ulong Number)? Identify(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // struct statx (linux/stat.h) is the same on every architecture: stx_ino at 32, stx_rdev at 128, stx_dev at 136.
        Span<byte> status = stackalloc byte[256];
        if (Statx(CurrentDirectory, path, 0, Inode, status) != 0)
        {
            return null;
        }

        return (
            BinaryPrimitives.ReadUInt64LittleEndian(status[136..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[128..]));
    }

    /// <summary>Whether a socket stands at <paramref name="path"/>; null where the system does not tell.</summary>
    public static bool? IsSocket(string path)
    {
        // stx_mode at 28; S_IFSOCK.
        Span<byte> status = stackalloc byte[256];
        return OperatingSystem.IsLinux() && Statx(CurrentDirectory, path, 0, FileType, status) == 0
            ? (BinaryPrimitives.ReadUInt16LittleEndian(status[28..]) & 0xF000) == 0xC000
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> status);
}
