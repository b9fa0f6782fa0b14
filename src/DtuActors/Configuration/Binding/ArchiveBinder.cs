using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using DtuActors.Archives;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>Binds <c>archives</c>: what is carried, and when. Where to is <see cref="ArchiveTargetBinder"/>'s.</summary>
internal static class ArchiveBinder
{
    /// <summary>The most archives: each has a loop, a connection and labels of its own.</summary>
    public const int MostArchives = 100;

    private const int MostCatchUp = 366;

    // A file's name has 255 bytes on most systems: room for an id and a date beside what the user writes.
    private const int LongestPath = 200;
    private const int LongestStep = 80;

    private static readonly TimeSpan LeastRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostRetry = TimeSpan.FromDays(1);

    public static ImmutableArray<ArchiveOptions> Bind(BlockReader root, StorageOptions storage, Func<DtuId, DtuId> canonical)
    {
        var archives = ImmutableArray.CreateBuilder<ArchiveOptions>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (member, value, path) in root.Map("archives"))
        {
            CheckName(root.Context, names, member, path);
            if (names.Count > MostArchives)
            {
                root.Context.Fault(path, member.Position, $"more than {MostArchives} archives", "a glob, as pump-*, in place of an archive for each DTU");
                break;
            }

            if (Kinds.Choose(root.Context, value, path, "kind", null, Schema.Archives) is { } block && ArchiveTargetBinder.Bind(block) is { } target)
            {
                archives.Add(BindOne(block, member.Key, target, canonical));
            }
        }

        if (names.Count > 0 && storage.Provider is StorageProvider.None)
        {
            root.Fault("archives", "archives carry the stored history, and dtu.storage.provider = none stores none", "storage.provider = sqlite, or no archives");
        }

        return archives.ToImmutable();
    }

    // It is a folder's name under data-dir, on whatever file system that is.
    private static void CheckName(BindingContext context, HashSet<string> names, HoconMember member, string path)
    {
        var name = member.Key;
        if (!Scalars.IsName(name) || name[0] == '.' || name[^1] == '.' || ArchivePath.IsReserved(name))
        {
            context.Fault(path, member.Position, "is no archive's name: a folder is called so", "1 to 64 letters, digits, '_', '-', '.', no '.' at either end, no word that Windows keeps for itself as con");
        }

        if (!names.Add(name))
        {
            context.Fault(path, member.Position, $"the name '{KeyPath.Shown(name)}' is taken: names that differ in capitals only are one folder on some systems", "a name of its own");
        }
    }

    private static ArchiveOptions BindOne(BlockReader block, string name, ArchiveTargetOptions target, Func<DtuId, DtuId> canonical)
    {
        var dtu = block.Id("dtu")?.Value ?? "*";
        var format = block.Word("format", "csv", "csv", "pcapng") == "pcapng" ? ArchiveFormat.Pcapng : ArchiveFormat.Csv;
        var (min, max) = Retry(block);
        return new ArchiveOptions
        {
            Name = name,
            KeyPath = block.Path,
            Dtu = DtuGlob.IsGlob(dtu) ? dtu : canonical(DtuId.Parse(dtu)).Value,
            Format = format,
            At = block.Value("at", TimeOfDay, "a time of day from 00:00 to 23:59, as \"01:00\"") ?? new TimeOnly(1, 0),
            TimeZone = Zone(block),
            Path = Path(block) ?? (format is ArchiveFormat.Csv ? "{date}/{dtu}.csv" : "{date}/{dtu}.pcapng"),
            CatchUp = block.Integer("catch-up", 7, 0, MostCatchUp),
            RetryMin = min,
            RetryMax = max,
            On = On(block),
            Target = target,
        };
    }

    private static TimeOnly? TimeOfDay(string text) => TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    private static TimeZoneInfo Zone(BlockReader block)
    {
        if (block.NonEmpty("time-zone", "as UTC, Asia/Shanghai") is not { } name)
        {
            return TimeZoneInfo.Utc;
        }

        // A path would be looked up as one.
        if (name.Length <= 64 && name.All(c => char.IsLetterOrDigit(c) || c is '/' or '_' or '-' or '+' or ' ' or '.') && !name.Contains("..", StringComparison.Ordinal)
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        block.Fault("time-zone", $"'{KeyPath.Shown(name)}' is no time zone that this system knows", "UTC, or a name as Asia/Shanghai (on Windows its own, as China Standard Time; on Linux the package tzdata has them)");
        return TimeZoneInfo.Utc;
    }

    private static string? Path(BlockReader block)
    {
        const string Form = "as {date}/{dtu}.csv, with '/' between folders";
        if (block.NonEmpty("path", Form) is not { } path)
        {
            return null;
        }

        if (!path.Contains(ArchivePath.Date, StringComparison.Ordinal) || !path.Contains(ArchivePath.Dtu, StringComparison.Ordinal))
        {
            block.Fault("path", $"'{KeyPath.Shown(path)}' does not have both {ArchivePath.Date} and {ArchivePath.Dtu}: files would replace each other", Form);
            return null;
        }

        var literal = path.Replace(ArchivePath.Date, "", StringComparison.Ordinal).Replace(ArchivePath.Dtu, "", StringComparison.Ordinal);
        var steps = path.Split('/');
        if (literal.Any(c => char.IsControl(c) || c is '{' or '}' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|')
            || steps.Any(step => step is "" or "." or ".." || step.Trim() != step || step[^1] == '.')
            || path.EndsWith(ArchivePath.PartSuffix, StringComparison.OrdinalIgnoreCase))
        {
            block.Fault("path", $"'{KeyPath.Shown(path)}' is no path of a file below the target's folder",
                $"{Form}; no other braces, no '.' or '..' as a folder, no '/' at either end, none of \\ : * ? \" < > |, and not {ArchivePath.PartSuffix} at its end");
            return null;
        }

        if (Encoding.UTF8.GetByteCount(path) > LongestPath || steps.Any(step => Encoding.UTF8.GetByteCount(step) > LongestStep))
        {
            block.Fault("path", "is too long: an id and a date stand in it too", $"at most {LongestPath} bytes, {LongestStep} between two '/'");
            return null;
        }

        return path;
    }

    private static (TimeSpan Min, TimeSpan Max) Retry(BlockReader archive)
    {
        var (min, max) = (TimeSpan.FromSeconds(30), TimeSpan.FromHours(1));
        if (archive.Nested("retry", Schema.ArchiveRetry, "min = 30s, max = 1h ") is not { } block)
        {
            return (min, max);
        }

        (min, max) = (block.Duration("min", min, LeastRetry, MostRetry), block.Duration("max", max, LeastRetry, MostRetry));
        if (max < min)
        {
            block.Fault("max", $"{Scalars.Show(max)} is less than min", $"at least {Scalars.Show(min)}");
        }

        return (min, max);
    }

    private static string? On(BlockReader block)
    {
        var context = block.Context;
        var on = block.NonEmpty("on", $"a node's name, as {context.NodeName}");
        if (on is null)
        {
            if (context.IsClustered && !block.Has("on"))
            {
                block.Fault("on", "is missing: in a cluster one node carries an archive", $"a node's name, as {context.NodeName}");
            }

            return null;
        }

        if (!Scalars.IsName(on) || on is "each" or "one")
        {
            block.Fault("on", $"'{KeyPath.Shown(on)}' is no node's name", $"1 to 64 letters, digits, '_', '-', '.', as {context.NodeName}");
        }
        else if (on != context.NodeName && !context.IsClustered)
        {
            block.Fault("on", $"'{KeyPath.Shown(on)}' is another node, and there is no cluster", $"{context.NodeName}, or nothing; or cluster.enabled = on");
        }

        return on;
    }
}
