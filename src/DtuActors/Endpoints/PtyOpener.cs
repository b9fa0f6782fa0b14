using System.Text;

namespace DtuActors.Endpoints;

/// <summary>
/// Makes virtual COM ports (Linux): a new pseudo-terminal at each opening, under a link that stays the same. A link that nobody answers behind is replaced;
/// a file, or a link to a pty that somebody holds, is an error that says so.
/// </summary>
/// <param name="link">The link's path.</param>
/// <param name="writeLimit">How long a program may take nothing while something is being written to it; null: <see cref="WriteLimit"/>.</param>
public sealed class PtyOpener(string link, TimeSpan? writeLimit = null) : IPortOpener
{
    /// <summary>Long enough for a program that is busy, short enough for a DTU that waits behind one that hangs.</summary>
    public static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    private const string Slaves = "/dev/pts/";

    private readonly string _link = Path.GetFullPath(link);

    public string Where => _link;

    public IPort Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IOException("virtual COM ports (kind = pty) need Linux; on Windows pair two ports with com0com and use kind = serial");
        }

        try
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(_link)!);
            CheckLink();
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new IOException($"{_link} can't be made: {problem.Message}", problem);
        }

        var (master, slave) = OpenPair();
        try
        {
            PlaceLink(slave);
            return new PtyPort(master, slave, writeLimit ?? WriteLimit, () => RemoveLink(slave));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _ = PtyNative.Close(master);
            throw new IOException($"{_link} can't be made: {problem.Message}", problem);
        }
    }

    private static (int Master, string Slave) OpenPair()
    {
        var master = PtyNative.OpenMaster(PtyNative.ReadWrite | PtyNative.NoControllingTerminal | PtyNative.NonBlocking | PtyNative.CloseOnExec);
        if (master < 0)
        {
            throw PtyNative.Failed("no pseudo-terminal");
        }

        Span<byte> name = stackalloc byte[128];
        if (PtyNative.Grant(master) != 0 || PtyNative.Unlock(master) != 0 || PtyNative.SlaveName(master, name, (nuint)name.Length) != 0)
        {
            var problem = PtyNative.Failed("no pseudo-terminal");
            _ = PtyNative.Close(master);
            throw problem;
        }

        var slave = Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);

        return (master, slave);
    }

    /// <summary>Throws where something stands at the link's path that must not be replaced.</summary>
    private void CheckLink()
    {
        var there = new FileInfo(_link);
        if (there.LinkTarget is null)
        {
            if (there.Exists || System.IO.Directory.Exists(_link))
            {
                throw new IOException("something that is no link stands there; remove it or choose another link");
            }

            return;
        }

        var target = there.ResolveLinkTarget(returnFinalTarget: true);
        if (target is null || !Path.Exists(target.FullName))
        {
            return;
        }

        if (!target.FullName.StartsWith(Slaves, StringComparison.Ordinal))
        {
            throw new IOException($"it is a link to {target.FullName}, which is no pseudo-terminal; remove it or choose another link");
        }

        // A pty's node is there as long as somebody holds its master. Numbers are used again, though: one that is younger than the link is a stranger's.
        if (File.GetCreationTimeUtc(target.FullName) <= there.LastWriteTimeUtc)
        {
            throw new IOException($"it is a link to {target.FullName}, which another program holds; stop that or choose another link");
        }
    }

    private void PlaceLink(string slave)
    {
        // Renamed into place, so that no program ever finds nothing there.
        var fresh = $"{_link}.{Environment.ProcessId}.new";
        File.Delete(fresh);
        File.CreateSymbolicLink(fresh, slave);
        File.Move(fresh, _link, overwrite: true);
    }

    private void RemoveLink(string slave)
    {
        try
        {
            if (new FileInfo(_link).LinkTarget == slave)
            {
                File.Delete(_link);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It dangles then, and the next opening replaces it.
        }
    }
}
