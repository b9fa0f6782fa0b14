using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace DtuActors.Clustering.Wire;

/// <summary>
/// Stands in the place of Akka's serializer for what has none of its own, which makes an object of whatever type a message names: it neither writes nor reads anything. Not to register
/// that one is not enough, for what comes in is read by the number that it names.
/// </summary>
public sealed class NoJson : Serializer
{
    /// <summary>That of <see cref="NewtonSoftJsonSerializer"/>, in Akka's reference.conf (<c>serialization-identifiers</c>).</summary>
    public const int Taken = 1;

    /// <param name="system">Whose serializer it is.</param>
    /// <param name="settings">Those of the one in whose place it is; it has none.</param>
    public NoJson(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    public override int Identifier => Taken;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} has no form for other nodes");

    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException("nodes do not speak JSON to each other");
}
