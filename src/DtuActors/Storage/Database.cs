using System.Data.Common;
using System.Net.Sockets;
using DtuActors.Configuration;

namespace DtuActors.Storage;

/// <summary>
/// Where the gateway stores: a SQLite file, or a database of PostgreSQL. Opens connections, and says what the two of them write differently; SQL is otherwise the
/// same for both, with parameters as <c>@name</c>. Every call blocks: callers have threads for that. Throws <see cref="StorageException"/>.
/// </summary>
public abstract class Database
{
    /// <summary>The key that says where it is, for messages.</summary>
    public abstract string KeyPath { get; }

    /// <summary>The file, or <c>HOST:PORT/DATABASE</c>: never a password.</summary>
    public abstract string Place { get; }

    /// <summary>The type of a column of bytes.</summary>
    public abstract string Bytes { get; }

    /// <summary>The type of a column of whole numbers of 64 bits.</summary>
    public abstract string BigInt { get; }

    /// <summary>The type of a primary key that counts up by itself.</summary>
    public abstract string Serial { get; }

    /// <summary>What stands behind a table that is stored in the order of its primary key, where there is such a thing.</summary>
    public abstract string Clustered { get; }

    /// <summary>How many rows one statement should write: many where each is a round trip, few where parameters are found by search.</summary>
    public abstract int RowsInOne { get; }

    /// <summary>How others connect to it.</summary>
    internal abstract string ConnectionString { get; }

    /// <summary>What a transaction says first that changes tables, so that another node's waits for its end; null: its beginning does that.</summary>
    internal virtual string? WaitForOthers => null;

    /// <summary>Where commands, the register and the audit trail are stored; null: nothing is.</summary>
    public static Database? Of(StorageOptions storage) => storage.Provider switch
    {
        StorageProvider.Sqlite => new SqliteDatabase(storage.Path!),
        StorageProvider.PostgreSql => new PostgresDatabase(storage.Connection!),
        _ => null,
    };

    /// <summary>
    /// Where history is stored: a file of its own beside the other, so that it may grow, fail or be thrown away without touching what must not be lost, and neither waits
    /// for the other's writes; with PostgreSQL the same database. Its commits, several a second, do not wait for the disk: what a power cut takes is the last batch.
    /// </summary>
    /// <param name="storage">As configured.</param>
    /// <param name="node">The node of a cluster whose history it is: nodes that share a database number and trim their rows each for itself, in a schema of its own. Null: there is one.</param>
    public static Database? OfHistory(StorageOptions storage, string? node = null) => storage.Provider switch
    {
        StorageProvider.Sqlite => new SqliteDatabase(SqliteDatabase.Beside(storage.Path!, "history"), survivesPowerCut: false),
        StorageProvider.PostgreSql when node is not null => new PostgresDatabase(storage.Connection!, PostgresDatabase.SchemaOf("history_of_", node)),
        _ => Of(storage),
    };

    /// <summary>An open connection; whoever opens it disposes it.</summary>
    /// <param name="make">Whether folder and file are made where they are not there.</param>
    public DbConnection Open(bool make = true)
    {
        try
        {
            return OpenConnection(make);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw new StorageException(Reason(failure), failure);
        }
    }

    /// <summary>Runs what reads or writes, with its failures as <see cref="StorageException"/>.</summary>
    public T Run<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw new StorageException(Words(failure), failure);
        }
    }

    /// <inheritdoc cref="Run{T}"/>
    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <summary>From now on this connection's commits don't wait for the disk: a power cut takes the last second along, and damages nothing.</summary>
    internal abstract void Relax(DbConnection connection);

    protected abstract DbConnection OpenConnection(bool make);

    /// <summary>Why it can't be opened, in words.</summary>
    protected virtual string Reason(Exception failure) => Words(failure);

    /// <summary>What failed, in words.</summary>
    protected abstract string Words(Exception failure);

    // What a row holds and was not written by this program is a failure of the database too.
    protected virtual bool IsFailure(Exception failure) =>
        failure is DbException or IOException or SocketException or UnauthorizedAccessException or InvalidCastException or FormatException or TimeoutException
        || failure is InvalidOperationException { InnerException: DbException or IOException or TimeoutException };
}
