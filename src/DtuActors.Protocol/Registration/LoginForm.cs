namespace DtuActors.Protocol.Registration;

/// <summary>A vendor's binary login in front of a transparent stream (<c>kind = hsl</c>, <c>teltonika</c>, <c>inhand</c>), answered as that vendor's devices expect.</summary>
public sealed record LoginForm(VendorLogin Vendor) : ReadForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Login;

    public override bool IsDelimited => true;

    public override int LengthOf(ReadOnlySpan<byte> head) => Vendor.LengthOf(head);

    public override bool TryRead(ReadOnlySpan<byte> bytes, out Presented presented) => Vendor.TryRead(bytes, out presented);

    /// <summary>A login has a shape that no instrument's bytes have.</summary>
    public override bool TryReadAgain(ReadOnlySpan<byte> burst, out Presented presented)
    {
        presented = default;
        return Vendor.LengthOf(burst) == burst.Length && Vendor.TryRead(burst, out presented) && !IsRejected(presented);
    }

    public override ReadOnlyMemory<byte> Accepted(ReadOnlySpan<byte> registration) => Vendor.Accepted(registration);

    public override ReadOnlyMemory<byte> Refused(ReadOnlySpan<byte> registration, bool wrongSecret) => Vendor.Refused(registration, wrongSecret);
}
