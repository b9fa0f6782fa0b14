using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>
/// The RFC 2217 port fuzzed: however a client's bytes are cut, the same data, wishes and answers come of them, the answers are few, and they are themselves
/// Telnet that another reader takes apart without a rest. The same bytes as data of a line come back whole.
/// </summary>
internal static class PortTarget
{
    public const string Name = "rfc2217";

    // What an answer costs at most for each byte that asks: FF FA 2C 0B FF FF FF F0 brings as many.
    private const int MostAnswersPerByte = 4;

    public static IEnumerable<byte[]> Seeds()
    {
        byte[][] chosen =
        [
            [0xFF, 0xFB, 0x2C, 0xFF, 0xFD, 0x2C, 0xFF, 0xFD, 0x01, 0xFF, 0xFC, 0x2C, 0xFF, 0xFE, 0x03],
            [0xFF, 0xFA, 0x2C, 0x01, 0x00, 0x01, 0xC2, 0x00, 0xFF, 0xF0, 0x41, 0xFF, 0xFF, 0x42],
            [.. Enumerable.Range(0, 14).SelectMany(code => (byte[])[0xFF, 0xFA, 0x2C, (byte)code, 0x01, 0xFF, 0xF0])],
            [.. Enumerable.Range(0, 20).SelectMany(wish => (byte[])[0xFF, 0xFA, 0x2C, 0x05, (byte)wish, 0xFF, 0xF0])],
            [0xFF, 0xFA, .. Enumerable.Repeat((byte)0x2C, 80), 0xFF, 0xF0, 0x43],
            [0xFF, 0xFA, 0x2C, 0x0B, 0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFA, 0x2C, 0x07, 0xFF, 0xFB, 0x00, 0xFF, 0xF6, 0xFF, 0xF1, 0x0D, 0x00],
        ];
        return chosen.Select((bytes, i) => FuzzInput.Write(0, false, i % 2 == 0 ? [0] : [2, 0, 0x7F], bytes));
    }

    public static void Run(FuzzInput input)
    {
        var (pieces, whole) = (PortRun.Start(), PortRun.Start());
        var at = 0;
        foreach (var (end, _) in input.Pieces())
        {
            pieces.Feed(input.Stream[at..end]);
            at = end;
        }

        whole.Feed(input.Stream);
        BrokenPromiseException.Unless(pieces.Log.SequenceEqual(whole.Log), $"the same comes out however it is cut: [{pieces}] in pieces, [{whole}] whole");
        BrokenPromiseException.Unless(pieces.Answers.SequenceEqual(whole.Answers), "the answers are the same however it is cut");
        BrokenPromiseException.Unless(
            whole.Answers.Length <= PortRun.Start().Answers.Length + (input.Stream.Length * MostAnswersPerByte), "the answers are bounded by what asks");

        // Behind the answers anything that follows is data again.
        var mirror = PortRun.Start();
        mirror.Feed([.. whole.Answers, .. new ComPortServer().Encode(input.Stream.ToArray()).Span]);
        BrokenPromiseException.Unless(mirror.Data.SequenceEqual(input.Stream), "what is encoded behind the answers is data, and comes back as it was");
    }
}

/// <summary>A port's protocol at work: its log of data and wishes, and what it answers. Wishes are granted at once.</summary>
internal sealed class PortRun
{
    private readonly PortProtocol _protocol;
    private readonly List<byte> _answers = [];
    private readonly List<byte> _data = [];
    private LineSettings _line = LineSettings.Usual;

    private PortRun(PortProtocol protocol)
    {
        _protocol = protocol;
        _answers.AddRange(protocol.TakeAnswers().Span);
    }

    /// <summary>One byte of data is <c>d41</c>, a wish its name and numbers.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Everything the protocol said, its beginning included.</summary>
    public ReadOnlySpan<byte> Answers => _answers.ToArray();

    public ReadOnlySpan<byte> Data => _data.ToArray();

    public static PortRun Start() => new(new ComPortServer());

    /// <summary>Feeds a piece and gives what it was answered.</summary>
    public byte[] Feed(ReadOnlySpan<byte> piece)
    {
        var sink = new Sink(this);
        _protocol.Feed(piece, ref sink);
        byte[] answers = _protocol.TakeAnswers().ToArray();
        _answers.AddRange(answers);
        return answers;
    }

    public override string ToString() => string.Join(' ', Log);

    private readonly struct Sink(PortRun run) : IPortSink
    {
        public void OnData(ReadOnlySpan<byte> data)
        {
            run._data.AddRange(data);
            foreach (var value in data)
            {
                run.Log.Add($"d{value:X2}");
            }
        }

        public void OnLine(LineField field, uint value)
        {
            run.Log.Add($"{field}={value}");
            run._line = run._line.With(field, value);
            run._protocol.Tell(field, run._line);
        }

        public void OnPurge(PortBuffers buffers)
        {
            run.Log.Add($"purge={(int)buffers}");
            run._protocol.TellPurged(buffers);
        }

        public void OnSuspend(bool isSuspended) => run.Log.Add(isSuspended ? "suspend" : "resume");

        public void OnKept(ReadOnlySpan<byte> unit, bool isReply) => run.Log.Add($"{(isReply ? "reply" : "command")}={Convert.ToHexString(unit)}");

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => run.Log.Add($"{reason}={Convert.ToHexString(bytes)}");
    }
}
