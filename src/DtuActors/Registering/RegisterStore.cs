using System.Data;
using System.Data.Common;
using System.Globalization;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Registering;

/// <summary>
/// The register's table. Every call blocks and writes are on disk when it returns; one caller at a time. Throws <see cref="StorageException"/>.
/// </summary>
internal sealed class RegisterStore : IDisposable
{
    /// <summary>The part's name, in the database and in <see cref="StorageHealth"/>.</summary>
    public const string Part = "register";

    // Apart from the rows: a release that does not know of revisions can have its register back.
    private const string RevisionPart = "register-revision";

    private readonly Database _database;
    private readonly DbConnection _connection;

    private RegisterStore(Database database, DbConnection connection) => (_database, _connection) = (database, connection);

    /// <summary>Whether its connection is gone, so that only another one can help.</summary>
    public bool IsLost => _connection.State is not ConnectionState.Open;

    /// <summary>Opens the database, and makes the table, or what an older release made of it the table of this one.</summary>
    public static RegisterStore Open(Database database)
    {
        var connection = database.Open();
        try
        {
            SchemaVersions.Prepare(database, connection, Part, "the register", Steps(database));
            SchemaVersions.Prepare(database, connection, RevisionPart, "the register's revision", RevisionSteps(database));
            return new RegisterStore(database, connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>How often it was changed, by whichever node: it rises with each <see cref="TryWrite"/> and <see cref="TryDelete"/>.</summary>
    public long Revision() => _database.Run(() =>
    {
        using var select = _connection.Command("select revision from register_revision");
        return Convert.ToInt64(select.ExecuteScalar(), CultureInfo.InvariantCulture);
    });

    /// <summary>All rows, which are at least of <paramref name="revision"/>: another node may have changed some since, and what is written by this number is refused then.</summary>
    public IReadOnlyList<RegisteredDtu> Read(out long revision)
    {
        revision = Revision();
        return Read();
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<RegisteredDtu> Read() => _database.Run(() =>
    {
        var rows = new List<RegisteredDtu>();
        using var select = _connection.Command("select id, name, profile, groups, secret, port, aliases, note from register_dtus");
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

    /// <summary>Writes rows that are new or changed, each once, all or none; false, and nothing is written, where the register is not of <paramref name="revision"/> any more.</summary>
    public bool TryWrite(IEnumerable<RegisteredDtu> rows, long revision) => _database.Run(() =>
    {
        using var transaction = _connection.BeginTransaction();
        if (!IsNext(revision, transaction))
        {
            return false;
        }

        DbCommand? upsert = null;
        try
        {
            foreach (var some in rows.Chunk(_database.RowsInOne))
            {
                if (upsert?.Parameters.Count != some.Length * RegisterColumns.All.Length)
                {
                    upsert?.Dispose();
                    upsert = Upsert(some.Length, transaction);
                }

                foreach (var (place, value) in some.SelectMany(dtu => RegisterColumns.All.Select(column => Value(dtu, column))).Index())
                {
                    upsert.Parameters[place].Value = value;
                }

                upsert.ExecuteNonQuery();
            }
        }
        finally
        {
            upsert?.Dispose();
        }

        transaction.Commit();
        return true;
    });

    /// <summary>Takes a row out; false, and nothing is changed, where the register is not of <paramref name="revision"/> any more.</summary>
    public bool TryDelete(DtuId id, long revision) => _database.Run(() =>
    {
        using var transaction = _connection.BeginTransaction();
        if (!IsNext(revision, transaction))
        {
            return false;
        }

        using var delete = _connection.Command("delete from register_dtus where id = @id", transaction);
        delete.Bind("id", id.Value);
        delete.ExecuteNonQuery();
        transaction.Commit();
        return true;
    });

    /// <summary>Writes something that changes nothing.</summary>
    public void Touch() => Execute($"update schema_versions set version = version where part = '{Part}'");

    public void Dispose() => _connection.Dispose();

    private static string[] Steps(Database database) =>
    [
        $"""
        create table register_dtus (
          id text primary key, name text not null, profile text not null, groups text not null, secret text not null, port integer not null,
          aliases text not null, note text not null) {database.Clustered}
        """,
    ];

    private static string[] RevisionSteps(Database database) =>
    [
        $"create table register_revision (one integer primary key, revision {database.BigInt} not null); insert into register_revision (one, revision) values (1, 0)",
    ];

    // Nodes that write at once take turns at this row: the second finds another number. What was checked against the rows as they were holds until the transaction's end.
    private bool IsNext(long revision, DbTransaction transaction)
    {
        using var update = _connection.Command("update register_revision set revision = revision + 1 where revision = @revision", transaction);
        update.Bind("revision", revision);
        return update.ExecuteNonQuery() == 1;
    }

    private static object Value(RegisteredDtu dtu, string column) => column == RegisterColumns.Port ? dtu.Port : RegisterColumns.Write(dtu, column);

    private void Execute(string sql) => _database.Run(() =>
    {
        using var command = _connection.Command(sql);
        command.ExecuteNonQuery();
    });

    private DbCommand Upsert(int rows, DbTransaction transaction)
    {
        var columns = RegisterColumns.All;
        var values = Enumerable.Range(0, rows).Select(row => $"({string.Join(", ", columns.Select(column => $"@{column}{row}"))})");
        var upsert = _connection.Command(
            $"""
            insert into register_dtus ({string.Join(", ", columns)}) values {string.Join(", ", values)}
            on conflict (id) do update set {string.Join(", ", columns.Skip(1).Select(column => $"{column} = excluded.{column}"))}
            """,
            transaction);
        for (var row = 0; row < rows; row++)
        {
            foreach (var column in columns)
            {
                upsert.Bind($"{column}{row}", null);
            }
        }

        return upsert;
    }
}
