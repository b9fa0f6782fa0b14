using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Writing;

namespace DtuActors.Host.Commands;

internal static class DecodeCommand
{
    // A person on a terminal reads the beginning of a long frame; all of it goes to a pipe and into JSON.
    private const int MostBytesOnTerminal = 48;

    private static readonly string[] Columns = ["OFFSET", "LENGTH", "KIND", "REASON", "HEX", "DECODED"];
    private static readonly string[] TerminalColumns = ["OFFSET", "LENGTH", "KIND", "WHAT"];
    private static readonly string[] UnitColumns = ["OFFSET", "LENGTH", "KIND", "REASON", "UNIT", "ID", "PAYLOAD", "REPLY", "DECODED"];

    // Everything that --codec names: what kind of thing it is, what it finds, and whether it opens units around the instrument's bytes.
    private static readonly Source[] Sources =
    [
        .. Codecs.Names.Select(name => new Source(name, "codec", "frame", OpensUnits: false)),
        .. Envelopes.Names.Select(name => new Source(name, "envelope", "unit", OpensUnits: true) { Dissect = bytes => Dissection.OfEnvelope(name, bytes) }),
        .. VendorLogins.Names.Select(name => new Source(name, "login", "login", OpensUnits: true) { Dissect = bytes => Dissection.OfLogin(name, bytes) }),
        .. WholeUnits.Names.Select(name => Whole(name, GuessCommand.Word(WholeUnits.KindOf(name)))),
    ];

    public static Command Create()
    {
        var capture = new CaptureInput();
        var framing = new FramingKeys();
        var name = new Option<string>("--codec")
        {
            Description = $"The codec, or an envelope, a vendor's login, or a datagram or command that is all of the bytes: {string.Join(", ", Names())}.",
            HelpName = "C",
            Required = true,
        };
        name.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<string?>() is { } word && Find(word) is null)
            {
                result.AddError(Unknown(word));
            }
        });
        var direction = new Option<string>("--direction") { Description = "Which way the bytes went, for frames that read both ways: up, from the DTU; down, to it.", DefaultValueFactory = _ => "up" };
        direction.AcceptOnlyFromAmong("up", "down");
        var heartbeats = FramingKeys.Mark<string[]>("--heartbeat", "A heartbeat between frames; may be given several times.");
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new ExampledCommand(
            "decode",
            "How a codec, an envelope, a login, a datagram or a command cuts and reads these bytes, piece by piece. Needs no gateway. "
                + "Exit code 1 where no frame comes out.",
            "dtu decode --codec modbus-rtu --hex \"01 03 00 00 00 02 C4 0B\"",
            "dtu decode --codec ddp capture.bin",
            "dtu decode --codec usr-2217 --hex \"55 AA 55 01 C2 00 03 C6\"",
            "dtu decode --codec length-field --offset 1 --size 2 --endian little --adjust -3 capture.bin",
            "dtu decode --codec delimiter --delimiter '\\r\\n' - --json")
        {
            name, direction, heartbeats,
        };
        capture.AddTo(command);
        framing.AddTo(command);
        command.Add(json);
        command.Validators.Add(result =>
        {
            // Only codecs have keys: one that is given to something else was meant for a codec.
            if (result.GetResult(name) is { Tokens: [{ Value: var word }] } && Find(word) is { Dissect: not null }
                && ((Option[])[.. framing.All, heartbeats, direction]).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } key)
            {
                result.AddError($"{key.Name} is for codecs; {word} is none and needs no keys");
            }
        });
        command.SetAction(parsed =>
        {
            if (!capture.TryRead(parsed, out var bytes))
            {
                return ExitCodes.Usage;
            }

            var word = parsed.GetValue(name)!;
            var source = Find(word)!;
            var way = parsed.GetValue(direction) == "down" ? FrameDirection.Down : FrameDirection.Up;
            Dissection dissection;
            try
            {
                dissection = source.Dissect?.Invoke(bytes)
                    ?? Dissection.OfCodec(framing.Read(parsed, word), bytes, way, [.. (parsed.GetValue(heartbeats) ?? []).Select(FramingKeys.Bytes)]);
            }
            catch (ArgumentException wrong)
            {
                // "length: 0 is not within 1 to 4096 (Parameter 'value')": the parameter is nobody's business here.
                Terminal.Fault($"--codec {word} cannot work with its keys: {wrong.Message.Split(" (Parameter")[0]}");
                return ExitCodes.Usage;
            }

            Print(source, bytes, dissection, parsed.GetValue(json));
            return dissection.Frames > 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static void Print(Source source, byte[] bytes, Dissection dissection, bool json)
    {
        if (json)
        {
            var report = new DecodeReport(source.Name, source.Kind, bytes.Length, dissection.Frames, [.. dissection.Pieces.Select(Model)]);
            Terminal.Line(JsonSerializer.Serialize(report, DetectionJson.Readable.DecodeReport));
        }
        else
        {
            Terminal.Table(
                Terminal.IsTerminal ? TerminalColumns : source.OpensUnits ? UnitColumns : Columns,
                dissection.Pieces.SelectMany(piece => Terminal.IsTerminal ? TerminalRows(source, piece) : [source.OpensUnits ? UnitRow(piece) : Row(piece)]),
                wrapping: 1);
        }

        if (dissection.Frames == 0)
        {
            Terminal.Fault($"{source.Name} finds no {source.Finds} in these {Number(bytes.Length)} bytes");
        }
    }

    private static string?[] Row(Piece piece) =>
        [Number(piece.Offset), Number(piece.Bytes.Length), Word(piece.Kind), piece.Reason, Hex(piece.Bytes), piece.Decoded];

    private static string?[] UnitRow(Piece piece) =>
    [
        Number(piece.Offset), Number(piece.Bytes.Length), Word(piece.Kind), piece.Reason, piece.Unit is { } unit ? Dissection.Word(unit) : null,
        piece.OtherId is null ? piece.Id : $"{piece.Id} {piece.OtherId}", Hex(piece.Payload), Hex(piece.Reply), piece.Decoded,
    ];

    /// <summary>What a terminal of 80 columns holds: one below the other what stands side by side for programs.</summary>
    private static IEnumerable<string?[]> TerminalRows(Source source, Piece piece)
    {
        string?[] what = source.OpensUnits && piece.Unit is { } unit
            ? [piece.Id is null ? Dissection.Word(unit) : $"{Dissection.Word(unit)} of {piece.Id} {piece.OtherId}".TrimEnd(), Hex(piece.Payload), piece.Decoded, Reply(piece)]
            : [Hex(piece.Bytes), piece.Decoded, Reply(piece)];
        var kind = piece.Reason is null ? Word(piece.Kind) : $"{Word(piece.Kind)}: {piece.Reason}";
        string?[] head = [Number(piece.Offset), Number(piece.Bytes.Length), kind];
        foreach (var line in what.Where(line => !string.IsNullOrEmpty(line)))
        {
            yield return [.. head, line];
            head = [null, null, null];
        }
    }

    private static string? Reply(Piece piece) => piece.Reply.IsEmpty ? null : $"answered with {Hex(piece.Reply)}";

    private static PieceModel Model(Piece piece) => new(
        piece.Offset, piece.Bytes.Length, Word(piece.Kind), piece.Reason, Convert.ToHexString(piece.Bytes.Span), piece.Decoded, piece.Unit is { } unit ? Dissection.Word(unit) : null,
        piece.Id, piece.OtherId, piece.Unit is null ? null : Convert.ToHexString(piece.Payload.Span), piece.Unit is null ? null : Convert.ToHexString(piece.Reply.Span));

    private static string Hex(ReadOnlyMemory<byte> bytes) => Terminal.IsTerminal && bytes.Length > MostBytesOnTerminal
        ? $"{HexText.Spaced(Convert.ToHexString(bytes.Span[..MostBytesOnTerminal]))} ..."
        : HexText.Spaced(Convert.ToHexString(bytes.Span));

    private static string Word(PieceKind kind) => kind switch
    {
        PieceKind.Dropped => "dropped",
        PieceKind.Heartbeat => "heartbeat",
        PieceKind.Pending => "pending",
        _ => "frame",
    };

    private static Source? Find(string name) => Array.Find(Sources, source => source.Name == name);

    // Its line tells what it carries.
    private static Source Whole(string name, string kind) => new(name, kind, kind, OpensUnits: false) { Dissect = bytes => Dissection.OfWhole(name, bytes) };

    private static IEnumerable<string> Names() => Sources.Select(source => source.Name);

    private static string Unknown(string word)
    {
        var names = Names().ToArray();
        string[] near = Nearest.Of(word, names) is { } nearest ? [nearest] : word.Length < 3 ? [] : [.. names.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        var meant = near.Length == 0 ? "" : $" (did you mean {string.Join(" or ", near)}?)";
        return $"--codec: there is no '{word}'{meant}; there are {string.Join(", ", names)}";
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Source(string Name, string Kind, string Finds, bool OpensUnits)
    {
        /// <summary>How it reads a capture; null for a codec, which needs keys.</summary>
        public Func<byte[], Dissection>? Dissect { get; init; }
    }
}

internal sealed record DecodeReport(string Codec, string Kind, int Bytes, int Frames, IReadOnlyList<PieceModel> Pieces);

internal sealed record PieceModel(
    int Offset, int Length, string Kind, string? Reason, string Hex, string? Decoded, string? Unit, string? Id, string? OtherId, string? Payload, string? Reply);
