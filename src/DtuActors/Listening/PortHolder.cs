using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DtuActors.Listening;

/// <summary>Which process listens on an address, where the system tells. Linux: /proc; Windows: the IP helper's table; elsewhere nobody knows.</summary>
public static partial class PortHolder
{
    /// <summary><c>nginx (process 812)</c>, or null where it can't be told (another user's process, for one). Never throws.</summary>
    public static string? Find(IPEndPoint address)
    {
        try
        {
            var id = OperatingSystem.IsLinux() ? OnLinux(address)
                : OperatingSystem.IsWindows() ? OnWindows(address)
                : null;
            return id is { } process ? $"{NameOf(process)} (process {process})" : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static string NameOf(int id)
    {
        using var process = System.Diagnostics.Process.GetProcessById(id);
        return process.ProcessName;
    }

    private static bool Conflicts(IPAddress bound, IPAddress wanted) =>
        bound.Equals(wanted) || IsAny(bound) || IsAny(wanted) || (bound.IsIPv4MappedToIPv6 && Conflicts(bound.MapToIPv4(), wanted));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static int? OnLinux(IPEndPoint address)
    {
        var inodes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in (ReadOnlySpan<string>)["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(table))
            {
                continue;
            }

            foreach (var line in File.ReadLines(table).Skip(1))
            {
                // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; state 0A is LISTEN (proc(5)).
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns is [_, var local, _, "0A", _, _, _, _, _, var inode, ..] && FromProc(local) is { } bound && bound.Port == address.Port && Conflicts(bound.Address, address.Address))
                {
                    inodes.Add($"socket:[{inode}]");
                }
            }
        }

        return inodes.Count == 0 ? null : System.IO.Directory.EnumerateDirectories("/proc").Select(folder => HolderIn(folder, inodes)).FirstOrDefault(id => id is not null);
    }

    private static int? HolderIn(string folder, HashSet<string> sockets)
    {
        if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            return System.IO.Directory.EnumerateFiles(Path.Combine(folder, "fd")).Any(fd => new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target)) ? id : null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The kernel writes each 32-bit word of the address in the machine's own byte order.
    private static IPEndPoint? FromProc(string text)
    {
        if (text.Split(':') is not [var address, var port] || address.Length % 8 != 0)
        {
            return null;
        }

        var bytes = Convert.FromHexString(address);
        if (BitConverter.IsLittleEndian)
        {
            for (var word = 0; word < bytes.Length; word += 4)
            {
                bytes.AsSpan(word, 4).Reverse();
            }
        }

        return new IPEndPoint(new IPAddress(bytes), int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    [SupportedOSPlatform("windows")]
    private static int? OnWindows(IPEndPoint address) =>
        OnWindows(address, (int)AddressFamily.InterNetwork) ?? OnWindows(address, Inet6);

    // AF_INET6 is 23 on Windows.
    private const int Inet6 = 23;

    [SupportedOSPlatform("windows")]
    private static int? OnWindows(IPEndPoint wanted, int family)
    {
        // TCP_TABLE_OWNER_PID_LISTENER
        const int listeners = 3;
        var size = 0;
        _ = GetExtendedTcpTable(IntPtr.Zero, ref size, false, family, listeners, 0);
        var table = new byte[size];
        var handle = GCHandle.Alloc(table, GCHandleType.Pinned);
        try
        {
            if (size == 0 || GetExtendedTcpTable(handle.AddrOfPinnedObject(), ref size, false, family, listeners, 0) != 0)
            {
                return null;
            }
        }
        finally
        {
            handle.Free();
        }

        // MIB_TCPROW_OWNER_PID: state, address, port, remote address, remote port, process; MIB_TCP6ROW_OWNER_PID: address (16), scope, port, ..., process.
        var (row, addressAt, addressLength, portAt, processAt) = family == Inet6 ? (56, 0, 16, 20, 52) : (24, 4, 4, 8, 20);
        var count = BitConverter.ToInt32(table, 0);
        for (var i = 0; i < count; i++)
        {
            var entry = table.AsSpan(4 + (i * row), row);
            var port = (entry[portAt] << 8) | entry[portAt + 1];
            if (port == wanted.Port && Conflicts(new IPAddress(entry.Slice(addressAt, addressLength)), wanted.Address))
            {
                return BitConverter.ToInt32(entry[processAt..]);
            }
        }

        return null;
    }

    [LibraryImport("iphlpapi.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [SupportedOSPlatform("windows")]
    private static partial uint GetExtendedTcpTable(IntPtr table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool order, int family, int tableClass, uint reserved);
}
