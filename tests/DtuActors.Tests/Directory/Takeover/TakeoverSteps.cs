using System.Globalization;

namespace DtuActors.Tests.Directory.Takeover;

/// <summary>What can happen to a DTU's sessions. Whom it happens to is a number from the last one that came.</summary>
public enum What
{
    Claim,
    ClaimAfterGoingAhead,
    GoAhead,
    SayAgain,
    TheNextSaysAgain,
    ProveIt,
    MakeRoom,
    MakeRoomAlive,
    TakeOverAlive,
    Fight,
    TakeTurns,
    Close,
    DieWithoutAWord,
    LateEnd,
    LateLife,
    ActorDies,
    ActorDiesAndAllSayAgain,
    ASecond,
    TenSeconds,
    AMinute,
    FiveMinutes,
}

public sealed record Step(What What, byte Who)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What} {Who}");
}

/// <summary>A fault put between the sessions and their DTU's actor on purpose: the run has to find it, or it finds nothing.</summary>
public enum TakeoverPlant
{
    None,

    /// <summary>Whoever ends, ends the holder: removed without being compared.</summary>
    AnyEndIsTheHolders,

    /// <summary>All are granted the first one's epoch.</summary>
    EpochStands,

    /// <summary>Who claims is granted what the holder has.</summary>
    Generous,

    /// <summary>Who is superseded hears it twice.</summary>
    ToldTwice,

    /// <summary>Nobody counts who was alive.</summary>
    NobodyCounts,

    /// <summary>A conflict makes nobody wait.</summary>
    NobodyWaits,

    /// <summary>A session that dies without a word is not missed.</summary>
    NobodyWatches,
}
