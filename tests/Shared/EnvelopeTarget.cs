using DtuActors.Protocol.Transports;

namespace DtuActors.Tests.Shared;

/// <summary>
/// Envelopes fuzzed: opening never throws, payloads lie in their units, wrapping never throws, and a DTU says the same however its stream is cut. Not
/// the units are compared, since the data of some come on as they come, but their kinds, ids and payloads, neighbouring payloads of one kind as one.
/// </summary>
internal static class EnvelopeTarget
{
    private const string AnyId = "13800138000";

    // A login repeated behind data is told from data by the piece it begins, so there pieces count.
    private static readonly string[] HeedPieces = ["four-faith-prot"];

    public static void Run(Func<Envelope> make, FuzzInput input, byte[][] profileHeartbeats)
    {
        var maxFrame = input.Settings % 2 == 0 ? SampleStream.MaxUnit : 64;
        var heartbeats = input.HasHeartbeats ? profileHeartbeats : [];
        var envelope = make();
        var cut = new Transcript();
        FramerRun.Of(envelope.Codec, maxFrame, heartbeats, input, unit => cut.Add(Open(envelope, unit), unit), remembers: true);

        if (HeedPieces.Contains(envelope.Name))
        {
            return;
        }

        var other = make();
        var whole = new Transcript();
        FramerRun.OfWhole(other.Codec, maxFrame, heartbeats, input, unit => whole.Add(other.Open(unit), unit), remembers: true);
        BrokenPromiseException.Unless(cut.ToString() == whole.ToString(), $"a DTU says the same however its stream is cut: {cut} in pieces, {whole} whole");
    }

    private static EnvelopeUnit Open(Envelope envelope, ReadOnlySpan<byte> unit)
    {
        var opened = envelope.Open(unit);
        BrokenPromiseException.Unless(Enum.IsDefined(opened.Kind), "a unit is of a kind there is");
        BrokenPromiseException.Unless(
            opened.PayloadOffset >= 0 && opened.PayloadLength >= 0 && opened.PayloadOffset + opened.PayloadLength <= unit.Length,
            $"a payload lies within its unit: {opened}");
        var payload = opened.Payload(unit);
        BrokenPromiseException.Unless(payload.Length <= unit.Length, "a payload is no longer than its unit");
        BrokenPromiseException.Unless(envelope.Wrap(AnyId, payload).Length >= payload.Length, "a wrapped payload is no shorter than itself");
        return opened;
    }

    private sealed class Transcript
    {
        private readonly List<string> _lines = [];
        private EnvelopeKind _kind = EnvelopeKind.Leave;
        private string? _id;

        public void Add(EnvelopeUnit opened, ReadOnlySpan<byte> unit)
        {
            var payload = Convert.ToHexString(opened.Payload(unit));
            if (_lines.Count > 0 && payload.Length > 0 && _kind == opened.Kind && _id == opened.Id)
            {
                _lines[^1] += payload;
                return;
            }

            (_kind, _id) = (opened.Kind, opened.Id);
            _lines.Add($"{_kind} {_id} {payload}");
        }

        public override string ToString() => $"[{string.Join(", ", _lines)}]";
    }
}
