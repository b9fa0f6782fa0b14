using Akka.IO;

namespace DtuActors.Listening;

/// <summary>
/// An acknowledgement that may be given on the spot: a connection that could write everything while it was told to marks it, and tells nothing then. Whoever told it looks at it behind that.
/// </summary>
/// <param name="mayBeAtOnce">Whether it will be looked at; else it is told, as any other.</param>
public abstract class AckAtOnce(bool mayBeAtOnce) : Tcp.Event
{
    /// <summary>The kernel has the bytes already.</summary>
    public bool IsGiven { get; private set; }

    /// <summary>False where it has to be told.</summary>
    public bool Give() => IsGiven = mayBeAtOnce;
}
