using System.Collections.Immutable;
using DtuActors.Protocol;

namespace DtuActors.Archives;

/// <summary>What is archived: DTUs that are known, and their stored frames. What can't be read, or not all of it, is an <see cref="ArchiveException"/>.</summary>
internal interface IArchiveSource
{
    /// <summary>Those behind <paramref name="after"/>, in order, as many as a page has; <c>Next</c> is the <paramref name="after"/> of the following page.</summary>
    Task<(ImmutableArray<DtuId> Ids, string? Next)> DtusAsync(string? after, CancellationToken cancellation);

    /// <summary>A page of a DTU's frames from <paramref name="from"/> on and before <paramref name="until"/>, oldest first.</summary>
    Task<FramePage> FramesAsync(DtuId dtu, DateTimeOffset from, DateTimeOffset until, string? after, CancellationToken cancellation);
}
