using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Integration.Tests.MainJob;
using DtuActors.Tests.Sockets;
using Npgsql;

namespace DtuActors.Integration.Tests.Storage;

/// <summary>
/// Debian's PostgreSQL on a free port of the loopback address, with a password; one for all tests that need it, stopped and started again as one of them wants. It
/// refuses to run as root: then it is the user <c>postgres</c>.
/// </summary>
public sealed partial class PostgresServer : IAsyncLifetime
{
    /// <summary>Of the user <c>dtu</c>, who may everything.</summary>
    public const string Password = "pa55-of-the-server";

    private const int FastShutdown = 2;
    private const string Debian = "/usr/lib/postgresql";

    private readonly string? _programs = Programs();
    private string _folder = "";
    private Process? _process;
    private int _port;

    /// <summary><c>HOST:PORT</c>.</summary>
    public string Address => $"127.0.0.1:{_port}";

    /// <summary>Skips the test where there is no PostgreSQL.</summary>
    public void Need()
    {
        Tools.Need();
        Skip.If(_programs is null, "postgres is not installed");
    }

    public async Task InitializeAsync()
    {
        if (_programs is null)
        {
            return;
        }

        _folder = System.IO.Directory.CreateTempSubdirectory("dtu-postgres-").FullName;
        var password = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.IsPrivilegedProcess)
        {
            await EndAsync(Tools.Start("chown", "-R", "postgres", _folder));
        }

        await EndAsync(Run("initdb", "-D", Path.Combine(_folder, "data"), "-U", "dtu", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale", "C.UTF-8"));
        _port = FreePorts.Row(1);
        await StartAsync();
    }

    public async Task StartAsync()
    {
        _process = Run(
            "postgres", "-D", Path.Combine(_folder, "data"), "-p", _port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=");
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                await using var probe = new NpgsqlConnection(Connection("postgres"));
                await probe.OpenAsync(patience.Token);
                return;
            }
            catch (NpgsqlException)
            {
                Assert.False(_process.HasExited, "postgres ended");
                await timer.WaitForNextTickAsync(patience.Token);
            }
        }
    }

    /// <summary>Ends it, and every connection with it.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        Assert.Equal(0, Kill(process.Id, FastShutdown));
        using var patience = new CancellationTokenSource(HostProcess.Patience);
        await process.WaitForExitAsync(patience.Token);
        process.Dispose();
    }

    /// <summary>A database of its own for one test: its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        Need();
        var name = $"dtu_{Guid.NewGuid():n}";
        await using var connection = new NpgsqlConnection(Connection("postgres"));
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name}", connection);
        await create.ExecuteNonQueryAsync();
        return Connection(name);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        if (_folder.Length > 0)
        {
            System.IO.Directory.Delete(_folder, recursive: true);
        }
    }

    private string Connection(string database) => $"Host=127.0.0.1;Port={_port};Database={database};Username=dtu;Password={Password};Pooling=false";

    private Process Run(string program, params string[] arguments)
    {
        string[] command = Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", Path.Combine(_programs!, program)]
            : [Path.Combine(_programs!, program)];
        return Process.Start(new ProcessStartInfo(command[0], [.. command[1..], .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder })!;
    }

    private static async Task EndAsync(Process process)
    {
        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await errors);
        }
    }

    // Debian keeps them off the path: several versions may stand side by side.
    private static string? Programs() =>
        Tools.Find("postgres") is { } found ? Path.GetDirectoryName(found)
        : System.IO.Directory.Exists(Debian) ? System.IO.Directory.GetDirectories(Debian).Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "postgres")))
        : null;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int process, int signal);
}

/// <summary>The tests that share one PostgreSQL, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
