using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;

namespace DtuActors.Tests.Shared;

/// <summary>
/// A Modbus TCP master and the instruments behind it, fuzzed: the stream is what the master sends, and then, once no header begins any more, what comes back. The same
/// requests are cut however they come; in each form that a DTU may speak they ask the same; and no answer is taken for one to a request that asks another slave, another
/// function or under another transaction. Frames of both meters are paired as they come.
/// </summary>
internal static class ModbusTarget
{
    public const string Name = "modbus-pairing";

    // As many as a master may have open.
    private const int MostRequests = 16;

    private static readonly string[] Forms = ["modbus-rtu", "modbus-ascii", "modbus-tcp"];
    private static readonly string[] Meters = ["dlt645", "cjt188"];

    public static IEnumerable<byte[]> Seeds()
    {
        byte[][] pdus =
        [
            [3, 0, 0, 0, 2], [4, 0, 1, 0, 1], [1, 0, 0, 0, 9], [5, 0, 1, 0xFF, 0], [6, 0, 1, 0, 7], [16, 0, 1, 0, 1, 2, 0, 9], [8, 0, 0, 1, 2], [23, 0, 0, 0, 1, 0, 1, 0, 1, 2, 0, 5],
            [22, 0, 4, 0, 0xF2, 0, 0x25], [0x2B, 0x0E, 1, 0], [20, 7, 6, 0, 4, 0, 1, 0, 2], [17], [65, 1, 2, 3],
        ];
        byte[][] answers = [[3, 4, 0, 1, 0, 2], [0x83, 2], [4, 2, 0, 1], [1, 2, 0xFF, 1], [5, 0, 1, 0xFF, 0], [16, 0, 1, 0, 1], [65, 9], [17, 2, 1, 0xFF]];
        for (var i = 0; i < pdus.Length; i++)
        {
            var (one, other) = (pdus[i], pdus[(i + 5) % pdus.Length]);
            byte[] stream = [.. Mbap.Build(1, 1, one), .. Mbap.Build((ushort)(i % 3), 1, other), 0xFF, 0xFF, 0xFF, .. answers[i % answers.Length]];
            yield return FuzzInput.Write(i, false, i % 2 == 0 ? [0x7F] : [2, 0, 5], stream);
        }

        // A length that leaves no room for a function.
        yield return FuzzInput.Write(0, false, [0x7F], [0, 1, 0, 0, 0, 1, 1, 3, 0, 0, 0, 2]);
        foreach (var frames in Meters.Select(meter => SampleFrames.Odd(meter, envelope: false).Concat(SampleFrames.Settings(meter).SelectMany(SampleFrames.Of)).ToArray()))
        {
            for (var i = 0; i + 1 < frames.Length; i += 2)
            {
                yield return FuzzInput.Write(i, true, [(byte)(Math.Min(frames[i].Length, 100) - 1), 0x7F], [.. frames[i], .. frames[i + 1]]);
            }
        }
    }

    public static void Run(FuzzInput input)
    {
        if (input.HasHeartbeats)
        {
            AssertMeters(input);
            return;
        }

        var (whole, rest) = Cut(input.Stream, [(input.Stream.Length, false)]);
        var (pieces, left) = Cut(input.Stream, input.Pieces());
        BrokenPromiseException.Unless(
            whole.Select(Convert.ToHexString).SequenceEqual(pieces.Select(Convert.ToHexString)) && rest == left, "the same requests are cut however they come");
        foreach (var form in Forms)
        {
            AssertForm(form, whole, input.Stream[rest..]);
        }
    }

    /// <summary>The requests, as whoever owns the connection cuts them, and where what is no header begins.</summary>
    private static (List<byte[]> Requests, int End) Cut(ReadOnlySpan<byte> stream, List<(int End, bool Silence)> pieces)
    {
        var requests = new List<byte[]>();
        var at = 0;
        foreach (var (end, _) in pieces)
        {
            while (at < end && requests.Count < MostRequests && Mbap.FrameLength(stream[at..end]) is var length and > 0 && at + length <= end)
            {
                BrokenPromiseException.Unless(length is > Mbap.HeaderLength and <= Mbap.MaxFrame, $"a request has a function, and at most {Mbap.MaxFrame} bytes: {length}");
                requests.Add(stream.Slice(at, length).ToArray());
                at += length;
            }
        }

        return (requests, at);
    }

    private static void AssertForm(string form, List<byte[]> requests, ReadOnlySpan<byte> back)
    {
        var pairing = Pairings.ForModbus(form);
        var dialect = ModbusDialect.Of(form);
        var asked = requests.ConvertAll(request =>
        {
            var rtu = ModbusRtu.Build(request[Mbap.HeaderLength - 1], request.AsSpan(Mbap.HeaderLength));
            BrokenPromiseException.Unless(ModbusRtu.IsValid(rtu), "a request is a frame of Modbus RTU");
            var written = dialect.Request(rtu).ToArray();
            BrokenPromiseException.Unless(dialect.Answer(written).Span.SequenceEqual(rtu), $"what is written in {form} is read as what it was");
            var (here, there) = (Pairings.ModbusRtu.Read(rtu), pairing.Read(written));
            BrokenPromiseException.Unless(here is null == there is null && (here is null || here.Value.IsRead == there!.Value.IsRead || rtu[0] == 0), $"in {form} it asks what it asked: {here}, {there}");
            return (Rtu: rtu, Written: written);
        });
        foreach (var frame in Answers(form, asked.ConvertAll(request => request.Written), back))
        {
            var answered = asked.FindAll(request => pairing.Answers(request.Written, frame));
            foreach (var (rtu, written) in answered)
            {
                var answer = dialect.Answer(frame).Span;
                BrokenPromiseException.Unless(ModbusRtu.IsValid(answer), "an answer is a frame of Modbus RTU, and fits into one of Modbus TCP");
                _ = Mbap.Build(1, answer[0], answer[1..^2]);
                BrokenPromiseException.Unless(answer[0] == rtu[0] && (answer[1] & 0x7F) == rtu[1], $"an answer is of the slave and the function that were asked: {Convert.ToHexString(answer)} to {Convert.ToHexString(rtu)}");
                BrokenPromiseException.Unless(form != "modbus-tcp" || frame.AsSpan(0, 2).SequenceEqual(written.AsSpan(0, 2)), "an answer has its request's transaction");
                BrokenPromiseException.Unless(answered.TrueForAll(other => pairing.Confusable(written, other.Written)), "requests that one answer answers are known to be confusable");
            }
        }

        // What is no frame at all must be no answer either, wherever it came in.
        foreach (var (rtu, written) in asked)
        {
            BrokenPromiseException.Unless(!pairing.Answers(written, back) || back.Length > 2, "what is too short to be a frame answers nothing");
            var range = ModbusRtuPairing.Find(rtu, back, 0);
            BrokenPromiseException.Unless(range.End.Value <= back.Length && (range.Equals(default) || Pairings.ModbusRtu.Answers(rtu, back[range])), "what is found in pieces is an answer");
            _ = ModbusRtuPairing.EndsWithAnswer(rtu, back);
        }
    }

    // A fuzzer does not find checks by itself: what came back is an answer's unit and PDU, or what stands behind its unit, in a right frame; then as it came.
    private static List<byte[]> Answers(string form, List<byte[]> requests, ReadOnlySpan<byte> back)
    {
        var pdu = back[..Math.Min(back.Length, ModbusRtu.MaxFrame - 3)].ToArray();
        var answers = new List<byte[]> { back.ToArray() };
        answers.AddRange(requests);
        if (pdu.Length > 3)
        {
            // Behind the three bytes that ended the requests.
            answers.AddRange(requests.Take(4).Select(request => Build(form, request, UnitOf(form, request), pdu.AsSpan(3))));
            answers.Add(Build(form, [pdu[1], pdu[2]], pdu[0], pdu.AsSpan(3)));
        }

        return answers;
    }

    private static byte UnitOf(string form, byte[] request) => form switch
    {
        "modbus-tcp" => request[Mbap.HeaderLength - 1],
        "modbus-ascii" => ModbusUnit.Of(form, request)!.Value,
        _ => request[0],
    };

    private static byte[] Build(string form, byte[] like, byte unit, ReadOnlySpan<byte> pdu) => form switch
    {
        "modbus-tcp" => Mbap.Build((ushort)((like[0] << 8) | like[1]), unit, pdu),
        "modbus-ascii" => ModbusAscii.Build(unit, pdu),
        _ => ModbusRtu.Build(unit, pdu),
    };

    private static void AssertMeters(FuzzInput input)
    {
        var end = input.Pieces() is [var (first, _), ..] ? first : 0;
        var (one, other) = (input.Stream[..end].ToArray(), input.Stream[end..].ToArray());
        foreach (var pairing in Meters.Select(meter => Pairings.Find(meter)!))
        {
            // Whole ones are paired; with their sums put right, most are.
            foreach (var (request, frame) in new[] { (one, other), (Summed(one), Summed(other)), (Summed(other), Summed(one)) })
            {
                var answers = pairing.Answers(request, frame);
                BrokenPromiseException.Unless(!answers || pairing.Read(request) is not null, $"what answers in {pairing.Codec} answers a request");
                BrokenPromiseException.Unless(!answers || pairing.Read(frame) is null, $"an answer in {pairing.Codec} is no request");
                BrokenPromiseException.Unless(pairing.Confusable(request, frame) == pairing.Confusable(frame, request), "two are confusable either way round");
                _ = pairing.AsksTheSame(request, frame);
            }
        }
    }

    // Both end with a sum over everything from their mark on, and 16.
    private static byte[] Summed(byte[] frame)
    {
        byte[] summed = [.. frame];
        var mark = Array.IndexOf(frame, (byte)0x68);
        if (mark >= 0 && frame.Length - mark > 2)
        {
            summed[^2] = (byte)summed[mark..^2].Sum(value => value);
            summed[^1] = 0x16;
        }

        return summed;
    }
}
