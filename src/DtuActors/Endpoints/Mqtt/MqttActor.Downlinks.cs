using DtuActors.Commanding;
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
            return;
        }

        came.Done();
        if (_topics.TryReadState(came.Topic, out dtu) && came is { Retain: true } && came.Node == _options.Node && came.Payload.Span.SequenceEqual("online"u8))
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
            came.Done();
            return;
        }

        if (dtu == default)
        {
            DropDown(came.Payload.Length, DropReasons.Garbage);
            came.Done();
            return;
        }

        if (Draining)
        {
            DropDown(came.Payload.Length, RelayDrops.DestinationLost);
            came.Done();
            return;
        }

        try
        {
            HandOn(dtu, MqttPayloads.Down(_options.Payload, came.Payload.Span, StoresCommands), came);
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
        var session = _presence.Find(dtu);
        if (session is null && !StoresCommands)
        {
            Refuse(dtu, bytes, RelayDrops.DtuOffline, RelayDrops.DtuOffline, null, downlink.Id, came);
        }
        else if (session is { Down: false })
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
            if (StoresCommands)
            {
                var wish = downlink.Wish;
                Router.Tell(new Relay.Command(Options.Name, new Queueing.Take(
                    dtu, $"m{Guid.CreateVersion7():n}", null, Options.Name, downlink.Bytes, wish?.TimeToLive, wish?.Retry ?? false, wish?.Key, AnswerUp: true, Correlation: number, FollowsEnd: true)), Self);
            }
            else
            {
                came.Done();
                Router.Tell(new Asking.Send(dtu, downlink.Bytes, number, Options.Name, Self, AnswerUp: true), Self);
            }
        }
    }

    // In the journal: the broker may forget it.
    private void OnTaken(Queueing.Taken taken)
    {
        if (_downlinks.Find(taken.Correlation) is { } open)
        {
            open.Asked.Done();
            if (!_downlinks.Store(taken.Correlation))
            {
                Books.Down.Write(open.Bytes, open.Since, Now);
            }
        }
    }

    private void OnNotTaken(Queueing.Refused refused)
    {
        _downlinks.Find(refused.Correlation)?.Asked.Done();
        OnRefused(refused.Correlation, refused.Reason);
    }

    private void OnStoredEnded(Queueing.Ended ended)
    {
        if (ended.Refusal is null)
        {
            EndDownlink(ended.Correlation, null, null, null);
        }
        else
        {
            OnRefused(ended.Correlation, ended.Refusal.Value, ended.Status.Reason);
        }
    }

    private void OnSent(Asking.Sent sent) => EndDownlink(sent.Correlation, null, null, null);

    private void OnRefused(long number, RefusalReason refusal, string? word = null)
    {
        var (dropped, reason) = refusal switch
        {
            RefusalReason.Offline => (RelayDrops.DtuOffline, RelayDrops.DtuOffline),
            RefusalReason.QueueFull => (RelayDrops.QueueFull, RelayDrops.QueueFull),
            RefusalReason.BusBusy => (RelayDrops.BusBusy, RelayDrops.BusBusy),
            RefusalReason.SlaveSuspended => (RelayDrops.SlaveSuspended, RelayDrops.SlaveSuspended),
            RefusalReason.TooLong => (DropReasons.Oversize, "too-long"),

            // It shared the transaction of another that nobody answered.
            RefusalReason.NoAnswer => (RelayDrops.Coalesced, "no-answer"),
            RefusalReason.StorageFailed => (RelayDrops.StorageFailed, RelayDrops.StorageFailed),
            RefusalReason.Expired => (RelayDrops.Expired, RelayDrops.Expired),
            RefusalReason.Withdrawn => (RelayDrops.Withdrawn, word ?? RelayDrops.Withdrawn),
            _ => (RelayDrops.DestinationLost, word ?? RelayDrops.SessionEnded),
        };
        EndDownlink(number, dropped, reason, null);
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
        came.Done();
        if (_outbox.Results < MostResults)
        {
            Say(dtu, reason, error, id, bytes, came);
        }
    }

    // An answer goes where its publisher asked for it too (MQTT 5), but never to a topic of this endpoint: it would be a downlink.
    private void Say(DtuId dtu, string? reason, string? error, string? id, int bytes, Linking.Came came)
    {
        var payload = MqttPayloads.Result(At, dtu, reason, error, id, bytes);
        _outbox.AddResult(new MqttMessage(_topics.Result(dtu), payload, Correlation: came.Correlation), Now);
        if (MqttTopics.IsTopic(came.ResponseTopic) && !_topics.IsOwn(came.ResponseTopic))
        {
            _outbox.AddResult(new MqttMessage(came.ResponseTopic, payload, Correlation: came.Correlation), Now);
        }
    }
}
