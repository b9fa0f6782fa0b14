using System.Buffers.Binary;

namespace DtuActors.Protocol.Transports;

/// <summary>The types of DDP's units: below 80 the DTU speaks, from 80 on the centre.</summary>
public enum DdpType : byte
{
    /// <summary>Registration, repeated as heartbeat; carries the DTU's own address (4 bytes) and port (2).</summary>
    Register = 0x01,

    /// <summary>The DTU takes its leave.</summary>
    Unregister = 0x02,

    /// <summary>The DTU did not understand.</summary>
    Invalid = 0x04,

    /// <summary>The DTU took a <see cref="CentreData"/>.</summary>
    CentreDataTaken = 0x05,

    /// <summary>The instrument's bytes, upwards.</summary>
    Data = 0x09,

    /// <summary>Reply to a query of parameters.</summary>
    ParametersRead = 0x0B,

    /// <summary>Reply to a change of parameters.</summary>
    ParametersSet = 0x0D,

    /// <summary>Reply to a query of the log.</summary>
    Log = 0x0E,

    /// <summary>Reply to an upgrade.</summary>
    Upgrade = 0x0F,

    /// <summary>Answer to every <see cref="Register"/>.</summary>
    Registered = 0x81,

    /// <summary>Answer to <see cref="Unregister"/>. The DTU restarts on it: never sent.</summary>
    Unregistered = 0x82,

    /// <summary>Asks the DTU to register again.</summary>
    RegisterAgain = 0x83,

    /// <summary>The centre did not understand.</summary>
    CentreInvalid = 0x84,

    /// <summary>The centre took a <see cref="Data"/>.</summary>
    DataTaken = 0x85,

    /// <summary>The instrument's bytes, downwards.</summary>
    CentreData = 0x89,

    /// <summary>Query of parameters.</summary>
    ReadParameters = 0x8B,

    /// <summary>Change of parameters.</summary>
    SetParameters = 0x8D,

    /// <summary>Query of the log.</summary>
    ReadLog = 0x8E,

    /// <summary>Upgrade.</summary>
    StartUpgrade = 0x8F,
}

/// <summary>
/// Hongdian's DDP over TCP (H7710 series, "DDP V30"): <c>7B | type | total length (2) | id (11 ASCII, NUL padded) | data (0 to 1024) | 7B</c>, big-endian. Layout from
/// public implementations of H7710s-DDP. Data may hold 7B: only the length tells where a unit ends.
/// </summary>
public static class Ddp
{
    /// <summary>The byte at both ends of a unit.</summary>
    public const byte Mark = 0x7B;

    /// <summary>A unit's bytes besides its data.</summary>
    public const int Overhead = 16;

    /// <summary>The most data bytes of a unit.</summary>
    public const int MaxData = 1024;

    /// <summary>The longest unit in bytes.</summary>
    public const int MaxUnit = Overhead + MaxData;

    /// <summary>The id field's width in bytes.</summary>
    public const int IdLength = 11;

    /// <summary>Where the data begin, in bytes from the unit's first.</summary>
    public const int DataOffset = IdOffset + IdLength;

    internal const int IdOffset = 4;

    // A registration's data: the DTU's own address (4) and port (2).
    private const int AddressLength = 6;

    /// <summary>Whether the byte is one of <see cref="DdpType"/>.</summary>
    public static bool IsType(byte type) =>
        type is 0x01 or 0x02 or 0x04 or 0x05 or 0x09 or 0x0B or (>= 0x0D and <= 0x0F) or (>= 0x81 and <= 0x85) or 0x89 or 0x8B or (>= 0x8D and <= 0x8F);

    /// <summary>Whether a unit of that type can be so long: a registration 22 bytes (16 without the address), words without data 16, the others up to <see cref="MaxUnit"/>.</summary>
    public static bool IsLength(byte type, int length) => (DdpType)type switch
    {
        DdpType.Register => length is Overhead or Overhead + AddressLength,
        DdpType.Unregister or DdpType.Invalid or DdpType.CentreDataTaken or DdpType.Registered or DdpType.Unregistered or DdpType.RegisterAgain
            or DdpType.CentreInvalid or DdpType.DataTaken => length == Overhead,
        _ => length is >= Overhead and <= MaxUnit,
    };

    /// <summary>Builds a unit.</summary>
    /// <exception cref="ArgumentException">The id is not 1 to 11 printable ASCII characters, or the data are longer than <see cref="MaxData"/>.</exception>
    public static byte[] Build(DdpType type, string id, ReadOnlySpan<byte> data)
    {
        var unit = new byte[Overhead + data.Length];
        Write(unit, type, id, data);
        return unit;
    }

    /// <summary>The id of a whole unit, without its padding, or null where the field holds none.</summary>
    public static string? ReadId(ReadOnlySpan<byte> unit)
    {
        if (unit.Length < Overhead)
        {
            return null;
        }

        return IdField.Read(unit.Slice(IdOffset, IdLength));
    }

    /// <summary>The answer to a registration: it carries the id field byte for byte, padding and all, so that the DTU knows itself.</summary>
    internal static byte[] Registered(ReadOnlySpan<byte> registration)
    {
        var reply = new byte[Overhead];
        registration[..DataOffset].CopyTo(reply);
        reply[1] = (byte)DdpType.Registered;
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), Overhead);
        reply[^1] = Mark;
        return reply;
    }

    /// <summary>The data in as many units as they need, one behind the other; none for no data.</summary>
    internal static byte[] Wrap(DdpType type, ReadOnlySpan<byte> idField, ReadOnlySpan<byte> data)
    {
        var units = (data.Length + MaxData - 1) / MaxData;
        var wrapped = new byte[data.Length + (units * Overhead)];
        var rest = wrapped.AsSpan();
        while (data.Length > 0)
        {
            var part = data[..Math.Min(data.Length, MaxData)];
            Write(rest[..(Overhead + part.Length)], type, idField, part);
            data = data[part.Length..];
            rest = rest[(Overhead + part.Length)..];
        }

        return wrapped;
    }

    internal static void Write(Span<byte> unit, DdpType type, string id, ReadOnlySpan<byte> data)
    {
        Span<byte> idField = stackalloc byte[IdLength];
        IdField.Write(idField, id, "a DDP id");
        Write(unit, type, idField, data);
    }

    internal static void Write(Span<byte> unit, DdpType type, ReadOnlySpan<byte> idField, ReadOnlySpan<byte> data)
    {
        if (data.Length > MaxData)
        {
            throw new ArgumentException($"a DDP unit carries at most {MaxData} bytes, not {data.Length}", nameof(data));
        }

        unit[0] = Mark;
        unit[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(unit[2..], (ushort)(Overhead + data.Length));
        idField.CopyTo(unit[IdOffset..]);
        data.CopyTo(unit[DataOffset..]);
        unit[DataOffset + data.Length] = Mark;
    }
}
