namespace DtuActors.Protocol.Registration;

/// <summary>
/// A vendor's login in front of a transparent stream: a binary frame of known length that carries the id, and what the centre answers. Stateless and shared. A new one is one
/// file with one of these, and one row in <see cref="VendorLogins"/>.
/// </summary>
public abstract class VendorLogin
{
    /// <summary>The word in configuration (<c>registration.kind</c>).</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The whole login's length in bytes if <paramref name="head"/> begins one, 0 where more bytes are needed to tell, -1 where it can't be one. At most
    /// <see cref="RegistrationReader.MaxLength"/>.
    /// </summary>
    public abstract int LengthOf(ReadOnlySpan<byte> head);

    /// <summary>Reads a whole login. False where it carries no id that <see cref="DtuId"/> takes. Never throws.</summary>
    public abstract bool TryRead(ReadOnlySpan<byte> login, out Presented presented);

    /// <summary>What the centre answers to a login that it takes, empty for nothing.</summary>
    public virtual ReadOnlyMemory<byte> Accepted(ReadOnlySpan<byte> login) => default;

    /// <summary>What the centre answers before it closes: <paramref name="wrongSecret"/>, or not admitted for any other reason. Empty for nothing.</summary>
    public virtual ReadOnlyMemory<byte> Refused(ReadOnlySpan<byte> login, bool wrongSecret) => default;
}

/// <summary>The table of vendors' logins, by the word in configuration.</summary>
public static class VendorLogins
{
    private static readonly VendorLogin[] Table =
    [
        new HslLogin(),
        new InHandLogin(),
        new TeltonikaLogin(),
    ];

    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Table.Select(login => login.Name)];

    /// <summary>The login of that name, or null.</summary>
    public static VendorLogin? Find(string name) => Array.Find(Table, login => login.Name == name);
}
