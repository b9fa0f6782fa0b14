using System.Data.Common;

namespace DtuActors.Storage;

/// <summary>
/// What the tables of each part of a database look like: table <c>schema_versions</c> has one number per part. A part of an older version is upgraded, step by step, in
/// one transaction; one of a newer release is refused, untouched.
/// </summary>
internal static class SchemaVersions
{
    /// <summary>Brings one part up to date. Throws <see cref="StorageException"/>.</summary>
    /// <param name="database">Where it is.</param>
    /// <param name="connection">An open connection to it.</param>
    /// <param name="part">The part's name: <c>register</c>.</param>
    /// <param name="named">What messages call it: <c>the register</c>.</param>
    /// <param name="steps">What makes version 1 of nothing, version 2 of version 1, and so on; each may have several statements.</param>
    public static void Prepare(Database database, DbConnection connection, string part, string named, IReadOnlyList<string> steps) => database.Run(() =>
    {
        using var transaction = connection.BeginTransaction();
        if (database.WaitForOthers is { } wait)
        {
            Execute(wait);
        }

        Execute("create table if not exists schema_versions (part varchar(64) primary key, version integer not null)");
        var version = Version();
        if (version > steps.Count)
        {
            throw new StorageException($"{named} in it was written by a newer release of this program (version {version}; this one reads up to {steps.Count})");
        }

        foreach (var step in steps.Skip(version))
        {
            Execute(step);
        }

        if (version < steps.Count)
        {
            Execute($"insert into schema_versions (part, version) values ('{part}', {steps.Count}) on conflict (part) do update set version = {steps.Count}");
        }

        transaction.Commit();

        void Execute(string sql)
        {
            using var command = connection.Command(sql, transaction);
            command.ExecuteNonQuery();
        }

        int Version()
        {
            using var command = connection.Command($"select version from schema_versions where part = '{part}'", transaction);
            return Convert.ToInt32(command.ExecuteScalar() ?? 0, System.Globalization.CultureInfo.InvariantCulture);
        }
    });
}
