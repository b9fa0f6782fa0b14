using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Channel;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Implementations;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>
/// Connections to a broker on which no packet is longer than so many bytes. The client makes room for a whole packet as soon as its length is announced: five bytes would take
/// 256 MB, whatever the broker was told that it may send.
/// </summary>
internal sealed class BoundedAdapters(int most) : IMqttClientAdapterFactory
{
    public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger)
    {
        var writer = new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax);
        return new MqttChannelAdapter(
            new BoundedChannel(new MqttTcpChannel(options), most), new MqttPacketFormatterAdapter(options.ProtocolVersion, writer), logger)
        {
            AllowPacketFragmentation = options.AllowPacketFragmentation,
            PacketInspector = packetInspector,
        };
    }

    /// <summary>Above TLS, where there is TLS.</summary>
    private sealed class BoundedChannel(MqttTcpChannel channel, int most) : IMqttChannel
    {
        private PacketLengths _lengths = new(most);

        public EndPoint RemoteEndPoint => channel.RemoteEndPoint;

        public EndPoint LocalEndPoint => channel.LocalEndPoint;

        public bool IsSecureConnection => channel.IsSecureConnection;

        public X509Certificate2 ClientCertificate => channel.ClientCertificate;

        public Task ConnectAsync(CancellationToken cancellationToken) => channel.ConnectAsync(cancellationToken);

        public Task DisconnectAsync(CancellationToken cancellationToken) => channel.DisconnectAsync(cancellationToken);

        public Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken) =>
            channel.WriteAsync(buffer, isEndOfPacket, cancellationToken);

        public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            var read = await channel.ReadAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
            _lengths.Take(buffer.AsSpan(offset, Math.Max(read, 0)));
            return read;
        }

        public void Dispose() => channel.Dispose();
    }
}

/// <summary>Follows a stream of MQTT packets, however it is cut, by their fixed headers (MQTT 5, 2.1.4: a type, then one to four bytes of seven bits, the lowest first).</summary>
/// <param name="most">Bytes behind a fixed header.</param>
internal struct PacketLengths(int most)
{
    private long _left;
    private int _length;
    private int _shift;
    private bool _inLength;

    /// <summary>Takes what was read. Throws where a packet says that it is longer than it may be.</summary>
    public void Take(ReadOnlySpan<byte> read)
    {
        while (!read.IsEmpty)
        {
            if (_left > 0)
            {
                var passed = (int)Math.Min(_left, read.Length);
                _left -= passed;
                read = read[passed..];
                continue;
            }

            if (!_inLength)
            {
                (_inLength, _length, _shift) = (true, 0, 0);
            }
            else
            {
                TakeLength(read[0]);
            }

            read = read[1..];
        }
    }

    private void TakeLength(byte part)
    {
        _length |= (part & 0x7F) << _shift;
        _shift += 7;
        if (_length > most)
        {
            throw new MqttProtocolViolationException($"the broker sends a packet of {_length} bytes or more, of which none may have more than {most}");
        }

        // A fifth byte is none: the client says what is wrong with it.
        if (part < 0x80 || _shift > 21)
        {
            (_inLength, _left) = (false, _length);
        }
    }
}
