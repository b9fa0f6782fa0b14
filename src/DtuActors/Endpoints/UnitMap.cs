using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Endpoints;

/// <summary>
/// One serial line made of several DTUs' (<c>select = unit-map</c>): the address in a request says which DTU is meant, and becomes the slave's own behind it; in
/// the answer it is the master's again.
/// </summary>
/// <param name="units">Which slave of which DTU a unit is.</param>
/// <param name="codec">Modbus RTU or ASCII: what the master speaks.</param>
internal sealed class UnitMap(ImmutableDictionary<byte, ModbusUnitOptions> units, string codec)
{
    // Where two units are one slave, its answer is for the one that was asked last: a serial master asks one at a time.
    private readonly Dictionary<ModbusUnitOptions, byte> _unitOf = units.OrderByDescending(unit => unit.Key)
        .DistinctBy(unit => unit.Value).ToDictionary(unit => unit.Value, unit => unit.Key);

    private readonly DtuId[] _dtus = [.. units.Values.Select(unit => unit.Dtu).Distinct()];

    /// <summary>For whom a request is, as each hears it. A broadcast is for every DTU, unless the map has a unit 0; empty where the map does not have the unit.</summary>
    public IReadOnlyList<(DtuId Dtu, ReadOnlyMemory<byte> Frame)> Down(ReadOnlyMemory<byte> request)
    {
        if (ModbusUnit.Of(codec, request.Span) is not { } unit)
        {
            return [];
        }

        if (units.TryGetValue(unit, out var meant))
        {
            _unitOf[meant] = unit;
            return [(meant.Dtu, Addressed(request, unit, meant.Slave))];
        }

        return unit == ModbusUnit.Broadcast ? [.. _dtus.Select(dtu => (dtu, request))] : [];
    }

    /// <summary>What a DTU's slave said, as the master knows it; null where the map has no such slave, or it is no whole frame.</summary>
    public ReadOnlyMemory<byte>? Up(DtuId dtu, ReadOnlyMemory<byte> answer)
    {
        if (ModbusUnit.Of(codec, answer.Span) is not { } slave || !_unitOf.TryGetValue(new ModbusUnitOptions(dtu, slave), out var unit))
        {
            return null;
        }

        return Addressed(answer, slave, unit);
    }

    private ReadOnlyMemory<byte> Addressed(ReadOnlyMemory<byte> frame, byte from, byte to) => from == to ? frame : ModbusUnit.Replace(codec, frame.Span, to);
}
