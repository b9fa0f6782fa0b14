using System.Collections;
using System.Globalization;
using System.Reflection;
using Akka.Actor;

namespace DtuActors.Tests.Clustering;

/// <summary>All that a message says, as text: references by their path, bytes by their value, instants by their distance from the node's now.</summary>
internal static class WireContent
{
    public static string Of(object? value, ExtendedActorSystem node) => value switch
    {
        null => "null",
        IActorRef reference when reference.IsNobody() => "nobody",
        IActorRef reference => reference.Path.ToSerializationFormatWithAddress(node.Provider.DefaultAddress),
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        DateTimeOffset at => (at - node.Scheduler.Now).Ticks.ToString(CultureInfo.InvariantCulture),
        string text => $"\"{text}\"",
        IFormattable plain => plain.ToString(null, CultureInfo.InvariantCulture),
        bool plain => plain.ToString(),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(item => Of(item, node)))}]",
        _ => $"{value.GetType().Name}({string.Join(", ", Properties(value.GetType()).Select(property => $"{property.Name}: {Of(property.GetValue(value), node)}"))})",
    };

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0);
}
