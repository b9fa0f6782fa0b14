using System.Text.Json;
using DtuActors.Directory;
using DtuActors.Protocol;
using DtuActors.Storage;

namespace DtuActors.Recording;

/// <summary>The DTUs that were seen: a row for each.</summary>
internal sealed partial class HistoryStore
{
    /// <summary>Those that were seen last, at most so many, the longest unseen first. Others are forgotten.</summary>
    public IReadOnlyList<(DtuId Dtu, KnownDtu Known)> Known(int most) => _database.Run(() =>
    {
        using var delete = Command("delete from known_dtus where dtu not in (select dtu from known_dtus order by last_at desc limit @most)");
        Set(delete, "@most", (long)most);
        delete.ExecuteNonQuery();
        var rows = new List<(DtuId, KnownDtu)>();
        using var select = Command("select dtu, record from known_dtus order by last_at");
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            rows.Add((DtuId.TryParse(reader.GetString(0), out var id) ? id : throw new StorageException("the history has a row whose id is none"), Read<KnownDtu>(reader.GetString(1))));
        }

        return rows;
    });

    /// <summary>Writes all or nothing; null: forgets it.</summary>
    public void Write(IReadOnlyCollection<KeyValuePair<DtuId, KnownDtu?>> known)
    {
        if (known.Count == 0)
        {
            return;
        }

        _database.Run(() =>
        {
            using var transaction = _connection.BeginTransaction();
            using var upsert = Command("""
                insert into known_dtus (dtu, last_at, record) values (@dtu, @at, @record) on conflict (dtu) do update set last_at = excluded.last_at, record = excluded.record
                """);
            using var delete = Command("delete from known_dtus where dtu = @dtu");
            upsert.Transaction = delete.Transaction = transaction;
            Set(upsert, "@dtu", "");
            Set(upsert, "@at", 0L);
            Set(upsert, "@record", "");
            Set(delete, "@dtu", "");
            foreach (var (dtu, row) in known)
            {
                var command = row is null ? delete : upsert;
                command.Parameters[0].Value = dtu.Value;
                if (row is not null)
                {
                    command.Parameters[1].Value = Ticks(row.LastSeenAt);
                    command.Parameters[2].Value = JsonSerializer.Serialize(row, HistoryInserts.Json);
                }

                command.ExecuteNonQuery();
            }

            transaction.Commit();
        });
    }
}
