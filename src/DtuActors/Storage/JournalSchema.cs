namespace DtuActors.Storage;

/// <summary>
/// The commands' journal among the parts of the database. Its tables are made by Akka.Persistence.Sql itself; the version is that of what this program writes into
/// them, so that a journal of a newer release is refused before the plugin reads it.
/// </summary>
internal static class JournalSchema
{
    public const string Part = "commands";

    // Whoever changes what an event says, or how the plugin lays out its tables, adds a step.
    private static readonly string[] Steps = ["select 1"];

    /// <summary>Before the journal is used. Throws <see cref="StorageException"/>.</summary>
    public static void Prepare(Database database)
    {
        using var connection = database.Open();
        SchemaVersions.Prepare(database, connection, Part, "the commands' journal", Steps);
    }
}
