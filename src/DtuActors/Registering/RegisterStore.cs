using System.Globalization;
using DtuActors.Protocol;
using DtuActors.Storage;
using Microsoft.Data.Sqlite;

namespace DtuActors.Registering;

/// <summary>
/// The register's table in the node's SQLite database. Every call blocks and writes are on disk when it returns; one caller at a time. Throws
/// <see cref="StorageException"/>.
/// </summary>
internal sealed class RegisterStore : IDisposable
{
    /// <summary>What the table looks like; a database may hold other parts with versions of their own.</summary>
    private const int Version = 1;

    private const string Part = "register";
    private const int CantOpen = 14;

    private readonly SqliteConnection _connection;

    private RegisterStore(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the database, and makes file, folder and table where they are not there.</summary>
    public static RegisterStore Open(string path)
    {
        // Not pooled: a pool would hold the file after the gateway's end.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            CreateFile(path);
            connection.Open();
            var store = new RegisterStore(connection);
            store.Prepare();
            return store;
        }
        catch (Exception failure) when (failure is SqliteException or StorageException or IOException or UnauthorizedAccessException)
        {
            connection.Dispose();
            throw new StorageException(failure is SqliteException { SqliteErrorCode: CantOpen } ? Reason(path, failure) : Words(failure), failure);
        }
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<RegisteredDtu> Read() => Tell(() =>
    {
        var rows = new List<RegisteredDtu>();
        using var select = Command("select id, name, profile, groups, secret, port, aliases, note from register_dtus");
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            if (!DtuId.TryParse(reader.GetString(0), out var id))
            {
                throw new StorageException("the register has a row whose id is none");
            }

            rows.Add(new RegisteredDtu
            {
                Id = id,
                Name = reader.GetString(1),
                Profile = reader.GetString(2),
                Groups = RegisterColumns.Split(reader.GetString(3)),
                Secret = reader.GetString(4),
                Port = reader.GetInt32(5),
                Aliases = RegisterColumns.Split(reader.GetString(6)),
                Note = reader.GetString(7),
            });
        }

        return rows;
    });

    /// <summary>Writes rows that are new or changed, all or none.</summary>
    public void Write(IEnumerable<RegisteredDtu> rows) => Tell(() =>
    {
        using var transaction = _connection.BeginTransaction();
        using var upsert = Command("""
            insert into register_dtus (id, name, profile, groups, secret, port, aliases, note) values ($id, $name, $profile, $groups, $secret, $port, $aliases, $note)
            on conflict (id) do update set name = $name, profile = $profile, groups = $groups, secret = $secret, port = $port, aliases = $aliases, note = $note
            """);
        upsert.Transaction = transaction;
        SqliteParameter[] values = [.. RegisterColumns.All.Select(column => upsert.Parameters.Add($"${column}", SqliteType.Text))];
        foreach (var dtu in rows)
        {
            foreach (var (column, value) in RegisterColumns.All.Zip(values))
            {
                value.Value = RegisterColumns.Write(dtu, column);
            }

            upsert.Parameters[$"${RegisterColumns.Port}"].Value = dtu.Port.ToString(CultureInfo.InvariantCulture);
            upsert.ExecuteNonQuery();
        }

        transaction.Commit();
        return true;
    });

    public void Delete(DtuId id) => Tell(() =>
    {
        using var delete = Command("delete from register_dtus where id = $id");
        delete.Parameters.AddWithValue("$id", id.Value);
        return delete.ExecuteNonQuery();
    });

    public void Dispose() => _connection.Dispose();

    // What was acknowledged survives a power cut: full, not normal.
    private void Prepare()
    {
        Execute("pragma journal_mode = wal");
        Execute("pragma synchronous = full");
        using var transaction = _connection.BeginTransaction();
        Execute("create table if not exists schema_versions (part text primary key, version integer not null) without rowid", transaction);
        Execute($"insert or ignore into schema_versions (part, version) values ('{Part}', {Version})", transaction);
        using var select = Command($"select version from schema_versions where part = '{Part}'");
        select.Transaction = transaction;
        if (select.ExecuteScalar() is not (long and Version))
        {
            throw new StorageException($"its register was written by another release of this program (this one reads version {Version})");
        }

        Execute("""
            create table if not exists register_dtus (
              id text primary key, name text not null, profile text not null, groups text not null, secret text not null, port integer not null,
              aliases text not null, note text not null) without rowid
            """, transaction);
        transaction.Commit();
    }

    private void Execute(string sql, SqliteTransaction? transaction = null)
    {
        using var command = Command(sql);
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    // SQLite gives its other files the same rights.
    private static void CreateFile(string path)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!Path.Exists(path))
        {
            PrivateFile.CreateNew(path).Dispose();
        }
    }

    // SQLite does not tell why a file can't be opened; the system does.
    private static string Reason(string path, Exception failure)
    {
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

    private static T Tell<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is SqliteException or InvalidCastException or IOException)
        {
            throw new StorageException(Words(failure), failure);
        }
    }

    // "SQLite Error 26: 'file is not a database'."
    private static string Words(Exception failure) =>
        failure is SqliteException && failure.Message.Split('\'', 2) is [_, var words] ? words.TrimEnd('.', '\'') : failure.Message;
}
