using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Pairing;

/// <summary>
/// <c>dlt645</c>, DL/T 645-2007 and -1997: the meter's address, the control byte with D7 set (D6, too, in a refusal), and the data identifier where a reply
/// carries it (annex A of either edition).
/// </summary>
internal sealed class Dlt645Pairing : RequestPairing
{
    private const byte Read1997 = 0x01;
    private const byte ReadMore1997 = 0x02;
    private const byte BroadcastTime = 0x08;
    private const byte Read2007 = 0x11;
    private const byte ReadMore2007 = 0x12;
    private const int Identifier1997 = 2;
    private const int Identifier2007 = 4;

    public override string Codec => "dlt645";

    public override Question? Read(ReadOnlySpan<byte> request)
    {
        var core = Request(request);
        if (core.IsEmpty)
        {
            return null;
        }

        var function = Function(core);
        var isRead = function is Read1997 or Read2007 or Dlt645.ReadAddress;

        // Nobody answers what all are told; but a read of all is how one meter alone on its line is asked who it is.
        var isAnswered = function != BroadcastTime && (isRead || !MeterAddresses.IsAll(Address(core)));
        return new Question(Dlt645.ReadMeter(request), isRead, isAnswered);
    }

    public override bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame)
    {
        var asked = Request(request);
        var answer = Dlt645.Core(frame);
        if (asked.IsEmpty || answer.IsEmpty || !IsReply(answer) || Function(asked) != Function(answer) || !CouldBeFrom(Address(asked), Address(answer)))
        {
            return false;
        }

        var identifier = (answer[Dlt645.ControlOffset] & Dlt645.ErrorBit) != 0 ? 0 : Function(asked) switch
        {
            Read1997 or ReadMore1997 => Identifier1997,
            Read2007 or ReadMore2007 => Identifier2007,
            _ => 0,
        };
        return Data(asked).Length < identifier || Data(answer).StartsWith(Data(asked)[..identifier]);
    }

    public override bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other)
    {
        var one = Request(request);
        var two = Request(other);
        return one.IsEmpty || two.IsEmpty || (Function(one) == Function(two) && CouldBeFrom(Address(one), Address(two)));
    }

    private static bool CouldBeFrom(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        MeterAddresses.IsAll(one) || MeterAddresses.IsAll(other) || MeterAddresses.Overlap(one, other);

    private static ReadOnlySpan<byte> Request(ReadOnlySpan<byte> frame) => Dlt645.Core(frame) is var core && !core.IsEmpty && !IsReply(core) ? core : [];

    private static bool IsReply(ReadOnlySpan<byte> core) => (core[Dlt645.ControlOffset] & Dlt645.ReplyBit) != 0;

    private static byte Function(ReadOnlySpan<byte> core) => (byte)(core[Dlt645.ControlOffset] & Dlt645.FunctionMask);

    private static ReadOnlySpan<byte> Address(ReadOnlySpan<byte> core) => core.Slice(1, Dlt645.AddressLength);

    private static ReadOnlySpan<byte> Data(ReadOnlySpan<byte> core) => core[Dlt645.DataOffset..^2];
}
