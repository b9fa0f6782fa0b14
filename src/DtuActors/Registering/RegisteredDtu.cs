using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Protocol;

namespace DtuActors.Registering;

/// <summary>One DTU of the register. Two are equal where every column says the same.</summary>
public sealed record RegisteredDtu
{
    public required DtuId Id { get; init; }

    public string Name { get; init; } = "";

    /// <summary>A profile that takes the place of the listener's once the DTU is known; empty: the listener's.</summary>
    public string Profile { get; init; } = "";

    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>What its registration's group <c>secret</c> must say; empty: nothing.</summary>
    public string Secret { get; init; } = "";

    /// <summary>1 to 65535, no other row has it; 0: none. For endpoints that give each DTU a port of its own.</summary>
    public int Port { get; init; }

    /// <summary>Other ids it presents itself under.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    public string Note { get; init; } = "";

    /// <summary>Every text that a registration may say for it.</summary>
    public IEnumerable<string> Names => Aliases.Prepend(Id.Value);

    /// <summary>As admission takes it, beside the DTUs of the configuration.</summary>
    internal DtuOptions ToOptions() => new()
    {
        Id = Id,
        Name = Name.Length > 0 ? Name : null,
        Aliases = Aliases,
        Profile = Profile.Length > 0 ? Profile : null,
        Secret = Secret.Length > 0 ? Secret : null,
        Groups = Groups,
    };

    public bool Equals(RegisteredDtu? other) =>
        other is not null && (Id, Name, Profile, Secret, Port, Note) == (other.Id, other.Name, other.Profile, other.Secret, other.Port, other.Note)
        && Groups.SequenceEqual(other.Groups) && Aliases.SequenceEqual(other.Aliases);

    public override int GetHashCode() => HashCode.Combine(Id, Name, Profile, Port, Note);
}

/// <summary>What a row of a file, or the body of a call, says of one DTU. A column that is null was not named, and stays as it is; an empty one is emptied.</summary>
public sealed record DtuEdit
{
    /// <summary>The row in the file, from 1 (the header), or null where there is no file.</summary>
    public int? Row { get; init; }

    public required DtuId Id { get; init; }
    public string? Name { get; init; }
    public string? Profile { get; init; }
    public ImmutableArray<string>? Groups { get; init; }
    public string? Secret { get; init; }
    public int? Port { get; init; }
    public ImmutableArray<string>? Aliases { get; init; }
    public string? Note { get; init; }

    /// <summary>The DTU as it is afterwards; <paramref name="before"/> is null where the register does not have it yet.</summary>
    public RegisteredDtu ApplyTo(RegisteredDtu? before)
    {
        var dtu = before ?? new RegisteredDtu { Id = Id };
        return dtu with
        {
            Name = Name ?? dtu.Name,
            Profile = Profile ?? dtu.Profile,
            Groups = Groups ?? dtu.Groups,
            Secret = Secret ?? dtu.Secret,
            Port = Port ?? dtu.Port,
            Aliases = Aliases ?? dtu.Aliases,
            Note = Note ?? dtu.Note,
        };
    }
}
