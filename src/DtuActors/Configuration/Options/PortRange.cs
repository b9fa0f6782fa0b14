using System.Collections;
using System.Diagnostics.CodeAnalysis;
using DtuActors.Protocol;

namespace DtuActors.Configuration;

/// <summary>Ports of which each DTU of the register has one: that of its row. <paramref name="Last"/> is one of them.</summary>
public sealed record PortRange(int First, int Last)
{
    public int Count => Last - First + 1;

    /// <summary>As it is written: <c>20001-22000</c>.</summary>
    public override string ToString() => $"{First}-{Last}";
}

/// <summary>The units of a port that is one DTU's: each is the slave of its own number, 0 (a broadcast) and 255 too.</summary>
public sealed class PassthroughUnitDictionary(DtuId dtu) : IReadOnlyDictionary<byte, ModbusUnitOptions>
{
    public int Count => byte.MaxValue + 1;

    public IEnumerable<byte> Keys => Enumerable.Range(0, Count).Select(unit => (byte)unit);

    public IEnumerable<ModbusUnitOptions> Values => Keys.Select(unit => this[unit]);

    public ModbusUnitOptions this[byte key] => new(dtu, key);

    public bool ContainsKey(byte key) => true;

    public bool TryGetValue(byte key, [MaybeNullWhen(false)] out ModbusUnitOptions value)
    {
        value = this[key];
        return true;
    }

    public IEnumerator<KeyValuePair<byte, ModbusUnitOptions>> GetEnumerator() => Keys.Select(unit => KeyValuePair.Create(unit, this[unit])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
