using Akka.Actor;
using DtuActors.Protocol;

namespace DtuActors.Sessions;

/// <summary>
/// Which of several sessions of one DTU is the newer one: the DTU's owner grants max(last known + 1, UTC milliseconds); the random part decides
/// between two that were granted apart from each other.
/// </summary>
public readonly record struct Epoch(long Number, long Salt) : IComparable<Epoch>
{
    /// <summary>The next one where <paramref name="last"/> was the highest number. The salt only tells apart what was granted apart: nobody gains by guessing it.</summary>
    public static Epoch After(long last, DateTimeOffset now) =>
        new(Math.Max(last + 1, now.ToUnixTimeMilliseconds()), Random.Shared.NextInt64(long.MinValue, long.MaxValue));

    public int CompareTo(Epoch other) => Number != other.Number ? Number.CompareTo(other.Number) : Salt.CompareTo(other.Salt);

    public static bool operator <(Epoch left, Epoch right) => left.CompareTo(right) < 0;
    public static bool operator >(Epoch left, Epoch right) => left.CompareTo(right) > 0;
    public static bool operator <=(Epoch left, Epoch right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Epoch left, Epoch right) => left.CompareTo(right) >= 0;
}

/// <summary>One session: a DTU's id, the epoch under which it is held, and the ConnectionActor that holds its socket.</summary>
public sealed record SessionRef(DtuId Id, Epoch Epoch, IActorRef Connection);

/// <summary>Why a session ended: the words of CONTRACT ("Reasons").</summary>
public static class EndReasons
{
    public const string Closed = "closed";
    public const string Reset = "reset";
    public const string Silent = "silent";
    public const string Replaced = "replaced";
    public const string Kicked = "kicked";
    public const string Refused = "refused";
    public const string Stopping = "stopping";
    public const string Failed = "failed";

    /// <summary>The node that had its socket is gone.</summary>
    public const string NodeLost = "node-lost";
}
