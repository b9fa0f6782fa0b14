using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Akka.Actor;
using Akka.IO;
using DtuActors.Protocol.Transports;

namespace DtuActors.Listening.Streams;

/// <summary>
/// What a <see cref="StreamConnection"/> has done for it outside its turns: each step ends in exactly one message to it, whatever happens, and shares nothing with it but
/// the stream.
/// </summary>
internal static class StreamSteps
{
    /// <summary>Its first word, its listener's.</summary>
    public sealed record Begin : INoSerializationVerificationNeeded
    {
        public static readonly Begin Instance = new();
    }

    /// <summary>The peer sends no more.</summary>
    public sealed record Finished : INoSerializationVerificationNeeded
    {
        public static readonly Finished Instance = new();
    }

    /// <summary>The kernel has what was written.</summary>
    public sealed record Sent : INoSerializationVerificationNeeded
    {
        public static readonly Sent Instance = new();
    }

    /// <summary>The peer was told that nothing more comes.</summary>
    public sealed record Said : INoSerializationVerificationNeeded
    {
        public static readonly Said Instance = new();
    }

    public sealed record Broken(string Problem) : INoSerializationVerificationNeeded;

    public sealed record HeaderRead(ProxyHeader Header, ReadOnlyMemory<byte> Rest) : INoSerializationVerificationNeeded;

    /// <param name="Identity">Whom the client certificate names, where that is asked for.</param>
    public sealed record HandshakeDone(string? Identity) : INoSerializationVerificationNeeded;

    public sealed record NotOpened(string Reason, string Problem, ReadOnlyMemory<byte> FirstBytes) : INoSerializationVerificationNeeded;

    // Taken only while there are bytes, so it may be larger than what a DTU sends.
    public const int MostPerRead = 16 * 1024;

    /// <summary>One read of a stream, as <see cref="SocketReader"/> reads a bare socket: waits without a buffer, then takes what is there. Ends in <see cref="Tcp.Received"/>, <see cref="Finished"/> or <see cref="Broken"/>.</summary>
    public static async Task ReadAsync(Stream stream, IActorRef connection)
    {
        object outcome;
        try
        {
            _ = await stream.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(MostPerRead);
            try
            {
                var count = await stream.ReadAsync(buffer).ConfigureAwait(false);
                outcome = count == 0 ? Finished.Instance : new Tcp.Received(ByteString.CopyFrom(buffer, 0, count));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (Exception problem) // whatever it is: it ends this connection and nothing else
        {
            outcome = new Broken(Words(problem));
        }

        connection.Tell(outcome, ActorRefs.NoSender);
    }

    /// <summary>Writes the first <paramref name="count"/> bytes of a rented buffer, and gives it back. Ends in <see cref="Sent"/> or <see cref="Broken"/>.</summary>
    public static async Task WriteAsync(Stream stream, byte[] buffer, int count, IActorRef connection)
    {
        object outcome = Sent.Instance;
        try
        {
            if (count > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
        catch (Exception problem) // whatever it is: it ends this connection and nothing else
        {
            outcome = new Broken(Words(problem));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        connection.Tell(outcome, ActorRefs.NoSender);
    }

    /// <summary>Ends in <see cref="Said"/>, also where there is nobody to hear it.</summary>
    public static async Task SayGoodbyeAsync(Stream stream, Socket socket, IActorRef connection)
    {
        try
        {
            if (stream is SslStream tls)
            {
                await tls.ShutdownAsync().ConfigureAwait(false);
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer is gone already: the read, or the close, says so.
        }

        connection.Tell(Said.Instance, ActorRefs.NoSender);
    }

    /// <summary>Ends in <see cref="HeaderRead"/> or <see cref="NotOpened"/>.</summary>
    public static async Task ReadHeaderAsync(SocketStream stream, ProxyVersion version, IActorRef connection)
    {
        var bytes = new byte[ProxyHeader.Most(version)];
        var count = 0;
        object? outcome = null;
        await Apart();
        try
        {
            while (outcome is null)
            {
                var read = await stream.ReadAsync(bytes.AsMemory(count)).ConfigureAwait(false);
                count += read;
                outcome = ProxyHeader.Read(version, bytes.AsSpan(0, count), out var header) switch
                {
                    ProxyVerdict.Whole => new HeaderRead(header, bytes.AsMemory(header.Length, count - header.Length)),
                    ProxyVerdict.Invalid => NoHeader("it does not begin with a PROXY header"),
                    _ => read == 0 ? NoHeader("it ended within the PROXY header") : null,
                };
            }
        }
        catch (Exception problem) // whatever it is: it ends this connection and nothing else
        {
            outcome = NoHeader(Words(problem));
        }

        connection.Tell(outcome, ActorRefs.NoSender);

        NotOpened NoHeader(string problem) => new(StreamTalk.ProxyHeader, problem, bytes.AsMemory(0, Math.Min(count, RefusedConnection.MostFirstBytes)));
    }

    /// <summary>Ends in <see cref="HandshakeDone"/> or <see cref="NotOpened"/>.</summary>
    public static async Task HandshakeAsync(SslStream stream, TlsCredentials credentials, DateTimeOffset now, IActorRef connection)
    {
        object outcome;
        await Apart();
        try
        {
            await stream.AuthenticateAsServerAsync(credentials.ForHandshake(now)).ConfigureAwait(false);
            outcome = new HandshakeDone(credentials.IdentityOf(stream));
        }
        catch (Exception problem) // whatever it is: it ends this connection and nothing else
        {
            outcome = new NotOpened(StreamTalk.Handshake, Words(problem), default);
        }

        connection.Tell(outcome, ActorRefs.NoSender);
    }

    // What may take a millisecond of processor is not done in the turn of whoever began it.
    private static ConfiguredTaskAwaitable Apart() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>A socket's error in the system's words.</summary>
    public static string Words(SocketError error) => new SocketException((int)error).Message;

    /// <summary>The socket's own error, which .NET and TLS wrap, in the system's words.</summary>
    public static string Words(Exception problem) => problem switch
    {
        SocketException socket => Words(socket.SocketErrorCode),
        { InnerException: SocketException socket } => Words(socket.SocketErrorCode),
        AuthenticationException { InnerException: { } inner } => $"{problem.Message} ({inner.Message})",
        _ => problem.Message,
    };
}
