using System.Collections.Frozen;
using DtuActors.Protocol.Modbus;

namespace DtuActors.Simulator;

/// <summary>What a simulated Modbus slave is like.</summary>
public sealed record ModbusInstrumentOptions
{
    /// <summary>The unit ids (1 to 247) that answer; requests to others pass by in silence, as on a bus.</summary>
    public IReadOnlyList<byte> Units { get; init; } = [1];

    /// <summary>How many addresses each table of a unit has, 5 to 65536.</summary>
    public int RegisterCount { get; init; } = 1000;

    /// <summary>From a request's last byte to its answer's first.</summary>
    public TimeSpan AnswerDelay { get; init; } = TimeSpan.Zero;

    /// <summary>A request whose rest does not come within this time is forgotten, as after a slave's 3.5 characters of silence; long enough for a radio link.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// A Modbus RTU slave of one or several unit ids. Answers functions 1, 2, 3, 4, 5, 6, 15, 16, 22, 23 and 0x2B/0x0E (device identification), everything
/// else with exception 01, addresses beyond the tables with 02, counts and values out of range with 03. Requests to unit 0 are carried out by all
/// units and answered by none.
/// </summary>
public sealed class ModbusInstrument : IInstrument
{
    private const byte Broadcast = 0;

    private readonly ModbusInstrumentOptions _options;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<byte, ModbusRegisters> _units;
    private readonly ModbusRequestCutter _cutter = new();
    private long _lastByteAt;

    /// <summary>Makes a slave; throws <see cref="ArgumentException"/> for a unit or a register count out of range.</summary>
    public ModbusInstrument(ModbusInstrumentOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new ModbusInstrumentOptions();
        _time = time ?? TimeProvider.System;
        if (_options.Units.Count == 0 || _options.Units.Any(u => u is 0 or > 247) || _options.Units.Distinct().Count() != _options.Units.Count)
        {
            throw new ArgumentException($"Units [{string.Join(", ", _options.Units)}]: expected different ids of 1 to 247, at least one", nameof(options));
        }

        if (_options.RegisterCount is < 5 or > 65536)
        {
            throw new ArgumentException($"RegisterCount {_options.RegisterCount}: expected 5 to 65536", nameof(options));
        }

        _units = _options.Units.ToFrozenDictionary(u => u, u => new ModbusRegisters(u, _options.RegisterCount, _time));
    }

    /// <summary>The registers of a unit, to look at and to set from outside; throws <see cref="KeyNotFoundException"/> where the unit does not exist.</summary>
    public ModbusRegisters Unit(byte id) => _units[id];

    /// <summary>Bytes of the line that belonged to no request so far.</summary>
    public long Discarded => _cutter.Discarded;

    public async ValueTask ReceiveAsync(ReadOnlyMemory<byte> bytes, IInstrumentLine line, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (_cutter.Pending > 0 && _time.GetElapsedTime(_lastByteAt) > _options.Silence)
        {
            _cutter.Forget();
        }

        while (!bytes.IsEmpty)
        {
            bytes = bytes[_cutter.Append(bytes.Span)..];
            while (_cutter.Next() is { } request)
            {
                await CarryOutAsync(request, line, cancellation).ConfigureAwait(false);
            }
        }

        _lastByteAt = _time.GetTimestamp();
    }

    private async ValueTask CarryOutAsync(byte[] request, IInstrumentLine line, CancellationToken cancellation)
    {
        var pdu = request.AsMemory(1);
        if (request[0] == Broadcast)
        {
            foreach (var registers in _units.Values)
            {
                _ = ModbusSlave.Answer(pdu.Span, registers);
            }

            return;
        }

        if (!_units.TryGetValue(request[0], out var unit))
        {
            return;
        }

        if (_options.AnswerDelay > TimeSpan.Zero)
        {
            await Task.Delay(_options.AnswerDelay, _time, cancellation).ConfigureAwait(false);
        }

        await line.AnswerAsync(ModbusRtu.Build(request[0], ModbusSlave.Answer(pdu.Span, unit)), cancellation).ConfigureAwait(false);
    }
}
