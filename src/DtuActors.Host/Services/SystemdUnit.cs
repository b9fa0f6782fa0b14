using System.Text;
using DtuActors.Host.Commands;

namespace DtuActors.Host.Services;

/// <summary>The text of the unit: that of packaging/dtu.service, with this installation's path, configuration, name and user in it.</summary>
internal static class SystemdUnit
{
    /// <summary>First line of every unit that is ours to replace or remove.</summary>
    public const string Mark = "# Written by dtu service install; dtu service uninstall removes it.";

    /// <param name="request">What was asked for.</param>
    /// <param name="program">What starts this program: full paths.</param>
    /// <param name="serialGroup">The group that may open serial ports on that system; null: none is known.</param>
    /// <param name="writable">Folders beside the state folder that the service writes to.</param>
    public static string Render(ServiceRequest request, IEnumerable<string> program, string? serialGroup, IReadOnlyList<string> writable)
    {
        var start = string.Join(' ', program.Concat(["run", "-c", request.Configuration]).Select(Quote));
        var unit = new StringBuilder(Mark).Append('\n');
        foreach (var line in Template().Split('\n').Skip(1))
        {
            switch (line.Split('=')[0])
            {
                case "ExecStart":
                    unit.Append("ExecStart=").Append(start).Append('\n');
                    break;
                case "User" or "DynamicUser" when request.User is not null:
                    unit.Append(line.StartsWith("User", StringComparison.Ordinal) ? $"User={Escape(request.User)}\n" : "");
                    break;
                case "ProtectHome" when request.User is not null:
                    // The account's own folder may hold the configuration and the data.
                    unit.Append("ProtectHome=no\n");
                    break;
                case "SupplementaryGroups":
                    unit.Append(serialGroup is null ? "" : $"SupplementaryGroups={serialGroup}\n");
                    break;
                case "ProtectSystem" when writable.Count > 0:
                    unit.Append(line).Append('\n').Append("ReadWritePaths=").AppendJoin(' ', writable.Select(Quote)).Append('\n');
                    break;
                default:
                    unit.Append(Renamed(line, request.Name)).Append('\n');
                    break;
            }
        }

        return unit.ToString().TrimEnd('\n') + "\n";
    }

    // Folders and user carry the service's name, so that two services on a machine share nothing.
    private static string Renamed(string line, string name) => line switch
    {
        "User=dtu" or "StateDirectory=dtu" or "RuntimeDirectory=dtu" or "CacheDirectory=dtu" => line[..^3] + name,
        _ => line.Replace("/var/lib/dtu", $"/var/lib/{name}", StringComparison.Ordinal)
            .Replace("/var/cache/dtu", $"/var/cache/{name}", StringComparison.Ordinal)
            .Replace("/run/dtu", $"/run/{name}", StringComparison.Ordinal),
    };

    /// <summary>One word of a unit's command line (systemd.service, systemd.syntax).</summary>
    internal static string Quote(string word)
    {
        var escaped = Escape(word).Replace("$", "$$", StringComparison.Ordinal);
        return escaped == word && !word.Any(char.IsWhiteSpace) && !word.Contains('\'', StringComparison.Ordinal) && !word.Contains(';', StringComparison.Ordinal) ? word : $"\"{escaped}\"";
    }

    private static string Escape(string word) => word.Any(char.IsControl)
        ? throw new ServiceException($"'{Terminal.Safe(word)}' can't stand in a unit: it has control characters")
        : word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal);

    private static string Template()
    {
        using var reader = new StreamReader(typeof(SystemdUnit).Assembly.GetManifestResourceStream("dtu.service")
            ?? throw new InvalidOperationException("the unit is not in the assembly"));
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
