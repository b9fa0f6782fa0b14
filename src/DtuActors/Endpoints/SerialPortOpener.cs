using System.IO.Ports;
using DtuActors.Configuration;

namespace DtuActors.Endpoints;

/// <summary>Opens COM ports: <c>COM3</c>, <c>/dev/ttyUSB0</c>, or a pty of another program.</summary>
public sealed class SerialPortOpener(SerialEndpointOptions options) : IPortOpener
{
    public string Where => options.Device;

    public IPort Open()
    {
        if (OperatingSystem.IsLinux() && DeviceNode.Identify(options.Device) is null)
        {
            throw new IOException($"{options.Device} is not there");
        }

        var port = new SerialPort(options.Device, options.Baud, options.Parity, options.DataBits, options.StopBits) { Handshake = options.FlowControl };
        try
        {
            var node = DeviceNode.Identify(options.Device);
            port.Open();
            RaiseLines(port);
            return new OpenPort(port, options, node);
        }
        catch (UnauthorizedAccessException)
        {
            port.Dispose();
            throw new IOException($"{options.Device} is in use by another program, or this user may not open it");
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
        {
            port.Dispose();
            throw new IOException($"{options.Device} can't be opened: {problem.Message}", problem);
        }
        catch (IOException problem)
        {
            port.Dispose();
            throw new IOException($"{options.Device} can't be opened: {problem.Message}", problem);
        }
    }

    // A pty has no modem lines (ENOTTY); an instrument that draws its power from them needs them raised.
    private void RaiseLines(SerialPort port)
    {
        try
        {
            port.DtrEnable = true;
            if (options.FlowControl is Handshake.None or Handshake.XOnXOff)
            {
                port.RtsEnable = true;
            }
        }
        catch (IOException)
        {
        }
    }

    private sealed class OpenPort : IPort
    {
        /// <summary>A start bit, eight data bits, parity and a stop bit.</summary>
        private const int BitsPerByte = 11;

        private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(3);

        private readonly SerialPort _port;
        private readonly Stream _stream;
        private readonly SerialEndpointOptions _options;
        private readonly (ulong, ulong, ulong)? _node;

        public OpenPort(SerialPort port, SerialEndpointOptions options, (ulong, ulong, ulong)? node)
        {
            _port = port;
            _stream = port.BaseStream;
            _options = options;
            _node = node;
        }

        public bool CanPause => _options.FlowControl != Handshake.None;

        public int MostPerWrite => Math.Clamp(_options.Baud / BitsPerByte, 64, 4096);

        public PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
        {
            var onTheWire = TimeSpan.FromSeconds((double)bytes.Length * BitsPerByte / _options.Baud);
            using var stopping = stop.Register(Dispose);
            try
            {
                _stream.WriteTimeout = (int)(LeastLimit + (2 * onTheWire)).TotalMilliseconds;
                _stream.Write(bytes.Span);
                return PortWrite.Written;
            }
            catch (TimeoutException)
            {
                return PortWrite.TimedOut;
            }
            catch (Exception problem) when (problem is UnauthorizedAccessException or InvalidOperationException)
            {
                throw new IOException($"{_options.Device} went away", problem);
            }
        }

        public ValueTask<int> ReadAsync(Memory<byte> buffer) => _stream.ReadAsync(buffer);

        public string? Lost()
        {
            if (!_port.IsOpen)
            {
                return $"{_options.Device} was closed";
            }

            if (_node is null)
            {
                return null;
            }

            var now = DeviceNode.Identify(_options.Device);
            return now is null ? $"{_options.Device} went away" : now != _node ? $"{_options.Device} is another device now" : null;
        }

        public void Dispose()
        {
            try
            {
                _port.Dispose();
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // Closing a port whose device is gone may fail; there is nothing left to close.
            }
        }
    }
}
