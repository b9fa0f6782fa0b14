using Akka.Actor;

namespace DtuActors;

/// <summary>
/// Makes actors of which there is one for each connection: by a function and what it takes, for Akka's own way looks for the constructor by its arguments' types each time.
/// </summary>
internal static class Maker
{
    /// <param name="make">Static: what it takes, it takes from <paramref name="from"/>.</param>
    /// <param name="from">Of this one actor.</param>
    public static Props Of<TActor, TFrom>(TFrom from, Func<TFrom, TActor> make)
        where TActor : ActorBase => Props.CreateBy(new Maker<TActor, TFrom>(from, make));
}

internal sealed class Maker<TActor, TFrom>(TFrom from, Func<TFrom, TActor> make) : IIndirectActorProducer
    where TActor : ActorBase
{
    public Type ActorType => typeof(TActor);

    public ActorBase Produce() => make(from);

    public void Release(ActorBase actor)
    {
    }
}
