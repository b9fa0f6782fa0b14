using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using DtuActors.Dispatching;

namespace DtuActors.Tests;

/// <summary>Virtual time whose wall clock can be set, while the time that nobody sets goes on.</summary>
public sealed class SetClock(Config config, ILoggingAdapter log) : TestScheduler(config, log), IScheduler, ISteadyScheduler
{
    /// <summary>What a spec's configuration says to have it.</summary>
    public const string Hocon = "akka.scheduler.implementation = \"DtuActors.Tests.SetClock, DtuActors.Tests\"";

    /// <summary>So far from the time that it would be.</summary>
    public TimeSpan IsOffBy { get; set; }

    DateTimeOffset ITimeProvider.Now => Now + IsOffBy;

    DateTimeOffset ISteadyScheduler.SteadyNow => Now;
}
