using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Clustering;
using DtuActors.Clustering.Reloads;
using DtuActors.Configuration;
using DtuActors.Registering;

namespace DtuActors;

/// <summary>What a reload of every node needs of each.</summary>
public sealed partial class DtuGateway
{
    /// <summary>
    /// Whether <see cref="ReloadAsync"/> would apply these options now: what would change, in <see cref="Reloading.Applied"/>, or why not. Nothing changes.
    /// </summary>
    public async Task<Reloading.Answer> TryReloadAsync(GatewayOptions options, CancellationToken ct = default)
    {
        var change = OptionsChange.Between(Options, options);
        if (!change.NeedRestart.IsEmpty)
        {
            return new Reloading.RestartNeeded(change.NeedRestart);
        }

        if (Ended.IsCompleted)
        {
            return new Reloading.Refused("the gateway has ended");
        }

        var register = (await _parts.ConfigureAwait(false)).Register;
        var collides = await register.Ask<Editing.Collides>(new Editing.WouldCollide(options), RegisterLimit, ct).ConfigureAwait(false);
        return collides.Names.IsEmpty ? new Reloading.Applied(change, []) : new Reloading.Collides(collides.Names);
    }

    /// <summary>This node answers a reload of all by <paramref name="turn"/>.</summary>
    internal void ServeReloads(ReloadTurn turn) => ReloadDesk.Serve(Others, turn);

    /// <summary>Who takes part in a reload: every member of the cluster, this node by its turn. Members that are on their way out too: until they are gone they have their options.</summary>
    internal async Task<ImmutableArray<IReloadPeer>> ReloadPeersAsync(ReloadTurn turn, string asker)
    {
        var here = new ReloadHere(turn, Options.Node.Name, asker);
        if ((await _parts.ConfigureAwait(false)).Membership is not { } membership)
        {
            return [here];
        }

        var nodes = (await membership.Ask<Membership.Listed>(new Membership.GetNodes(), AskLimit).ConfigureAwait(false)).Nodes;
        return [here, .. nodes.Where(node => !node.IsSelf && node.Name != here.Node).Select(node => node.Name).Distinct().Select(node => new ReloadDesk(Others, here.Node, node))];
    }
}
