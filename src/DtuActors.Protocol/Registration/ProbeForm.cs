using System.Text.RegularExpressions;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>kind = probe</c>: the gateway sends <see cref="Ask"/> as soon as the DTU is connected, and the instrument's or DTU's answer says who it is: a frame of a codec
/// (DL/T 645 "read address"), or a burst that a pattern matches as a whole. The answer is the gateway's own and goes to nobody.
/// </summary>
public sealed record ProbeForm : RegistrationForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Probe;

    /// <summary>What is sent.</summary>
    public required ReadOnlyMemory<byte> Ask { get; init; }

    /// <summary>How the answer is read: a <see cref="FrameForm"/> or an <see cref="AnswerForm"/>.</summary>
    public required RegistrationForm Answer { get; init; }

    // The same answer later is an answer to somebody else.
    public override bool RepeatsAsHeartbeat => false;

    public override Registrar Begin(in RegistrationStart start) => Answer is FrameForm frame ? frame.Begin(isData: false) : Answer.Begin(start);
}

/// <summary>
/// A probe's answer without a codec: a burst that ends at <c>length</c> or at silence. The pattern sees it as text, line ends around it left out, where all of
/// it is printable ASCII, else as upper-case hex digits.
/// </summary>
public sealed record AnswerForm : ReadForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Probe;

    /// <summary>Matches the whole answer; the named group <c>id</c> is the id.</summary>
    public required Regex Pattern { get; init; }

    /// <summary>The answer's length in bytes where it has a fixed one, else 0.</summary>
    public int Length { get; init; }

    public override bool IsDelimited => Length > 0;

    public override int LengthOf(ReadOnlySpan<byte> head) => Length;

    public override bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented)
    {
        var text = bytes.Trim("\r\n"u8);
        var isText = !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E);
        return PatternForm.TryMatch(Pattern, isText ? System.Text.Encoding.ASCII.GetString(text) : Convert.ToHexString(bytes), out presented);
    }
}
