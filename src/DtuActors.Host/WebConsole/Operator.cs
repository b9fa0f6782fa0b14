using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Host.Auditing;
using Microsoft.AspNetCore.Components.Authorization;

namespace DtuActors.Host.WebConsole;

/// <summary>Who sits at this console, what that key may do, and what was done with it: every change a page makes goes through here.</summary>
internal sealed class Operator(AuthenticationStateProvider authentication, AuditTrail trail, TimeProvider time)
{
    /// <summary>The key this console was opened with.</summary>
    public async Task<Caller> WhoAsync() => Caller.Of((await authentication.GetAuthenticationStateAsync()).User);

    public async Task<bool> MayAsync(ApiRole needed) => (await WhoAsync()).Role >= needed;

    /// <summary>Does one thing in the operator's name, if the role allows it.</summary>
    /// <param name="needed">The least role.</param>
    /// <param name="action">What is done, in a word, as the audit trail has it: <c>send</c>, <c>kick</c>.</param>
    /// <param name="subject">To what: a DTU's id, an endpoint's name.</param>
    /// <param name="detail">With what; no secrets.</param>
    /// <param name="work">Does it, and gives the outcome in a word: <c>delivered</c>, <c>offline</c>.</param>
    /// <exception cref="RefusalException">The role is not enough.</exception>
    public async Task DoAsync(ApiRole needed, string action, string? subject, string? detail, Func<Caller, Task<string>> work)
    {
        var principal = (await authentication.GetAuthenticationStateAsync()).User;
        var caller = Caller.Of(principal);
        var outcome = "failed";
        try
        {
            if (caller.Role < needed)
            {
                throw new RefusalException(
                    StatusCodes.Status403Forbidden, "role", "The key's role is not enough", $"{action} needs the role {Caller.Word(needed)}; the key has {Caller.Word(caller.Role)}");
            }

            outcome = await work(caller);
        }
        catch (RefusalException refusal)
        {
            outcome = $"{refusal.Problem.Status} {refusal.Problem.Type}";
            throw;
        }
        finally
        {
            trail.Write(new AuditEntry(0, time.GetUtcNow(), caller.Name, Caller.Word(caller.Role), "console", Caller.RemoteOf(principal), action, subject, detail, outcome));
        }
    }
}
