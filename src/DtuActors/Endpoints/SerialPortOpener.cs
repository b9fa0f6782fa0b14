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

            // Before the library makes the device its own (TIOCEXCL).
            var descriptor = OperatingSystem.IsLinux() ? PtyNative.Open(options.Device, PtyNative.ReadWrite | PtyNative.NoControllingTerminal | PtyNative.NonBlocking | PtyNative.CloseOnExec) : -1;
            try
            {
                port.Open();
                RaiseLines(port);
                var device = new Device(port, options, node);
                return descriptor < 0 ? new LibraryPort(port, options.Device, device) : new LinuxPort(descriptor, device);
            }
            catch when (descriptor >= 0)
            {
                _ = PtyNative.Close(descriptor);
                throw;
            }
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

    /// <summary>What is known of an open port whoever moves its bytes.</summary>
    private sealed class Device(SerialPort port, SerialEndpointOptions options, (ulong, ulong, ulong)? node)
    {
        /// <summary>A start bit, eight data bits, parity and a stop bit.</summary>
        private const int BitsPerByte = 11;

        private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(3);

        public bool CanPause => options.FlowControl != Handshake.None;

        public int MostPerWrite => Math.Clamp(options.Baud / BitsPerByte, 64, 4096);

        public TimeSpan WriteLimit(int bytes) => LeastLimit + (2 * TimeSpan.FromSeconds((double)bytes * BitsPerByte / options.Baud));

        public string? Lost()
        {
            if (!port.IsOpen)
            {
                return $"{options.Device} was closed";
            }

            if (node is null)
            {
                return null;
            }

            var now = DeviceNode.Identify(options.Device);
            return now is null ? $"{options.Device} went away" : now != node ? $"{options.Device} is another device now" : null;
        }

        public void Close()
        {
            try
            {
                port.Dispose();
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // Closing a port whose device is gone may fail; there is nothing left to close.
            }
        }
    }

    /// <summary>The library sets the line; the bytes move without its loop, which polls every millisecond, and ends for good where one of its looks fails.</summary>
    private sealed class LinuxPort : PolledPort
    {
        private readonly Device _device;

        public LinuxPort(int descriptor, Device device)
            : base(descriptor)
        {
            _device = device;
            Begin("dtu-com");
        }

        public override bool CanPause => _device.CanPause;

        public override int MostPerWrite => _device.MostPerWrite;

        public override string? Lost() => _device.Lost();

        protected override TimeSpan WriteLimit(int bytes) => _device.WriteLimit(bytes);

        protected override bool IsEnd(short happened) => (happened & (PtyNative.PollError | PtyNative.PollInvalid | PtyNative.PollHangUp)) != 0;

        protected override void OnDispose() => _device.Close();
    }

    private sealed class LibraryPort(SerialPort port, string name, Device device) : IPort
    {
        private readonly Stream _stream = port.BaseStream;

        public bool CanPause => device.CanPause;

        public int MostPerWrite => device.MostPerWrite;

        public PortWrite Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
        {
            using var stopping = stop.Register(Dispose);
            try
            {
                _stream.WriteTimeout = (int)device.WriteLimit(bytes.Length).TotalMilliseconds;
                _stream.Write(bytes.Span);
                return PortWrite.Written;
            }
            catch (TimeoutException)
            {
                return PortWrite.TimedOut;
            }
            catch (Exception problem) when (problem is UnauthorizedAccessException or InvalidOperationException)
            {
                throw new IOException($"{name} went away", problem);
            }
        }

        public ValueTask<int> ReadAsync(Memory<byte> buffer) => _stream.ReadAsync(buffer);

        public string? Lost() => device.Lost();

        public void Dispose() => device.Close();
    }
}
