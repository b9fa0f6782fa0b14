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

    // Writers in this process wait for each other that long.
    private const int BusySeconds = 5;

    public override string KeyPath => "dtu.storage.path";

    public override string Place => path;

    public override string Bytes => "blob";

    public override string Clustered => "without rowid";

    internal override string LinqProvider => "SQLite.MS";

    // Not pooled: a pool would hold the file after the gateway's end.
    internal override string ConnectionString =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusySeconds }.ToString();

    /// <summary><c>data/dtu.db</c> and <c>history</c>: <c>data/dtu-history.db</c>.</summary>
    public static string Beside(string path, string part) =>
        Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(path)}-{part}{Path.GetExtension(path)}");

    protected override DbConnection OpenConnection()
    {
        CreateFile();
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();

            // SQLite's own waiting for a lock looks again within milliseconds, the provider's sleeps for 150.
            foreach (var pragma in (ReadOnlySpan<string>)[$"busy_timeout = {BusySeconds * 1000}", "journal_mode = wal", $"synchronous = {(survivesPowerCut ? "full" : "normal")}"])
            {
                using var command = connection.CreateCommand();
                command.CommandText = "pragma " + pragma;
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
        if (!Path.Exists(path))
        {
            PrivateFile.CreateNew(path).Dispose();
        }
    }
}
