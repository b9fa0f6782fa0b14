using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Akka.Actor;
using DtuActors.Configuration;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// Owns one connection to a broker: connects once, publishes and subscribes in the order it is told, hands up what comes. Whatever the client's tasks end with is told
/// as a message; no callback touches this actor's state. It ends with the connection.
/// </summary>
/// <remarks>
/// Each connection is a clean start: a downlink that was published while the gateway was away is not written late, as nothing waits without a ttl.
/// </remarks>
internal sealed class MqttLinkActor : ReceiveActor
{
    /// <summary>How long the broker may take for one answer.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    // More than the longest downlink in JSON takes; beyond it a broker that speaks MQTT 5 keeps the message.
    private const int MostPacket = 256 * 1024;

    // One of an older age can't be told, and who publishes what is too long must not cost the connection: only what would cost the gateway its memory ends it.
    private const int MostPacketUntold = 16 * 1024 * 1024;
    private const string NodeProperty = "node";

    // Return code 1 of MQTT 3.1.1, which is all that a broker of that age can say.
    private const int UnacceptableProtocol = 1;

    private readonly MqttEndpointOptions _options;
    private readonly bool _isFive;
    private readonly string _willTopic;
    private readonly IMqttClient _client;
    private readonly Action _end;
    private readonly CancellationToken _ended;
    private readonly IActorRef _endpoint = Context.Parent;
    private bool _isClosing;

    public MqttLinkActor(MqttEndpointOptions options, string willTopic, bool older)
    {
        _options = options;
        _willTopic = willTopic;
        _isFive = !older;
        _client = new MqttClientFactory().CreateMqttClient(new BoundedAdapters(_isFive ? MostPacket : MostPacketUntold));
        var ended = new CancellationTokenSource();
        (_end, _ended) = (ended.Cancel, ended.Token);
        Receive<Connected>(OnConnected);
        Receive<Linking.Publish>(OnPublish);
        Receive<Linking.Subscribe>(OnSubscribe);
        Receive<Linking.Unsubscribe>(unsubscribe => _ = Quietly(_client.UnsubscribeAsync(unsubscribe.Filter, _ended)));
        Receive<Linking.Taken>(_endpoint.Forward);
        Receive<Linking.Rejected>(_endpoint.Forward);
        Receive<Linking.Subscribed>(_endpoint.Forward);
        Receive<Linking.Lost>(OnLost);
        Receive<Linking.Close>(_ => OnClose());
    }

    private MqttQualityOfServiceLevel Qos => (MqttQualityOfServiceLevel)_options.Qos;

    public static Props Props(MqttEndpointOptions options, string willTopic, bool older) => Akka.Actor.Props.Create<MqttLinkActor>(options, willTopic, older);

    protected override void PreStart()
    {
        var (self, endpoint, inflow) = (Self, _endpoint, new MqttInflow());
        _client.ApplicationMessageReceivedAsync += came =>
        {
            if (inflow.TryEnter((int)came.ApplicationMessage.Payload.Length))
            {
                // A downlink is acknowledged when it is stored; what is lost for want of room, and what asks for no acknowledgement, by the client.
                var waits = came.ApplicationMessage.QualityOfServiceLevel is not MqttQualityOfServiceLevel.AtMostOnce;
                came.AutoAcknowledge = !waits;
                endpoint.Tell(CameOf(came.ApplicationMessage) with { Inflow = inflow, Acknowledge = waits ? () => _ = AcknowledgeAsync(came) : null }, self);
            }

            return Task.CompletedTask;
        };
        _client.DisconnectedAsync += ended =>
        {
            // What becomes of connecting, its own task tells, with the broker's reason.
            if (ended.ClientWasConnected)
            {
                self.Tell(new Linking.Lost(
                    ended.Exception is { } failure ? MqttWords.Of(failure)
                    : ended.Reason == MqttClientDisconnectReason.NormalDisconnection ? "the broker closed the connection"
                    : MqttWords.Of(ended.Reason, ended.ReasonString)));
            }

            return Task.CompletedTask;
        };
        ConnectAsync().PipeTo(Self, failure: failure => new Linking.Lost(MqttWords.Of(failure)));
    }

    // A link that is gone can't, and the broker sends the message again over the next one.
    private static async Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs came)
    {
        try
        {
            await came.AcknowledgeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is MQTTnet.Exceptions.MqttCommunicationException or InvalidOperationException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    protected override void PostStop()
    {
        _end();
        _client.Dispose();
    }

    // ---- connecting

    private async Task<Connected> ConnectAsync()
    {
        // Certificates are files: they are read anew each time, on no actor's thread.
        var options = await Task.Run(Options, _ended).ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended);
        limit.CancelAfter(AnswerLimit);
        return new Connected(await _client.ConnectAsync(options, limit.Token).ConfigureAwait(false));
    }

    private MqttClientOptions Options()
    {
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(_options.Host, _options.Port)
            .WithProtocolVersion(_isFive ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithClientId(_options.ClientId)
            .WithCleanStart()
            .WithTimeout(AnswerLimit)
            .WithKeepAlivePeriod(KeepAlive)
            .WithWillTopic(_willTopic)
            .WithWillPayload("offline")
            .WithWillRetain()
            .WithWillQualityOfServiceLevel(Qos);
        if (_isFive)
        {
            builder.WithMaximumPacketSize(MostPacket);
        }

        if (_options.Username is { } username)
        {
            builder.WithCredentials(username, _options.Password);
        }

        if (_options.Tls is { } tls)
        {
            builder.WithTlsOptions(Tls(MqttTlsFiles.Load(tls)));
        }

        return builder.Build();
    }

    private MqttClientTlsOptions Tls(MqttTlsFiles files)
    {
        var tls = new MqttClientTlsOptions
        {
            UseTls = true,
            TargetHost = _options.Host,
            SslProtocol = SslProtocols.Tls12 | SslProtocols.Tls13,
            RevocationMode = X509RevocationMode.NoCheck,
            TrustChain = files.Roots,
            CertificateValidationHandler = shown => shown.SslPolicyErrors == SslPolicyErrors.None
                ? true
                : throw new AuthenticationException(MqttWords.Of(shown.SslPolicyErrors, shown.Chain, _options.Host)),
        };
        if (files.Own is { } own)
        {
            tls.ClientCertificatesProvider = new DefaultMqttCertificatesProvider([own.TargetCertificate, .. own.IntermediateCertificates]);
        }

        return tls;
    }

    private void OnConnected(Connected connected)
    {
        var result = connected.Result;
        if (result.ResultCode != MqttClientConnectResultCode.Success)
        {
            var wantsOlder = _isFive && ((int)result.ResultCode == UnacceptableProtocol || result.ResultCode == MqttClientConnectResultCode.UnsupportedProtocolVersion);
            OnLost(new Linking.Lost(
                wantsOlder ? "the broker does not speak MQTT 5" : $"the broker refused: {MqttWords.Of(result.ResultCode, result.ReasonString)}", wantsOlder));
            return;
        }

        _endpoint.Tell(new Linking.Opened(new MqttLimits(
            _isFive,
            result.ReceiveMaximum is { } most and > 0 ? most : ushort.MaxValue,
            result.MaximumPacketSize is { } packet and > 0 ? packet : uint.MaxValue)));
    }

    // ---- connected

    private void OnPublish(Linking.Publish publish)
    {
        var message = publish.Message;
        var packet = new MqttApplicationMessage
        {
            Topic = message.Topic,
            Payload = new ReadOnlySequence<byte>(message.Payload),
            QualityOfServiceLevel = Qos,
            Retain = message.Retain,
        };
        if (_isFive && !message.Correlation.IsEmpty)
        {
            packet.CorrelationData = message.Correlation.ToArray();
        }

        if (_isFive && message.Node is { } node)
        {
            packet.UserProperties = [new MqttUserProperty(NodeProperty, Encoding.UTF8.GetBytes(node).AsMemory())];
        }

        // The client sends in the order of these calls; what they end with comes as it comes.
        PublishAsync(packet, publish.Number).PipeTo(Self, Self, failure: failure => new Linking.Lost(MqttWords.Of(failure)));
    }

    private async Task<object> PublishAsync(MqttApplicationMessage packet, long number)
    {
        try
        {
            var result = await _client.PublishAsync(packet, _ended).ConfigureAwait(false);
            return result.IsSuccess ? new Linking.Taken(number) : new Linking.Rejected(number, $"{packet.Topic}: {MqttWords.Of(result.ReasonCode, result.ReasonString)}");
        }
        catch (Exception failure) when (failure is MqttProtocolViolationException or ArgumentException or NotSupportedException)
        {
            // It can't be sent at all: with it at the head, nothing would ever be.
            return new Linking.Rejected(number, $"{packet.Topic}: {failure.Message}");
        }
    }

    private void OnSubscribe(Linking.Subscribe subscribe)
    {
        var filter = new MqttTopicFilter { Topic = subscribe.Filter, QualityOfServiceLevel = Qos, NoLocal = _isFive, RetainAsPublished = _isFive };
        SubscribeAsync(filter).PipeTo(Self, Self, failure: failure => new Linking.Lost(MqttWords.Of(failure)));
    }

    private async Task<Linking.Subscribed> SubscribeAsync(MqttTopicFilter filter)
    {
        var result = await _client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [filter] }, _ended).ConfigureAwait(false);
        var code = result.Items.First().ResultCode;
        return new Linking.Subscribed(filter.Topic, (int)code <= 2 ? null : $"subscribing to {filter.Topic}: {MqttWords.Of(code, result.ReasonString)}");
    }

    private static Linking.Came CameOf(MqttApplicationMessage message) => new(
        message.Topic,
        message.Payload.ToArray(),
        message.Retain,
        message.ResponseTopic,
        message.CorrelationData,
        message.UserProperties?.Find(property => property.Name == NodeProperty) is { } node ? Encoding.UTF8.GetString(node.ValueBuffer.Span) : null);

    // ---- ending

    // The first reason is the one that is told.
    private void OnLost(Linking.Lost lost)
    {
        _endpoint.Tell(lost);
        Context.Stop(Self);
    }

    private void OnClose()
    {
        if (!_isClosing)
        {
            _isClosing = true;
            DisconnectAsync().PipeTo(Self, Self, failure: failure => new Linking.Lost(failure.Message));
        }
    }

    private async Task<Linking.Lost> DisconnectAsync()
    {
        await _client.DisconnectAsync(new MqttClientDisconnectOptions(), _ended).ConfigureAwait(false);
        return new Linking.Lost("closed");
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone, and its subscriptions with it.
        }
    }

    private sealed record Connected(MqttClientConnectResult Result) : INoSerializationVerificationNeeded, Akka.Event.IDeadLetterSuppression;
}
