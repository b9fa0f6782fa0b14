namespace DtuActors.Endpoints;

/// <summary>
/// The master's side of a pseudo-terminal. Its thread waits for programs that come and go, too; while no program has the slave open it looks
/// every 25 ms (Linux tells of a leaving at once, of a coming never), and what nobody read is thrown away, so that the next program gets nothing stale.
/// </summary>
internal sealed class PtyPort : PolledPort
{
    private readonly TimeSpan _writeLimit;
    private readonly string _slave;
    private readonly byte[] _attributes = new byte[PtyNative.TermiosRoom];
    private readonly Action _removeLink;
    private readonly Lock _presence = new();

    private bool _someone;
    private string? _problem;

    public PtyPort(int master, string slave, TimeSpan writeLimit, Action removeLink)
        : base(master)
    {
        _slave = slave;
        _writeLimit = writeLimit;
        _removeLink = removeLink;
        CleanUp();
        Begin("dtu-pty");
    }

    public override bool CanPause => true;

    public override int MostPerWrite => 4096;

    protected override int LookEvery => 25;

    // The node lives as long as its master, and that is ours.
    public override string? Lost() => Volatile.Read(ref _problem);

    protected override TimeSpan WriteLimit(int bytes) => _writeLimit;

    // A program that leaves in the middle of it: whether one is there is looked at next.
    protected override bool EndsWrite(int error) => error != PtyNative.InputOutput;

    protected override bool IsEnd(short happened) => (happened & (PtyNative.PollError | PtyNative.PollInvalid)) != 0;

    protected override void OnDispose() => _removeLink();

    /// <summary>Whether a program has the slave open; cleans up behind one that left.</summary>
    protected override bool IsThere()
    {
        lock (_presence)
        {
            var before = _someone;
            _someone = !IsHungUp();
            if (!_someone && (before || AttributesChanged()))
            {
                CleanUp();
            }

            return _someone;
        }
    }

    private bool IsHungUp()
    {
        Span<PtyNative.Polled> look = [new() { Descriptor = Descriptor }];
        _ = PtyNative.Poll(look, 1, 0);
        return (look[0].Happened & PtyNative.PollHangUp) != 0;
    }

    /// <summary>A program may come and go between two looks: it leaves its attributes behind.</summary>
    private bool AttributesChanged()
    {
        Span<byte> now = stackalloc byte[PtyNative.TermiosRoom];
        now.Clear();
        return PtyNative.GetAttributes(Descriptor, now) == 0 && !now.SequenceEqual(_attributes);
    }

    /// <summary>
    /// Throws away what the last program did not read, and what it set. Both need the slave's side: a flush of the master's leaves what the slave's line
    /// discipline has already. Opening it once also is what makes a new pty say that nobody has it open.
    /// </summary>
    private void CleanUp()
    {
        var slave = PtyNative.Open(_slave, PtyNative.ReadWrite | PtyNative.NoControllingTerminal | PtyNative.CloseOnExec);
        if (slave < 0)
        {
            // A program that died with the port for itself (TIOCEXCL) leaves it locked for good: only another pty helps.
            _problem = IsHungUp() ? PtyNative.Failed("the pseudo-terminal can't be opened any more").Message : null;
            return;
        }

        Span<byte> termios = stackalloc byte[PtyNative.TermiosRoom];
        termios.Clear();
        _ = PtyNative.Flush(slave, PtyNative.FlushUnread);
        if (PtyNative.GetAttributes(slave, termios) == 0)
        {
            PtyNative.MakeRaw(termios);

            // A pty keeps no parity, and setting attributes fails where none of them changes (tcsetattr, EINVAL): with a speed that no program asks for,
            // one always does, for the second program that asks for the same parity too.
            _ = PtyNative.SetSpeed(termios, PtyNative.OddSpeed);
            _ = PtyNative.SetAttributes(slave, PtyNative.Now, termios);
        }

        _ = PtyNative.Close(slave);
        _attributes.AsSpan().Clear();
        _ = PtyNative.GetAttributes(Descriptor, _attributes);
    }
}
