using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Configuration;
using DtuActors.Host.Writing;
using DtuActors.Protocol;
using DtuActors.Protocol.Detection;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;

namespace DtuActors.Host.Commands;

internal static class DecodeCommand
{
    // A person on a terminal reads the beginning of a long frame; all of it goes to a pipe and into JSON.
    private const int MostBytesOnTerminal = 48;

    private static readonly string[] Columns = ["OFFSET", "LENGTH", "KIND", "REASON", "HEX", "DECODED"];
    private static readonly string[] TerminalColumns = ["OFFSET", "LENGTH", "KIND", "WHAT"];
    private static readonly string[] UnitColumns = ["OFFSET", "LENGTH", "KIND", "REASON", "UNIT", "ID", "PAYLOAD", "REPLY", "DECODED"];

    public static Command Create()
    {
        var capture = new CaptureInput();
        var framing = new FramingKeys();
        var name = new Option<string>("--codec") { Description = "The codec, or an envelope or a vendor's login: " + string.Join(", ", Names()) + ".", HelpName = "C", Required = true };
        name.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<string?>() is { } word && !Names().Contains(word))
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
            "How a codec, an envelope or a login cuts and reads these bytes, piece by piece. Needs no gateway. Exit code 1 where no frame comes out.",
            "dtu decode --codec modbus-rtu --hex \"01 03 00 00 00 02 C4 0B\"",
            "dtu decode --codec ddp capture.bin",
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
            // Envelopes and logins have no keys: one that is given was meant for something else.
            if (result.GetResult(name) is { Tokens: [{ Value: var word }] } && !Codecs.Names.Contains(word) && Names().Contains(word)
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
            var way = parsed.GetValue(direction) == "down" ? FrameDirection.Down : FrameDirection.Up;
            Dissection dissection;
            try
            {
                dissection = Dissect(word, framing.Read(parsed, word), bytes, way, [.. (parsed.GetValue(heartbeats) ?? []).Select(FramingKeys.Bytes)]);
            }
            catch (ArgumentException wrong)
            {
                // "length: 0 is not within 1 to 4096 (Parameter 'value')": the parameter is nobody's business here.
                Terminal.Fault($"--codec {word} cannot work with its keys: {wrong.Message.Split(" (Parameter")[0]}");
                return ExitCodes.Usage;
            }

            Print(word, bytes, dissection, parsed.GetValue(json));
            return dissection.Frames > 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static Dissection Dissect(string name, FramingOptions framing, byte[] bytes, FrameDirection direction, IReadOnlyList<byte[]> heartbeats) =>
        Codecs.Names.Contains(name) ? Dissection.OfCodec(framing, bytes, direction, heartbeats)
        : Envelopes.Names.Contains(name) ? Dissection.OfEnvelope(name, bytes)
        : Dissection.OfLogin(name, bytes);

    private static void Print(string name, byte[] bytes, Dissection dissection, bool json)
    {
        var isCodec = Codecs.Names.Contains(name);
        if (json)
        {
            var report = new DecodeReport(name, Kind(name), bytes.Length, dissection.Frames, [.. dissection.Pieces.Select(Model)]);
            Terminal.Line(JsonSerializer.Serialize(report, DetectionJson.Readable.DecodeReport));
        }
        else
        {
            Terminal.Table(
                Terminal.IsTerminal ? TerminalColumns : isCodec ? Columns : UnitColumns,
                dissection.Pieces.SelectMany(piece => Terminal.IsTerminal ? TerminalRows(piece) : [isCodec ? Row(piece) : UnitRow(piece)]),
                wrapping: 1);
        }

        if (dissection.Frames == 0)
        {
            Terminal.Fault($"{name} finds no {(isCodec ? "frame" : Kind(name) == "login" ? "login" : "unit")} in these {Number(bytes.Length)} bytes");
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
    private static IEnumerable<string?[]> TerminalRows(Piece piece)
    {
        string?[] what = piece.Unit is { } unit
            ? [piece.Id is null ? Dissection.Word(unit) : $"{Dissection.Word(unit)} of {piece.Id} {piece.OtherId}".TrimEnd(), Hex(piece.Payload), piece.Decoded, Reply(piece)]
            : [Hex(piece.Bytes), piece.Decoded];
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

    private static string Kind(string name) => Codecs.Names.Contains(name) ? "codec" : Envelopes.Names.Contains(name) ? "envelope" : "login";

    private static IEnumerable<string> Names() => [.. Codecs.Names, .. Envelopes.Names, .. VendorLogins.Names];

    private static string Unknown(string word)
    {
        var names = Names().ToArray();
        string[] near = Nearest.Of(word, names) is { } nearest ? [nearest] : word.Length < 3 ? [] : [.. names.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        var meant = near.Length == 0 ? "" : $" (did you mean {string.Join(" or ", near)}?)";
        return $"--codec: there is no '{word}'{meant}; there are {string.Join(", ", names)}";
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

internal sealed record DecodeReport(string Codec, string Kind, int Bytes, int Frames, IReadOnlyList<PieceModel> Pieces);

internal sealed record PieceModel(
    int Offset, int Length, string Kind, string? Reason, string Hex, string? Decoded, string? Unit, string? Id, string? OtherId, string? Payload, string? Reply);
