namespace DtuActors.Host.Auditing;

/// <summary>Who did what.</summary>
/// <param name="Id">Orders and pages; given by the trail, whatever stands there.</param>
/// <param name="At">When it ended.</param>
/// <param name="By">The key's name; null: no keys are set, or none that is known was given.</param>
/// <param name="Role"><c>read</c>, <c>operate</c>, <c>admin</c>, or <c>none</c>.</param>
/// <param name="Via"><c>api</c> or <c>console</c>.</param>
/// <param name="Remote">From where.</param>
/// <param name="Action">A word: <c>send</c>, <c>request</c>, <c>kick</c>, <c>put-dtu</c>.</param>
/// <param name="Subject">A DTU's id, a group's name.</param>
/// <param name="Detail">What of it, never a secret; bounded by the trail.</param>
/// <param name="Outcome">The status, and behind it the problem's type: <c>202</c>, <c>409 offline</c>.</param>
internal sealed record AuditEntry(
    long Id, DateTimeOffset At, string? By, string Role, string Via, string Remote, string Action, string? Subject, string? Detail, string Outcome);
