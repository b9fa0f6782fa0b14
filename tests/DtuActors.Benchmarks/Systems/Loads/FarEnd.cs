using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Benchmarks.Systems;

/// <summary>Sends every byte back, or answers as a Modbus slave; a thread of its own.</summary>
internal sealed class FarEnd
{
    private readonly Epoll _epoll = new();
    private readonly Dictionary<int, (Socket Socket, bool IsSlave)> _open = [];
    private readonly Lock _opening = new();

    public FarEnd() => new Thread(Run) { IsBackground = true, Name = "far end" }.Start();

    public int Listen()
    {
        var listener = Loopback.Listen();
        new Thread(() => Accept(listener)) { IsBackground = true, Name = "accept" }.Start();
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>One for each of those first words.</summary>
    public async Task DialAsync(int port, string[] registrations, bool isSlave)
    {
        foreach (var registration in registrations)
        {
            var dtu = await Loopback.ConnectAsync(port);
            await dtu.SendAsync(Encoding.ASCII.GetBytes(registration));
            Watch(dtu, isSlave);
        }
    }

    private void Accept(Socket listener)
    {
        while (true)
        {
            var socket = listener.Accept();
            socket.NoDelay = true;
            Watch(socket, isSlave: false);
        }
    }

    private void Watch(Socket socket, bool isSlave)
    {
        var file = (int)socket.Handle;
        lock (_opening)
        {
            _open[file] = (socket, isSlave);
        }

        _epoll.Watch(file, file);
    }

    private void Run()
    {
        var ready = new int[256];
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = _epoll.Wait(ready, -1);
            foreach (var file in ready.AsSpan(0, count))
            {
                var read = Epoll.Read(file, buffer);
                if (read > 0)
                {
                    Answer(file, buffer.AsSpan(0, read));
                }
                else
                {
                    Close(file);
                }
            }
        }
    }

    private void Answer(int file, Span<byte> bytes)
    {
        bool isSlave;
        lock (_opening)
        {
            isSlave = _open[file].IsSlave;
        }

        if (isSlave)
        {
            Span<byte> answer = [bytes[0], 3, 2, 0x12, 0x34, 0, 0];
            BinaryPrimitives.WriteUInt16LittleEndian(answer[5..], Crc16Modbus.Compute(answer[..5]));
            Epoll.Write(file, answer);
        }
        else
        {
            Epoll.Write(file, bytes);
        }
    }

    private void Close(int file)
    {
        lock (_opening)
        {
            if (_open.Remove(file, out var gone))
            {
                gone.Socket.Dispose();
            }
        }
    }
}
