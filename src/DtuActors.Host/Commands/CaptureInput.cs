using System.Buffers;
using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Detection;
using DtuActors.Writing;

namespace DtuActors.Host.Commands;

/// <summary>The bytes that a command looks at: <c>--hex H</c>, or a file (<c>-</c>: standard input) of raw bytes or of hexadecimal text.</summary>
internal sealed class CaptureInput
{
    private const int MaxBytes = Detector.MaxBytes;

    // Two digits and a blank for each byte, and room for line ends.
    private const int MaxText = 4 * MaxBytes;

    private static readonly SearchValues<byte> HexBytes = SearchValues.Create("0123456789ABCDEFabcdef \t\r\n\v\f"u8);

    private readonly Option<string?> _hex = Downlinks.Hex();
    private readonly Option<bool> _raw = new("--raw") { Description = "FILE holds the bytes themselves, even if all of them look like hexadecimal digits." };
    private readonly Option<bool> _hexFile = new("--hex-file") { Description = "FILE holds hexadecimal text; anything else in it is an error." };
    private readonly Argument<string?> _file = new("FILE")
    {
        Description = $"A capture of at most {Number(MaxBytes)} bytes; - is standard input. Nothing but hexadecimal digits and white space is read as hexadecimal text, anything else as raw bytes.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_hex);
        command.Add(_raw);
        command.Add(_hexFile);
        command.Validators.Add(result =>
        {
            var isHex = result.GetResult(_hex) is { Implicit: false };
            var isFile = result.GetResult(_file) is { Tokens.Count: > 0 };
            if (isHex == isFile)
            {
                result.AddError("which bytes: either --hex or FILE");
            }
            else if (result.GetResult(_raw) is { Implicit: false } && result.GetResult(_hexFile) is { Implicit: false })
            {
                result.AddError("--raw and --hex-file exclude each other");
            }
            else if (isHex && (result.GetResult(_raw) is { Implicit: false } || result.GetResult(_hexFile) is { Implicit: false }))
            {
                result.AddError("--raw and --hex-file say how FILE is read; --hex is hexadecimal text already");
            }
        });
    }

    /// <summary>Reads the bytes, at least one. False where there are none to be had; that was said then.</summary>
    public bool TryRead(ParseResult parsed, [NotNullWhen(true)] out byte[]? bytes)
    {
        if (parsed.GetValue(_hex) is { } hex)
        {
            if (!HexText.TryParse(hex, out bytes, out var wrong))
            {
                throw new InvalidOperationException("the option's validator let it through");
            }

            return IsShort(bytes.Length, "--hex");
        }

        bytes = null;
        var path = parsed.GetValue(_file)!;
        var name = path == "-" ? "standard input" : path;
        try
        {
            return TryRead(path, name, parsed.GetValue(_raw), parsed.GetValue(_hexFile), out bytes);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Terminal.Fault(System.IO.Directory.Exists(path) ? $"{path} is a folder; expected a file" : unreadable.Message);
            return false;
        }
    }

    private static bool TryRead(string path, string name, bool raw, bool hexFile, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = ReadAtMost(path, MaxText + 1);
        if (bytes.Length == 0)
        {
            Terminal.Fault($"{name} is empty");
            return false;
        }

        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith(Encoding.UTF8.Preamble))
        {
            // Windows' editors put a mark in front.
            text = text[Encoding.UTF8.Preamble.Length..];
        }

        if (!raw && (hexFile || IsHexText(text)))
        {
            if (text.Length > MaxText)
            {
                Terminal.Fault($"{name}: more than {Number(MaxText)} characters of hexadecimal text; at most {Number(MaxBytes)} bytes are read");
                return false;
            }

            if (!HexText.TryParse(Encoding.UTF8.GetString(text), out bytes, out var problem))
            {
                Terminal.Fault($"{name}, read as hexadecimal text: {problem}{(hexFile ? "" : "; --raw takes the bytes as they are")}");
                return false;
            }

            if (!hexFile && !Console.IsErrorRedirected)
            {
                Console.Error.WriteLine($"({name} read as hexadecimal text; --raw takes the bytes as they are)");
            }
        }

        return IsShort(bytes.Length, name);
    }

    private static bool IsShort(int length, string name)
    {
        if (length <= MaxBytes)
        {
            return true;
        }

        Terminal.Fault($"{name}: more than {Number(MaxBytes)} bytes; cut out the part that matters");
        return false;
    }

    private static byte[] ReadAtMost(string path, int most)
    {
        using var file = path == "-" ? Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var read = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int count; read.Length < most && (count = file.Read(buffer, 0, (int)Math.Min(buffer.Length, most - read.Length))) > 0;)
        {
            read.Write(buffer, 0, count);
        }

        return read.ToArray();
    }

    private static bool IsHexText(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(HexBytes);

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
