using System.Text.RegularExpressions;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Registration;

/// <summary><c>kind = address</c>: the address a connection comes from is the DTU (fixed addresses of a private network). Nothing is sent or read.</summary>
public sealed record AddressForm : RegistrationForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Address;

    /// <summary>Matches the whole address; the named group <c>id</c> is the id.</summary>
    public required Regex Pattern { get; init; }

    public override bool RepeatsAsHeartbeat => false;

    public override bool IsInAllThatComes(string codec, Envelope? envelope) => true;

    public override Registrar Begin(in RegistrationStart start) => new GivenRegistrar(this, Pattern, start.RemoteAddress);

    private sealed class GivenRegistrar : Registrar
    {
        public GivenRegistrar(AddressForm form, Regex pattern, string address)
        {
            if (PatternForm.TryMatch(pattern, address, out var presented))
            {
                Register(form, presented, behind: 0);
            }
            else
            {
                Refuse("no-match");
            }
        }

        public override TimeSpan? SilenceDue => null;

        protected override void Take(ReadOnlySpan<byte> piece)
        {
        }

        protected override void FallSilent()
        {
        }
    }
}

/// <summary><c>kind = none</c>: the listener or dialer says which DTU it is, and nobody registers.</summary>
public sealed record NoForm : RegistrationForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.None;

    public override bool RepeatsAsHeartbeat => false;

    /// <exception cref="NotSupportedException">Always: there is nothing to read.</exception>
    public override Registrar Begin(in RegistrationStart start) => throw new NotSupportedException("kind = none has no registration to read");
}
