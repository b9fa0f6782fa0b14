using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Sessions;

/// <summary>What admission says of a registration: an id, or the reason why not.</summary>
/// <param name="Id">The id it goes by.</param>
/// <param name="PresentedId">What the registration said, where that is an alias.</param>
/// <param name="Dtu">What configuration or the register knows of it.</param>
/// <param name="Refusal">Null where it is admitted.</param>
public readonly record struct AdmissionVerdict(DtuId Id, string? PresentedId, DtuOptions? Dtu, string? Refusal);

/// <summary>
/// Who may register, and under which id: the DTUs of the configuration, then those of the register. One for the whole gateway, shared by its sessions, which read
/// it as they register; the register, and what a reload brings, are put in their place as a whole, and nobody waits for anybody.
/// </summary>
public sealed class Admission
{
    public const string BadId = "bad-id";
    public const string NotListed = "not-listed";
    public const string WrongSecret = "wrong-secret";
    public const string WrongAddress = "wrong-address";

    private readonly bool _listedOnly;
    private Dictionary<string, DtuOptions> _configured;
    private RegisterRules _rules;
    private Register _register = Register.Empty;

    public Admission(GatewayOptions options)
    {
        _listedOnly = options.Admission is AdmissionMode.Listed;
        _configured = ByName(options);
        _rules = new RegisterRules(options);
    }

    /// <summary>What the configuration asks of the register's rows.</summary>
    public RegisterRules Rules => Volatile.Read(ref _rules);

    /// <summary>
    /// Registrations from now on are decided by these options' <c>dtus</c>; sessions that are open are not touched, nor closed where their DTU is listed no more.
    /// </summary>
    public void Use(GatewayOptions options)
    {
        Volatile.Write(ref _rules, new RegisterRules(options));
        Volatile.Write(ref _configured, ByName(options));
    }

    /// <summary>Registrations from now on are decided by these rows; sessions that are open are not touched.</summary>
    public void Use(Register register) => Volatile.Write(ref _register, register);

    /// <summary>What is known of a DTU.</summary>
    public DtuOptions? Find(DtuId id) => Known(id.Value);

    /// <summary>Decides about a DTU that its listener or dialer names: no word of its own is needed, but where it is looked for it has to be.</summary>
    public AdmissionVerdict DecideNamed(DtuId id, IPAddress? remote) =>
        Find(id) is not { } dtu ? new AdmissionVerdict(id, null, null, null) : IsElsewhere(dtu, remote) ? Refuse(WrongAddress) : new AdmissionVerdict(id, null, dtu, null);

    /// <summary>The groups that a DTU is in.</summary>
    public ImmutableArray<string> GroupsOf(DtuId id) => Find(id)?.Groups ?? [];

    /// <summary>Decides about the id that a registration presented on a listener with <paramref name="idPrefix"/>.</summary>
    public AdmissionVerdict Decide(string idPrefix, string presented, string? secret, IPAddress? remote)
    {
        // A prefix alone would be one id for all that present none: certificates without a CN.
        if (presented.Length == 0)
        {
            return Refuse(BadId);
        }

        var full = idPrefix + presented;
        if (Known(full) is not { } dtu)
        {
            return !DtuId.TryParse(full, out var id) ? Refuse(BadId) : _listedOnly ? Refuse(NotListed) : new AdmissionVerdict(id, null, null, null);
        }

        if (dtu.Secret is { } expected && !SameSecret(expected, secret))
        {
            return Refuse(WrongSecret);
        }

        if (IsElsewhere(dtu, remote))
        {
            return Refuse(WrongAddress);
        }

        return new AdmissionVerdict(dtu.Id, dtu.Id.Value == full ? null : full, dtu, null);
    }

    private DtuOptions? Known(string name) => Volatile.Read(ref _configured).GetValueOrDefault(name) ?? Volatile.Read(ref _register).FindByName(name)?.ToOptions();

    /// <summary>Decides about an id that was proven otherwise, by a certificate: it stands for the secret.</summary>
    public AdmissionVerdict DecideProven(string idPrefix, string presented, IPAddress? remote) =>
        Decide(idPrefix, presented, Known(idPrefix + presented)?.Secret, remote);

    private static Dictionary<string, DtuOptions> ByName(GatewayOptions options)
    {
        var byName = new Dictionary<string, DtuOptions>(StringComparer.Ordinal);
        foreach (var dtu in options.Dtus.Values)
        {
            byName[dtu.Id.Value] = dtu;
            foreach (var alias in dtu.Aliases)
            {
                byName[alias] = dtu;
            }
        }

        return byName;
    }

    private static AdmissionVerdict Refuse(string reason) => new(default, null, null, reason);

    // Hashed first, so that neither content nor length shows in the time it takes.
    private static bool SameSecret(string expected, string? given) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given ?? "")))
        && given is not null;

    private static bool IsElsewhere(DtuOptions dtu, IPAddress? remote) => dtu.Remote is { } only && remote?.MapToIPv6().Equals(only.MapToIPv6()) != true;
}
