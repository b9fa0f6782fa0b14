using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace DtuActors.Clustering.Wire;

/// <summary>
/// What crosses nodes (<see cref="IWire"/>) as Protobuf (<c>wire.proto</c>), told apart by short manifests; <see cref="WireProtocol"/> says how releases get on with each other.
/// Whatever is wrong with one message is a <see cref="SerializationException"/> that names its manifest: Akka.Remote logs it, drops the message, and keeps the association.
/// </summary>
public sealed class WireSerializer : SerializerWithStringManifest
{
    /// <summary>Said by every message on the wire: never another's, never changed.</summary>
    public const int Id = 6451;

    /// <summary>What makes the messages Protobuf.</summary>
    public const string Hocon = """
        akka.actor {
          serializers.dtu-wire = "DtuActors.Clustering.Wire.WireSerializer, DtuActors"
          serializers.json = "DtuActors.Clustering.Wire.NoJson, DtuActors"
          serialization-bindings { "DtuActors.Clustering.IWire, DtuActors" = dtu-wire }
        }
        """;

    private static readonly WireForm[] Forms = [.. HoldingForms.All, .. AskingForms.All, .. QueueingForms.All, .. RelayForms.All, .. PeeringForms.All, .. DeskForms.All, .. LeasingForms.All];
    private static readonly FrozenDictionary<Type, WireForm> ByType = Forms.ToFrozenDictionary(form => form.Message);
    private static readonly FrozenDictionary<string, WireForm> ByManifest = Forms.ToFrozenDictionary(form => form.Manifest);

    private readonly WireParts _parts;

    public WireSerializer(ExtendedActorSystem system)
        : base(system) => _parts = new WireParts(system);

    public override int Identifier => Id;

    public override string Manifest(object o) => FormOf(o).Manifest;

    public override byte[] ToBinary(object obj)
    {
        var form = FormOf(obj);
        try
        {
            return form.Write(obj, _parts);
        }
        catch (Exception unwritable) when (unwritable is not SerializationException)
        {
            // Anything else that is thrown here costs Akka.Remote the association, and with it what others say.
            throw new SerializationException($"'{form.Manifest}' for another node cannot be written: {unwritable.Message}", unwritable);
        }
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!ByManifest.TryGetValue(manifest, out var form))
        {
            throw new SerializationException($"another node says '{manifest}', which this release of the program does not know");
        }

        try
        {
            return form.Read(bytes, _parts);
        }
        catch (Exception unreadable) when (unreadable is not SerializationException)
        {
            throw new SerializationException($"'{manifest}' from another node cannot be read: {unreadable.Message}", unreadable);
        }
    }

    private static WireForm FormOf(object message) =>
        ByType.TryGetValue(message.GetType(), out var form) ? form : throw new SerializationException($"no form for other nodes: {message.GetType()}");
}
