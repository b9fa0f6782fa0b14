namespace DtuActors.Simulator;

/// <summary>
/// The registers, coils and inputs of one simulated Modbus unit. Addresses count from 0 (a reference of 40001 or an <c>mbpoll -r 1</c> is address 0).
/// <list type="table">
/// <item><term>holding and input 0</term><description>temperature in 0.1 °C, signed: 22.0 ± 5.0 °C, a sine of 60 s, shifted by the unit</description></item>
/// <item><term>1</term><description>pressure in hPa: 1013 ± 12, a sine of 97 s</description></item>
/// <item><term>2, 3</term><description>a pulse counter, 32 bits, high word first: ten pulses a second since the instrument started</description></item>
/// <item><term>4</term><description>the unit's own id</description></item>
/// <item><term>holding from 5</term><description>1000 + address</description></item>
/// <item><term>input from 5</term><description>2000 + address: a wrong table or an address off by one shows at a glance</description></item>
/// <item><term>coils</term><description>every third is on: 0, 3, 6, ...</description></item>
/// <item><term>discrete input 0</term><description>changes each second</description></item>
/// <item><term>discrete inputs from 1</term><description>odd addresses are on</description></item>
/// </list>
/// Holding registers and coils keep what is written to them, also the moving ones.
/// </summary>
public sealed class ModbusRegisters
{
    private readonly byte _unit;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Lock _lock = new();
    private Dictionary<int, ushort>? _holding;
    private Dictionary<int, bool>? _coils;

    internal ModbusRegisters(byte unit, int count, TimeProvider time)
    {
        _unit = unit;
        Count = count;
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>How many addresses each of the four tables has; those from here on answer exception 02.</summary>
    public int Count { get; }

    /// <summary>A holding register's present value.</summary>
    public ushort Holding(int address) => Holding(address, Elapsed);

    /// <summary>An input register's present value.</summary>
    public ushort Input(int address) => Input(address, Elapsed);

    /// <summary>How long the instrument runs: one request reads all its registers at one such moment, so that a counter's two words belong together.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_start);

    internal ushort Holding(int address, TimeSpan at)
    {
        CheckAddress(address);
        lock (_lock)
        {
            return _holding is not null && _holding.TryGetValue(address, out var written) ? written : Live(address, at) ?? (ushort)(1000 + address);
        }
    }

    internal ushort Input(int address, TimeSpan at)
    {
        CheckAddress(address);
        return Live(address, at) ?? (ushort)(2000 + address);
    }

    /// <summary>A coil's present state.</summary>
    public bool Coil(int address)
    {
        CheckAddress(address);
        lock (_lock)
        {
            return _coils is not null && _coils.TryGetValue(address, out var written) ? written : address % 3 == 0;
        }
    }

    /// <summary>A discrete input's present state.</summary>
    public bool Discrete(int address)
    {
        CheckAddress(address);
        return address == 0 ? (long)Elapsed.TotalSeconds % 2 == 1 : address % 2 == 1;
    }

    /// <summary>Writes a holding register; it keeps the value from then on.</summary>
    public void WriteHolding(int address, ushort value)
    {
        CheckAddress(address);
        lock (_lock)
        {
            (_holding ??= [])[address] = value;
        }
    }

    /// <summary>Writes a coil; it keeps the state from then on.</summary>
    public void WriteCoil(int address, bool on)
    {
        CheckAddress(address);
        lock (_lock)
        {
            (_coils ??= [])[address] = on;
        }
    }

    private void CheckAddress(int address)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(address);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(address, Count);
    }

    private ushort? Live(int address, TimeSpan at) => address switch
    {
        0 => unchecked((ushort)(short)Math.Round(220 + (50 * Math.Sin((at.TotalSeconds / 60 * Math.Tau) + _unit)))),
        1 => (ushort)Math.Round(1013 + (12 * Math.Sin(at.TotalSeconds / 97 * Math.Tau))),
        2 => (ushort)((uint)(at.TotalSeconds * 10) >> 16),
        3 => unchecked((ushort)(uint)(at.TotalSeconds * 10)),
        4 => _unit,
        _ => null,
    };
}
