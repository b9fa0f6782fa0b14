namespace DtuActors.Protocol.Framing;

/// <summary>Which frames a Modbus stream carries: a centre sees responses, a slave's side requests, a listener either.</summary>
public enum ModbusRole
{
    Auto,
    Requests,
    Responses,
}

/// <summary>The <c>framing { }</c> block of a profile or an endpoint, checked.</summary>
public sealed record FramingOptions
{
    /// <summary>A codec's name, see <see cref="Codecs"/>.</summary>
    public string Codec { get; init; } = "raw";

    /// <summary>Silence after which what is pending is decided.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest frame, in bytes.</summary>
    public int MaxFrame { get; init; } = 4096;

    /// <summary><c>delimiter</c>: the bytes that end a frame; <c>start-end</c> uses <see cref="Start"/> and <see cref="End"/>.</summary>
    public ReadOnlyMemory<byte> Delimiter { get; init; } = "\n"u8.ToArray();

    /// <summary><c>delimiter</c>: whether the delimiter is part of the frame.</summary>
    public bool Include { get; init; }

    /// <summary><c>fixed</c>: every frame's length in bytes.</summary>
    public int Length { get; init; }

    /// <summary><c>length-field</c>: where the field begins, in bytes from the frame's first.</summary>
    public int Offset { get; init; }

    /// <summary><c>length-field</c>: the field's width in bytes, 1, 2, 3 or 4.</summary>
    public int Size { get; init; } = 2;

    /// <summary><c>length-field</c>: whether the field's low byte comes first.</summary>
    public bool LittleEndian { get; init; }

    /// <summary><c>length-field</c>: what is added to the field's value to get the bytes that follow the field.</summary>
    public int Adjust { get; init; }

    /// <summary><c>start-end</c>: the bytes a frame begins with.</summary>
    public ReadOnlyMemory<byte> Start { get; init; }

    /// <summary><c>start-end</c>: the bytes a frame ends with; may be the same.</summary>
    public ReadOnlyMemory<byte> End { get; init; }

    /// <summary><c>modbus-rtu</c> and <c>modbus-tcp</c>: which frames the stream carries.</summary>
    public ModbusRole Role { get; init; } = ModbusRole.Auto;
}
