using DtuActors.Protocol.Framing;

namespace DtuActors.Configuration;

/// <summary>Binds a <c>framing { }</c> block, of a profile or of an endpoint.</summary>
internal static class FramingBinder
{
    /// <summary>The longest frame that may be asked for, in bytes: every session may hold one.</summary>
    private const int MaxFrameLimit = 1024 * 1024;

    private const int MaxMark = 64;

    /// <summary>The endpoints' default where an RS-485 line hangs on them: a request leaves as one piece.</summary>
    public static readonly FramingOptions Line = new() { Codec = "idle-gap", Gap = TimeSpan.FromMilliseconds(20) };

    public static FramingOptions Bind(BlockReader? block, FramingOptions fallback)
    {
        if (block is null)
        {
            return fallback;
        }

        var codec = Codec(block, "codec", fallback.Codec);
        var framing = new FramingOptions
        {
            Codec = codec,
            Gap = block.Duration("gap", fallback.Gap),
            MaxFrame = block.Size("max-frame", fallback.MaxFrame, 1, MaxFrameLimit),
            Delimiter = Mark(block, "delimiter", fallback.Delimiter, codec == "delimiter"),
            Include = block.Boolean("include", fallback.Include),
            Length = block.Integer("length", fallback.Length, 0, MaxFrameLimit),
            Offset = block.Integer("offset", fallback.Offset, 0, 4096),
            Size = block.Integer("size", fallback.Size, 1, 4),
            LittleEndian = block.Word("endian", fallback.LittleEndian ? "little" : "big", "big", "little") == "little",
            Adjust = block.Integer("adjust", fallback.Adjust, -65535, 65535),
            Start = Mark(block, "start", fallback.Start, codec == "start-end"),
            End = Mark(block, "end", fallback.End, codec == "start-end"),
            Role = block.Word("role", Role(fallback.Role), "auto", "requests", "responses") switch
            {
                "requests" => ModbusRole.Requests,
                "responses" => ModbusRole.Responses,
                _ => ModbusRole.Auto,
            },
        };

        Check(block, framing);
        return framing;
    }

    /// <summary>A codec's name.</summary>
    private static string Codec(BlockReader block, string key, string fallback)
    {
        if (block.Text(key) is not { } name)
        {
            return fallback;
        }

        if (Codecs.Names.Contains(name))
        {
            return name;
        }

        block.Fault(key, $"there is no codec '{KeyPath.Shown(name)}'", BlockReader.Meant(name, Codecs.Names));
        return fallback;
    }

    private static void Check(BlockReader block, FramingOptions framing)
    {
        if (framing.Codec == "fixed" && (framing.Length == 0 || framing.Length > framing.MaxFrame))
        {
            block.Fault("length", "codec", framing.Length == 0 ? "codec = fixed needs the frames' length" : $"{framing.Length} is more than max-frame", $"1 to {framing.MaxFrame} bytes");
            return;
        }

        if (framing.Codec == "length-field" && framing.Offset + framing.Size > framing.MaxFrame)
        {
            block.Fault("offset", "codec", "the length field ends behind max-frame", $"offset and size together at most {framing.MaxFrame}");
            return;
        }

        if (framing.Codec == "delimiter" && framing.Delimiter.Length > framing.MaxFrame)
        {
            block.Fault("delimiter", "codec", $"{framing.Delimiter.Length} bytes are more than max-frame", $"1 to {framing.MaxFrame} bytes");
            return;
        }

        // What a codec asks beyond this is its own to say, here and not when the first DTU arrives.
        var isMarked = framing.Codec is not ("delimiter" or "start-end") || (!framing.Delimiter.IsEmpty && framing.Codec == "delimiter") || !(framing.Start.IsEmpty || framing.End.IsEmpty);
        if (isMarked)
        {
            try
            {
                _ = Codecs.Create(framing);
            }
            catch (ArgumentException exception)
            {
                block.Fault("codec", $"'{framing.Codec}' cannot work with its keys: {exception.Message}", null);
            }
        }
    }

    private static ReadOnlyMemory<byte> Mark(BlockReader block, string key, ReadOnlyMemory<byte> fallback, bool needed)
    {
        var mark = block.Bytes(key, MaxMark) ?? fallback;
        if (needed && mark.IsEmpty && (!block.Has(key) || block.Find(key) is not null))
        {
            block.Fault(key, "codec", $"the codec needs {key}", "at least one byte, as \"\\r\\n\" or \"hex:0D 0A\"");
        }

        return mark;
    }

    private static string Role(ModbusRole role) => role switch
    {
        ModbusRole.Requests => "requests",
        ModbusRole.Responses => "responses",
        _ => "auto",
    };
}
