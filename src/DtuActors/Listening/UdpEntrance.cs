using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;
using DtuActors.Protocol.Transports;
using DtuActors.Sessions;

namespace DtuActors.Listening;

/// <summary>What one datagram says of its sender.</summary>
/// <param name="Id">Whose it is, where it is a registration that is admitted.</param>
/// <param name="Candidate">By which of the listener's profiles.</param>
/// <param name="Refusal">Else the reason why not: <see cref="UdpEntrance.Unregistered"/>, or a registration's own.</param>
/// <param name="Secret">The right one, of a registration that is refused all the same.</param>
public readonly record struct DatagramVerdict(DtuId Id, int Candidate, string? Refusal, string? Secret = null);

/// <summary>
/// Reads a datagram for itself: no connection stands behind it, so either it says who sent it, and admission agrees, or it is nobody's. Pure; one for each listener.
/// </summary>
public sealed class UdpEntrance
{
    /// <summary>It registers nobody.</summary>
    public const string Unregistered = "unregistered";

    private readonly SessionSetup _setup;
    private readonly bool[] _isProven;
    private readonly bool[] _isInAll;

    /// <param name="setup">That of the listener's sessions; its profiles' envelopes are those of datagrams.</param>
    public UdpEntrance(SessionSetup setup)
    {
        _setup = setup;
        _isProven = [.. setup.Candidates.Select(profile => profile.Registration.Form.IsInAllThatComes(profile.Framing.Codec, profile.Envelope?.Invoke()))];
        _isInAll = [.. setup.Candidates.Select((profile, i) => setup.Dtu is not null || profile.Registration.EveryPacket || _isProven[i])];
    }

    /// <summary>The profile as datagrams carry it.</summary>
    public static ProfileOptions ForDatagrams(ProfileOptions profile) => profile with { Envelope = Envelopes.ForDatagrams(profile.Envelope) };

    /// <summary>Whether every datagram of a DTU that came in by this profile says whose it is, so that its address may move.</summary>
    public bool IsInAll(int candidate) => _isInAll[candidate];

    /// <summary>
    /// Whether it says so in a form that nothing else has, so that it is believed more than the address, which a NAT may have given to another DTU. Bytes in front of
    /// data are no such form: any data could be read as some id.
    /// </summary>
    public bool IsProven(int candidate) => _setup.Dtu is null && _isProven[candidate];

    /// <summary>Whether an id stands in front of every datagram of a DTU that came in by this profile, in a form that data may have as well.</summary>
    public bool IsInFront(int candidate) => _setup.Dtu is null && !_isProven[candidate] && _isInAll[candidate];

    public DatagramVerdict Read(ReadOnlySpan<byte> datagram, Peer remote)
    {
        if (_setup.Dtu is { } only && _setup.Candidates[0].Envelope is null)
        {
            return Named(only, 0, remote);
        }

        var race = _setup.BeginRegistration(remote, _setup.Dtu is not null);
        race.Feed(datagram);
        race.EndBurst();
        if (race.State is not RegistrationState.Registered)
        {
            return new DatagramVerdict(default, race.Leader, race.Registrar.Reason is Registrar.RejectedId and var rejected ? rejected : Unregistered);
        }

        if (_setup.Dtu is { } named)
        {
            return Named(named, race.Leader, remote);
        }

        var verdict = _setup.Admission.Decide(_setup.IdPrefix, race.Registrar.Id, race.Registrar.Secret, remote.Address);
        return new DatagramVerdict(verdict.Id, race.Leader, verdict.Refusal, verdict.Refusal is Admission.WrongAddress ? race.Registrar.Secret : null);
    }

    private DatagramVerdict Named(DtuId dtu, int candidate, Peer remote) => new(dtu, candidate, _setup.Admission.DecideNamed(dtu, remote.Address).Refusal);
}
