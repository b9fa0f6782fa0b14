using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace DtuActors.Storage;

/// <summary>A SQLite file with a write-ahead log. What a transaction has committed survives the end of the process, whatever ends it.</summary>
/// <param name="path">The file.</param>
/// <param name="survivesPowerCut">
/// A commit waits for the disk. Without it a power cut may take the last commits, the newest first, and damages nothing: SQLite's <c>synchronous = normal</c>.
/// </param>
internal sealed class SqliteDatabase(string path, bool survivesPowerCut = true) : Database
{
    private const int CantOpen = 14;

    // Writers in this process wait for each other that long: one that writes without a pause leaves the others short moments only.
    private const int BusySeconds = 15;
    private static readonly string Pragmas = $"pragma busy_timeout = {BusySeconds * 1000}; pragma journal_mode = wal; pragma synchronous = full";

    public override string KeyPath => "dtu.storage.path";

    public override string Place => path;

    public override string Bytes => "blob";

    public override string BigInt => "integer";

    public override string Serial => "integer primary key autoincrement";

    public override string Clustered => "without rowid";

    // Each value looks for its name among all of the statement's. Measured, 200 rows of 8 columns: 1.2 ms by 5 rows, 1.4 by 10, 3.0 by 50; 1.2 to 2.0 ms one by one.
    public override int RowsInOne => 5;

    // Not pooled: a pool would hold the file after the gateway's end.
    internal override string ConnectionString =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusySeconds }.ToString();

    /// <summary><c>data/dtu.db</c> and <c>history</c>: <c>data/dtu-history.db</c>.</summary>
    public static string Beside(string path, string part) =>
        Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(path)}-{part}{Path.GetExtension(path)}");

    /// <summary>The same, for many short connections of which some stay open; <see cref="ClosePool"/> closes them.</summary>
    public static string Pooled(string connection) => new SqliteConnectionStringBuilder(connection) { Pooling = true }.ToString();

    public void ClosePool()
    {
        using var pooled = new SqliteConnection(Pooled(ConnectionString));
        SqliteConnection.ClearPool(pooled);
    }

    /// <summary>What every connection begins with.</summary>
    public static void Settle(DbConnection connection)
    {
        // SQLite's own waiting for a lock looks again within milliseconds, the provider's sleeps for 150.
        using var command = connection.Command(Pragmas);
        command.ExecuteNonQuery();
    }

    internal override void Relax(DbConnection connection) => Run(() =>
    {
        using var command = connection.Command("pragma synchronous = normal");
        command.ExecuteNonQuery();
    });

    protected override DbConnection OpenConnection(bool make)
    {
        if (make)
        {
            CreateFile();
        }

        var mode = new SqliteConnectionStringBuilder(ConnectionString) { Mode = SqliteOpenMode.ReadWrite };
        var connection = new SqliteConnection(mode.ToString());
        try
        {
            connection.Open();
            Settle(connection);
            if (!survivesPowerCut)
            {
                using var command = connection.CreateCommand();
                command.CommandText = "pragma synchronous = normal";
                command.ExecuteNonQuery();
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // SQLite does not tell why a file can't be opened; the system does.
    protected override string Reason(Exception failure)
    {
        if (failure is not SqliteException { SqliteErrorCode: CantOpen })
        {
            return Words(failure);
        }

        if (System.IO.Directory.Exists(path))
        {
            return "it is a folder";
        }

        try
        {
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite).Dispose();
            return Words(failure);
        }
        catch (Exception reason) when (reason is IOException or UnauthorizedAccessException)
        {
            return reason.Message;
        }
    }

    // "SQLite Error 26: 'file is not a database'."
    protected override string Words(Exception failure) =>
        failure is SqliteException && failure.Message.Split('\'', 2) is [_, var words] ? words.TrimEnd('.', '\'') : failure.Message;

    // SQLite gives its other files the same rights.
    private void CreateFile()
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            // Never opened otherwise: closing it would take SQLite's locks with it, those of every connection of this process (fcntl(2)).
            if (!Path.Exists(path))
            {
                PrivateFile.CreateNew(path).Dispose();
            }
        }
        catch (IOException) when (Path.Exists(path))
        {
            // The register, the journal and the history begin at once: another one has just made it.
        }
    }
}
