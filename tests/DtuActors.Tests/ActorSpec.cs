using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Configs;
using Akka.TestKit.Xunit2;

namespace DtuActors.Tests;

/// <summary>Probes with virtual time: nothing happens by the clock but what <see cref="Advance"/> makes happen. Every message is checked to be serializable or marked.</summary>
public abstract class ActorSpec(string extra = "") : TestKit(ConfigurationFactory.ParseString(extra)
    .WithFallback(ConfigurationFactory.ParseString("""
        akka {
          loglevel = WARNING
          actor.serialize-messages = on
          test.single-expect-default = 5s
        }
        """))
    .WithFallback(TestConfigs.TestSchedulerConfig))
{
    protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    /// <summary>Lets time pass in steps, so that a timer that is armed by another one fires too.</summary>
    /// <param name="time">So much in all.</param>
    /// <param name="step">So much at once; null: a tenth of a second.</param>
    /// <param name="settled">Handles each step's timers before the next one: what it arms it arms by the time at which it was due. Null: nobody does.</param>
    protected void Advance(TimeSpan time, TimeSpan? step = null, IActorRef? settled = null)
    {
        var by = step ?? TimeSpan.FromMilliseconds(100);
        for (var left = time; left > TimeSpan.Zero; left -= by)
        {
            Clock.Advance(left < by ? left : by);
            if (settled is not null)
            {
                Settle(settled);
            }
        }
    }

    /// <summary>Waits until the actor has started and has handled what was sent to it before.</summary>
    protected void Settle(IActorRef actor)
    {
        var probe = CreateTestProbe();
        actor.Tell(new Identify(null), probe);
        probe.ExpectMsg<ActorIdentity>();
    }
}
