using Akka.Actor.Setup;
using Akka.Persistence.Sql.Config;
using DtuActors.Storage;
using LinqToDB;

namespace DtuActors.Commanding;

/// <summary>The journal and the snapshots of commands: Akka.Persistence.Sql on the gateway's database, with plug-ins and tables of their own.</summary>
public static class CommandJournal
{
    public const string JournalPlugin = "akka.persistence.journal.dtu";
    public const string SnapshotPlugin = "akka.persistence.snapshot-store.dtu";

    private const string Part = "commands";

    /// <summary>The configuration of both plug-ins.</summary>
    /// <remarks>
    /// Nothing is filtered where events are read: the plug-in names a process as the writer and not an actor, so of a queue that goes from one node to another and back, the filter takes
    /// what was written last for an old writer's and throws it away. Two that write at once can't be: the second one's number is taken, its write fails, and it reads what is there.
    /// </remarks>
    public static string Hocon(Database database) => $$"""
        dtu-journal-dispatcher {
          type = ForkJoinDispatcher
          dedicated-thread-pool { thread-count = 3, threadtype = background }
        }
        akka.persistence {
          journal.dtu {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            plugin-id = "{{JournalPlugin}}"
            plugin-dispatcher = dtu-journal-dispatcher
            materializer-dispatcher = dtu-journal-dispatcher
            auto-initialize = off
            replay-filter.mode = off
            parallelism = {{(database is SqliteDatabase ? 1 : 3)}}
            circuit-breaker { max-failures = 5, call-timeout = 10s, reset-timeout = 5s }
            default {
              journal.table-name = "command_journal"
              tag.table-name = "command_tags"
            }
          }
          snapshot-store.dtu {
            class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
            plugin-id = "{{SnapshotPlugin}}"
            plugin-dispatcher = dtu-journal-dispatcher
            auto-initialize = off
            circuit-breaker { max-failures = 5, call-timeout = 10s, reset-timeout = 5s }
            default.snapshot.table-name = "command_snapshots"
          }
        }
        """;

    /// <summary>What makes the events Protobuf.</summary>
    public const string SerializerHocon = """
        akka.actor {
          serializers.dtu-commands = "DtuActors.Commanding.Journal.CommandSerializer, DtuActors"
          serialization-bindings {
            "DtuActors.Commanding.CommandEvent, DtuActors" = dtu-commands
            "DtuActors.Commanding.CommandQueue, DtuActors" = dtu-commands
          }
        }
        """;

    /// <summary>How both connect.</summary>
    public static Setup Connections(Database database)
    {
        // By the provider's name: the plug-in reads it from here.
        var options = database is SqliteDatabase
            ? new DataOptions().UseConnectionString(ProviderName.SQLiteMS, SqliteDatabase.Pooled(database.ConnectionString)).UseAfterConnectionOpened(SqliteDatabase.Settle)
            : new DataOptions().UseConnectionString(ProviderName.PostgreSQL15, database.ConnectionString);
        var setup = new MultiDataOptionsSetup();
        setup.AddDataOptions(JournalPlugin, options);
        setup.AddDataOptions(SnapshotPlugin, options);
        return setup;
    }

    /// <summary>Makes the tables, or brings them up to date, and reads whose commands may be open. Blocks; throws <see cref="StorageException"/>.</summary>
    public static IReadOnlyList<string> Open(Database database)
    {
        using var connection = database.Open();
        SchemaVersions.Prepare(database, connection, Part, "the journal of commands", [Tables(database)]);
        return database.Run(() =>
        {
            var open = new List<string>();
            using var select = connection.Command("select distinct persistence_id from command_journal where not deleted");
            using var row = select.ExecuteReader();
            while (row.Read())
            {
                open.Add(row.GetString(0));
            }

            return open;
        });
    }

    // As Akka.Persistence.Sql 1.5 has them, but for indexes that only projections would use.
    private static string Tables(Database database) => $"""
        create table command_journal (
          ordering {database.Serial}, created bigint not null, deleted boolean not null, persistence_id varchar(255) not null, sequence_number bigint not null,
          message {database.Bytes} not null, manifest varchar(500), identifier integer, writer_uuid varchar(128));
        create unique index command_journal_uq on command_journal (persistence_id, sequence_number);
        create table command_tags (
          ordering_id bigint not null, tag varchar(64) not null, sequence_nr bigint not null, persistence_id varchar(255) not null, primary key (ordering_id, tag));
        create table command_snapshots (
          persistence_id varchar(255) not null, sequence_number bigint not null, created bigint not null, snapshot {database.Bytes}, manifest varchar(500), serializer_id integer,
          primary key (persistence_id, sequence_number))
        """;
}
