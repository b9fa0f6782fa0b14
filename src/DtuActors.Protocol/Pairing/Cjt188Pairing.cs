using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Pairing;

/// <summary>
/// <c>cjt188</c>, CJ/T 188-2004: the meter's type and address, the control byte with D7 set (D6, too, in a refusal), then data identifier and serial number
/// as they were sent; a refusal carries the serial number alone. Identifiers are taken in either order of their bytes, since meters send both.
/// </summary>
internal sealed class Cjt188Pairing : RequestPairing
{
    private const byte ReadData = 0x01;
    private const byte ReadAddress = 0x03;
    private const byte ReadKeyVersion = 0x09;

    // The identifier's two bytes, then the serial number's one.
    private const int Serial = 2;

    public override string Codec => "cjt188";

    public override Question? Read(ReadOnlySpan<byte> request) => Request(request) is var core && core.IsEmpty
        ? null
        : new Question(Cjt188.ReadMeter(request), Function(core) is ReadData or ReadAddress or ReadKeyVersion, ExpectsAnswer: true);

    public override bool Answers(ReadOnlySpan<byte> request, ReadOnlySpan<byte> frame)
    {
        var asked = Request(request);
        var answer = Cjt188.Core(frame);
        if (asked.IsEmpty || answer.IsEmpty || !IsReply(answer) || Function(asked) != Function(answer) || !MeterAddresses.Overlap(Meter(asked), Meter(answer)))
        {
            return false;
        }

        var sent = Data(asked);
        var came = Data(answer);
        if (sent.Length <= Serial)
        {
            return true;
        }

        if ((answer[Cjt188.ControlOffset] & Cjt188.ErrorBit) != 0)
        {
            return came.IsEmpty || came[0] == sent[Serial];
        }

        return came.Length > Serial && came[Serial] == sent[Serial]
            && ((came[0] == sent[0] && came[1] == sent[1]) || (came[0] == sent[1] && came[1] == sent[0]));
    }

    public override bool Confusable(ReadOnlySpan<byte> request, ReadOnlySpan<byte> other)
    {
        var one = Request(request);
        var two = Request(other);
        return one.IsEmpty || two.IsEmpty || (Function(one) == Function(two) && MeterAddresses.Overlap(Meter(one), Meter(two)));
    }

    private static ReadOnlySpan<byte> Request(ReadOnlySpan<byte> frame) => Cjt188.Core(frame) is var core && !core.IsEmpty && !IsReply(core) ? core : [];

    private static bool IsReply(ReadOnlySpan<byte> core) => (core[Cjt188.ControlOffset] & Cjt188.ReplyBit) != 0;

    private static byte Function(ReadOnlySpan<byte> core) => (byte)(core[Cjt188.ControlOffset] & Cjt188.FunctionMask);

    // Type and address: AA stands for any of either.
    private static ReadOnlySpan<byte> Meter(ReadOnlySpan<byte> core) => core.Slice(Cjt188.TypeOffset, 1 + Cjt188.AddressLength);

    private static ReadOnlySpan<byte> Data(ReadOnlySpan<byte> core) => core[Cjt188.DataOffset..^2];
}
