namespace DtuActors.Protocol.Transports;

/// <summary>The parity of a serial line; the numbers are RFC 2217's.</summary>
public enum LineParity
{
    /// <summary>No parity bit.</summary>
    None = 1,

    /// <summary>Odd.</summary>
    Odd,

    /// <summary>Even.</summary>
    Even,

    /// <summary>Always 1.</summary>
    Mark,

    /// <summary>Always 0.</summary>
    Space,
}

/// <summary>The stop bits of a serial line; the numbers are RFC 2217's.</summary>
public enum LineStopBits
{
    /// <summary>1.</summary>
    One = 1,

    /// <summary>2.</summary>
    Two,

    /// <summary>1.5.</summary>
    OnePointFive,
}

/// <summary>One of the settings of a serial line; the numbers are RFC 2217's commands.</summary>
public enum LineField
{
    /// <summary>Bits per second.</summary>
    Baud = 1,

    /// <summary>Bits of a character.</summary>
    DataBits,

    /// <summary>A <see cref="LineParity"/>.</summary>
    Parity,

    /// <summary>A <see cref="LineStopBits"/>.</summary>
    StopBits,
}

/// <summary>How a serial line is set.</summary>
/// <param name="Baud">Bits per second, 1 to <see cref="MostBaud"/>.</param>
/// <param name="DataBits">5 to 8.</param>
/// <param name="Parity">The parity.</param>
/// <param name="StopBits">The stop bits.</param>
public readonly record struct LineSettings(int Baud, int DataBits, LineParity Parity, LineStopBits StopBits)
{
    /// <summary>The highest baud rate: what the widest frame to a DTU carries.</summary>
    public const int MostBaud = 0xFFFFFF;

    /// <summary>9600 8N1, what instruments are set to until somebody changes it.</summary>
    public static readonly LineSettings Usual = new(9600, 8, LineParity.None, LineStopBits.One);

    /// <summary>The value in force, as RFC 2217 writes it.</summary>
    public int this[LineField field] => field switch
    {
        LineField.Baud => Baud,
        LineField.DataBits => DataBits,
        LineField.Parity => (int)Parity,
        _ => (int)StopBits,
    };

    /// <summary>These with one of them changed; as they are where <paramref name="value"/> is none that a line can have.</summary>
    public LineSettings With(LineField field, uint value) => field switch
    {
        LineField.Baud when value is >= 1 and <= MostBaud => this with { Baud = (int)value },
        LineField.DataBits when value is >= 5 and <= 8 => this with { DataBits = (int)value },
        LineField.Parity when value is >= (int)LineParity.None and <= (int)LineParity.Space => this with { Parity = (LineParity)value },
        LineField.StopBits when value is >= (int)LineStopBits.One and <= (int)LineStopBits.OnePointFive => this with { StopBits = (LineStopBits)value },
        _ => this,
    };
}
