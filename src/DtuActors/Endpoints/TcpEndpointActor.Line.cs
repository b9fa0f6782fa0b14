using Akka.Actor;
using DtuActors.Protocol;
using DtuActors.Protocol.Transports;
using DtuActors.Routing;

namespace DtuActors.Endpoints;

/// <summary>
/// The line that an RFC 2217 port is to its clients: one, however many share it. Who may write may set it; the others are told what is in force. Its DTUs are told
/// once a client has set it, each that comes back too: what they were told is gone with their power.
/// </summary>
public sealed partial class TcpEndpointActor
{
    private LineSettings _line = LineSettings.Usual;

    /// <summary>A client has set it: until then nobody knows how the DTU's line is.</summary>
    private bool _lineIsSet;

    /// <summary>The DTUs do not know of it yet: several settings at once are told once.</summary>
    private bool _lineMoved;

    protected override void OnReachable(DtuId dtu)
    {
        if (_lineIsSet)
        {
            EmitLine(_line, dtu);
        }
    }

    private void OnWish(IActorRef actor, Client client, ClientTalk.Wish wish)
    {
        switch (wish)
        {
            case ClientTalk.Wish.Line(var field, var value):
                Set(actor, field, value);
                actor.Tell(new ClientTalk.LineIs(field, _line));
                break;
            case ClientTalk.Wish.Purge(var buffers):
                Purge(actor, client, buffers);
                actor.Tell(new ClientTalk.Purged(buffers));
                break;
            case ClientTalk.Wish.Suspend(var isSuspended):
                client.IsSuspended = isSuspended;
                WriteNext(actor, client);
                break;
        }
    }

    // Who wants what is in force already needs no right, and takes none.
    private void Set(IActorRef actor, LineField field, uint value)
    {
        var wanted = _line.With(field, value);
        var isFirst = !_lineIsSet && wanted[field] == value;
        if ((wanted != _line || isFirst) && MayWrite(actor))
        {
            _line = wanted;
            _lineIsSet = true;
            _lineMoved = true;
        }
    }

    private void TellLine()
    {
        if (_lineMoved)
        {
            _lineMoved = false;
            EmitLine(_line);
        }
    }

    private void Purge(IActorRef actor, Client client, PortBuffers buffers)
    {
        if (buffers.HasFlag(PortBuffers.Received))
        {
            client.Outlet.TrimTo(0, RelayDrops.Purged);

            // A probe behind what was purged is to be answered.
            WriteNext(actor, client);
        }

        if (buffers.HasFlag(PortBuffers.ToTransmit) && (!_shared || actor.Equals(_writer)))
        {
            PurgeHeld();
        }
    }
}
