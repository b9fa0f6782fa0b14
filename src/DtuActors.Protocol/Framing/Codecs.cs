namespace DtuActors.Protocol.Framing;

/// <summary>The table of codecs: a name in configuration, and what makes the codec of a checked <c>framing { }</c> block.</summary>
public static class Codecs
{
    private static readonly (string Name, Func<FramingOptions, Codec> Make)[] Table =
    [
        ("raw", static _ => new RawCodec()),
        ("idle-gap", static o => new IdleGapCodec(o.Gap, o.MaxFrame)),
        ("delimiter", static o => new DelimiterCodec(CheckedDelimiter(o), o.Include, o.Gap)),
        ("fixed", static o => new FixedCodec(Within(o.Length, 1, o.MaxFrame, "length"), o.Gap)),
        ("length-field", MakeLengthField),
        ("start-end", MakeStartEnd),
        ("slip", static o => new SlipCodec(o.Gap)),
        ("modbus-rtu", static o => new ModbusRtuCodec(o.Role, o.Gap)),
        ("modbus-ascii", static o => new ModbusAsciiCodec(o.Gap)),
        ("modbus-tcp", static o => new ModbusTcpCodec(o.Role, o.Gap)),
        ("dlt645", static o => new Dlt645Codec(o.Gap)),
        ("cjt188", static o => new Cjt188Codec(o.Gap)),
        ("hj212", static o => new Hj212Codec(o.Gap)),
        ("sl651", static o => new Sl651Codec(o.Gap)),
        ("iec101", static o => new Iec101Codec(o.Gap)),
        ("iec104", static o => new Iec104Codec(o.Gap)),
        ("dnp3", static o => new Dnp3Codec(o.Gap)),
        ("jt808", static o => new Jt808Codec(o.Gap)),
    ];

    /// <summary>The names that <see cref="Create"/> takes, in the order in which they are documented.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>
    /// Makes the codec that <paramref name="options"/> names; throws <see cref="ArgumentException"/> for a name that is not in <see cref="Names"/>, and for
    /// options that this codec cannot work with (a length of 0, a length field beyond max-frame, ...), naming the key and what would be right.
    /// </summary>
    public static Codec Create(FramingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Within(options.MaxFrame, 1, int.MaxValue, "max-frame");
        foreach (var (name, make) in Table)
        {
            if (name == options.Codec)
            {
                return make(options);
            }
        }

        throw new ArgumentException($"no codec '{options.Codec}'; there are {string.Join(", ", Names)}", nameof(options));
    }

    /// <summary>
    /// What cuts datagrams into frames, given silence behind each: as the same codec cuts a stream, but a frame of <c>raw</c> and <c>idle-gap</c> is a whole datagram. Throws
    /// as <see cref="Create"/> does.
    /// </summary>
    public static Framer FramerOfDatagrams(FramingOptions options, IReadOnlyList<byte[]> heartbeats)
    {
        ArgumentNullException.ThrowIfNull(options);

        // The framer gives up a frame that is not whole at its limit, and one of max-frame bytes is not whole before its datagram's end.
        return options.Codec is "raw" or "idle-gap"
            ? new Framer(new DatagramCodec(options.Codec), options.MaxFrame + 1, heartbeats)
            : new Framer(Create(options), options.MaxFrame, heartbeats);
    }

    private static byte[] CheckedDelimiter(FramingOptions options)
    {
        Within(options.Delimiter.Length, 1, options.MaxFrame, "delimiter", "bytes in ");
        return options.Delimiter.ToArray();
    }

    private static LengthFieldCodec MakeLengthField(FramingOptions options)
    {
        Within(options.Offset, 0, options.MaxFrame - 1, "offset");
        Within(options.Size, 1, 4, "size");
        Within(options.Offset + options.Size, 1, options.MaxFrame, "max-frame", "offset and size together against ");
        return new LengthFieldCodec(options.Offset, options.Size, options.LittleEndian, options.Adjust, options.Gap);
    }

    private static StartEndCodec MakeStartEnd(FramingOptions options)
    {
        Within(options.Start.Length, 1, options.MaxFrame, "start", "bytes in ");
        Within(options.End.Length, 1, options.MaxFrame - options.Start.Length, "end", "bytes in ");
        return new StartEndCodec(options.Start.ToArray(), options.End.ToArray(), options.Gap);
    }

    private static int Within(int value, int least, int most, string key, string what = "") =>
        value >= least && value <= most
            ? value
            : throw new ArgumentException($"{what}{key}: {value} is not within {least} to {most}", nameof(value));
}
