namespace DtuActors.Tests.Simulation;

/// <summary>A fault that is put into a run on purpose: the history has to find it, or it finds nothing.</summary>
internal enum Plant
{
    None,

    /// <summary>The network delivers a piece twice.</summary>
    DoubledPiece,

    /// <summary>A piece of one DTU's arrives on another one's connection.</summary>
    CrossedPiece,

    /// <summary>An answer is given to whoever asked before.</summary>
    CrossedAnswer,

    /// <summary>Nobody hears an answer: the next request goes out behind one that is still open.</summary>
    NoAnswerEnds,

    /// <summary>A word that a request has ended is lost.</summary>
    LostEnd,

    /// <summary>A word that a request has ended comes twice.</summary>
    DoubledEnd,

    /// <summary>Whoever claims a DTU gets it.</summary>
    GenerousDirectory,

    /// <summary>Sessions wait for a silent DTU for ever.</summary>
    NoTimeout,
}
