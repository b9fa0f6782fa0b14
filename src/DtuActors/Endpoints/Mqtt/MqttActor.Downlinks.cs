using DtuActors.Protocol;
using DtuActors.Routing;
using DtuActors.Sessions;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>What the broker brings: downlinks, each of which ends in one result, and, once, the states that an earlier run left.</summary>
public sealed partial class MqttActor
{
    // Refusals are results too; beyond this a publisher that floods is refused without a word.
    private const int MostResults = 2 * MqttDownlinks.Most;

    private void OnCame(Linking.Came came)
    {
        came.Inflow?.Leave(came.Payload.Length);
        if (came.Inflow?.TakeLost() is > 0 and var lost)
        {
            Books.Down.Refuse(lost, RelayDrops.QueueFull);
            CountersMoved();
        }

        if (_topics.TryReadDown(came.Topic, out var dtu))
        {
            OnDownlink(dtu, came);
        }
        else if (_topics.TryReadState(came.Topic, out dtu) && came is { Retain: true } && came.Node == _options.Node && came.Payload.Span.SequenceEqual("online"u8))
        {
            OnLeftOnline(dtu);
        }
    }

    // A DTU that this gateway said was online, and is not.
    private void OnLeftOnline(DtuId dtu)
    {
        if (dtu != default && !Draining && _presence.Find(dtu) is null)
        {
            WentOffline(dtu);
            Pump();
        }
    }

    private void OnDownlink(DtuId dtu, Linking.Came came)
    {
        if (came.Retain)
        {
            DropDown(came.Payload.Length, RelayDrops.Retained);
            return;
        }

        if (dtu == default)
        {
            DropDown(came.Payload.Length, DropReasons.Garbage);
            return;
        }

        if (Draining)
        {
            DropDown(came.Payload.Length, RelayDrops.DestinationLost);
            return;
        }

        try
        {
            HandOn(dtu, MqttPayloads.Down(_options.Payload, came.Payload.Span), came);
        }
        catch (MqttPayloadException fault)
        {
            var reason = fault.Reason == MqttPayloadException.TooLarge ? DropReasons.Oversize : DropReasons.Garbage;
            Refuse(dtu, came.Payload.Length, reason, fault.Reason, fault.Message, fault.Id, came);
        }

        Pump();
    }

    private void HandOn(DtuId dtu, MqttDownlink downlink, Linking.Came came)
    {
        var bytes = downlink.Bytes.Length;
        if (_presence.Find(dtu) is not { } session)
        {
            Refuse(dtu, bytes, RelayDrops.DtuOffline, RelayDrops.DtuOffline, null, downlink.Id, came);
        }
        else if (!session.Down)
        {
            Refuse(dtu, bytes, RelayDrops.NoRoute, RelayDrops.NoRoute, null, downlink.Id, came);
        }
        else if (_downlinks.IsFullFor(dtu))
        {
            Refuse(dtu, bytes, RelayDrops.QueueFull, RelayDrops.QueueFull, null, downlink.Id, came);
        }
        else
        {
            Books.Down.Accept(bytes);
            CountersMoved();
            var number = _downlinks.Open(new OpenDownlink(dtu, bytes, Now, downlink.Id, came));
            Router.Tell(new Asking.Send(dtu, downlink.Bytes, number, Options.Name, Self, AnswerUp: true), Self);
        }
    }

    private void OnSent(Asking.Sent sent) => EndDownlink(sent.Correlation, null, null, null);

    private void OnRefused(Asking.Refused refused)
    {
        var (dropped, reason) = refused.Reason switch
        {
            RefusalReason.Offline => (RelayDrops.DtuOffline, RelayDrops.DtuOffline),
            RefusalReason.QueueFull => (RelayDrops.QueueFull, RelayDrops.QueueFull),
            RefusalReason.BusBusy => (RelayDrops.BusBusy, RelayDrops.BusBusy),
            RefusalReason.SlaveSuspended => (RelayDrops.SlaveSuspended, RelayDrops.SlaveSuspended),
            RefusalReason.TooLong => (DropReasons.Oversize, "too-long"),

            // It shared the transaction of another that nobody answered.
            RefusalReason.NoAnswer => (RelayDrops.Coalesced, "no-answer"),
            _ => (RelayDrops.DestinationLost, RelayDrops.SessionEnded),
        };
        EndDownlink(refused.Correlation, dropped, reason, null);
    }

    /// <summary>Its one end: written, or dropped for <paramref name="dropped"/>.</summary>
    private void EndDownlink(long number, string? dropped, string? reason, string? error)
    {
        if (_downlinks.End(number) is not { } ended)
        {
            return;
        }

        if (dropped is null)
        {
            Books.Down.Write(ended.Bytes, ended.Since, Now);
        }
        else
        {
            Books.Down.Drop(ended.Bytes, dropped);
        }

        CountersMoved();
        Say(ended.Dtu, reason, error, ended.Id, ended.Bytes, ended.Asked);
        Pump();
    }

    private void Refuse(DtuId dtu, int bytes, string dropped, string reason, string? error, string? id, Linking.Came came)
    {
        DropDown(bytes, dropped);
        if (_outbox.Results < MostResults)
        {
            Say(dtu, reason, error, id, bytes, came);
        }
    }

    // An answer goes where its publisher asked for it too (MQTT 5), but never to a topic of this endpoint: it would be a downlink.
    private void Say(DtuId dtu, string? reason, string? error, string? id, int bytes, Linking.Came came)
    {
        var payload = MqttPayloads.Result(Now, dtu, reason, error, id, bytes);
        _outbox.AddResult(new MqttMessage(_topics.Result(dtu), payload, Correlation: came.Correlation), Now);
        if (MqttTopics.IsTopic(came.ResponseTopic) && !_topics.IsOwn(came.ResponseTopic))
        {
            _outbox.AddResult(new MqttMessage(came.ResponseTopic, payload, Correlation: came.Correlation), Now);
        }
    }
}
