using System.CommandLine;
using DtuActors.Host.Writing;
using DtuActors.Protocol.Framing;

namespace DtuActors.Host.Commands;

/// <summary>The keys of <c>framing { }</c> that say something about bytes alone.</summary>
internal sealed class FramingKeys
{
    private const int MaxFrameLimit = 1024 * 1024;

    private readonly Option<int> _length = NumberOptions.Integer("--length", "fixed: every frame's length in bytes.", 0, MaxFrameLimit);
    private readonly Option<int> _offset = NumberOptions.Integer("--offset", "length-field: where the field begins, in bytes from the frame's first.", 0, 4096);
    private readonly Option<int> _size = NumberOptions.Integer("--size", "length-field: the field's width, 1 to 4 bytes.", 1, 4, 2);
    private readonly Option<string> _endian = Word("--endian", "length-field: the field's order of bytes.", "big", "big", "little");
    private readonly Option<int> _adjust = NumberOptions.Integer("--adjust", "length-field: what is added to its value to get the bytes behind the field.", -65535, 65535);
    private readonly Option<string?> _delimiter = Mark<string?>("--delimiter", "delimiter: what ends a frame. [default: \\n]");
    private readonly Option<bool> _include = new("--include") { Description = "delimiter: the delimiter is part of the frame." };
    private readonly Option<string?> _start = Mark<string?>("--start", "start-end: what begins a frame.");
    private readonly Option<string?> _end = Mark<string?>("--end", "start-end: what ends a frame.");
    private readonly Option<string> _role = Word("--role", "modbus-rtu, modbus-tcp: which frames the bytes hold.", "auto", "auto", "requests", "responses");
    private readonly Option<int> _maxFrame = NumberOptions.Integer("--max-frame", "The longest frame in bytes.", 1, MaxFrameLimit, 4096);

    public IEnumerable<Option> All => [_length, _offset, _size, _endian, _adjust, _delimiter, _include, _start, _end, _role, _maxFrame];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    public FramingOptions Read(ParseResult parsed, string codec)
    {
        var framing = new FramingOptions
        {
            Codec = codec,
            MaxFrame = parsed.GetValue(_maxFrame),
            Include = parsed.GetValue(_include),
            Length = parsed.GetValue(_length),
            Offset = parsed.GetValue(_offset),
            Size = parsed.GetValue(_size),
            LittleEndian = parsed.GetValue(_endian) == "little",
            Adjust = parsed.GetValue(_adjust),
            Role = parsed.GetValue(_role) switch
            {
                "requests" => ModbusRole.Requests,
                "responses" => ModbusRole.Responses,
                _ => ModbusRole.Auto,
            },
        };
        return framing with
        {
            Delimiter = parsed.GetValue(_delimiter) is { } delimiter ? Bytes(delimiter) : framing.Delimiter,
            Start = parsed.GetValue(_start) is { } start ? Bytes(start) : framing.Start,
            End = parsed.GetValue(_end) is { } end ? Bytes(end) : framing.End,
        };
    }

    public static byte[] Bytes(string mark) =>
        MarkText.TryParse(mark, out var bytes, out _) ? bytes : throw new InvalidOperationException("the option's validator let it through");

    /// <summary>An option for bytes of a stream, of a text or an array of texts.</summary>
    public static Option<T> Mark<T>(string name, string description)
    {
        var mark = new Option<T>(name) { Description = $"{description} Text, in which \\r \\n \\t \\0 are what they are elsewhere, or hex:0D0A.", HelpName = "BYTES" };
        mark.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!MarkText.TryParse(token.Value, out _, out var problem))
                {
                    result.AddError($"{name}: {problem}");
                }
            }
        });
        return mark;
    }

    private static Option<string> Word(string name, string description, string otherwise, params string[] words)
    {
        var word = new Option<string>(name) { Description = description, DefaultValueFactory = _ => otherwise };
        word.AcceptOnlyFromAmong(words);
        return word;
    }
}
