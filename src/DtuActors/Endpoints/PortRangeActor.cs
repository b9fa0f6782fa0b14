using System.Net;
using Akka.Actor;
using Akka.Event;
using DtuActors.Configuration;
using DtuActors.Listening;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Endpoints;

/// <summary>
/// An endpoint with a port for each DTU whose row in the register names one of the range; other rows are none of its business. A port is bound whether its DTU is online or not.
/// When rows come and go, their ports open and close, and all others stay as they are; a port that changes hands is closed first.
/// </summary>
/// <remarks>A port that can't be bound is a row's trouble, not the configuration's: it is said, its branch is down and tries again with back-off.</remarks>
public sealed class PortRangeActor : FanActor
{
    // Between two slices others are heard: routes of thousands of DTUs, and the end.
    private const int MostPerSlice = 64;

    // Another instance of the same gateway holds thousands of them.
    private const int MostNamed = 20;

    private static readonly TimeSpan OpenAgainAfter = TimeSpan.FromSeconds(1);

    private readonly IPAddress _address;
    private readonly PortRange _range;
    private readonly Func<DtuId, int, EndpointOptions> _ofDtu;

    /// <summary>As the register has it; null until it said so.</summary>
    private Dictionary<int, DtuId>? _wanted;

    /// <summary>Ports that a branch has, also while it ends.</summary>
    private readonly Dictionary<int, DtuId> _held = [];
    private readonly Dictionary<DtuId, int> _portOf = [];

    /// <summary>Branches of which it is not known yet whether they could bind.</summary>
    private readonly HashSet<DtuId> _binding = [];
    private readonly List<string> _notBound = [];
    private readonly HashSet<DtuId> _failing = [];
    private readonly Grumble _unnamed = new();
    private bool _isOpening;
    private bool _saidBound;

    public PortRangeActor(
        EndpointOptions options, IPAddress address, PortRange range, EndpointSurroundings surroundings, bool exclusive, Func<DtuId, int, EndpointOptions> ofDtu)
        : base(options, surroundings, exclusive, wantsSessions: false)
    {
        _address = address;
        _range = range;
        _ofDtu = ofDtu;

        Receive<Editing.Rows>(OnRows);
        Receive<OpenMore>(_ => OpenSome());
        Receive<Binding.SocketBound>(OnBound);
        Receive<Binding.BindFailed>(OnBindFailed);
        Receive<HolderKnown>(OnHolderKnown);
    }

    protected override string StateWithoutBranches => _wanted is null ? EndpointStates.Connecting : EndpointStates.Up;

    protected override bool IsComplete => _wanted is not null && !_isOpening;

    protected override string Where => $"{new IPEndPoint(_address, _range.First)}-{_range.Last}";

    /// <param name="options">The endpoint's.</param>
    /// <param name="address">Where its ports are bound.</param>
    /// <param name="range">Its ports.</param>
    /// <param name="surroundings">Whom it talks to.</param>
    /// <param name="exclusive">Whether its branches slow their DTUs.</param>
    /// <param name="ofDtu">The options of a DTU's branch, given its port.</param>
    public static Props Props(
        EndpointOptions options, IPAddress address, PortRange range, EndpointSurroundings surroundings, bool exclusive, Func<DtuId, int, EndpointOptions> ofDtu) =>
        Akka.Actor.Props.Create<PortRangeActor>(options, address, range, surroundings, exclusive, ofDtu);

    // Its port is free now: for its own DTU again, or for whoever has it by the register.
    protected override void OnBranchEnded(DtuId dtu)
    {
        if (_portOf.Remove(dtu, out var port))
        {
            _held.Remove(port);
        }

        _failing.Remove(dtu);
        _binding.Remove(dtu);
        if (IsWanted(dtu, port))
        {
            // It failed, or its row came back meanwhile: not at once again, for it might fail for ever.
            Timers.StartSingleTimer(OpenMore.Instance, OpenMore.Instance, OpenAgainAfter);
        }
        else
        {
            OpenSome();
        }
    }

    // ---- the register's rows

    private void OnRows(Editing.Rows rows)
    {
        if (Draining)
        {
            return;
        }

        _wanted = new Dictionary<int, DtuId>(rows.Register.PortsIn(_range));
        var (others, closed) = (rows.Register.PortCount - _wanted.Count, 0);
        foreach (var (port, dtu) in _held)
        {
            if (!IsWanted(dtu, port))
            {
                closed++;
                EndBranch(dtu);
            }
        }

        var opened = _wanted.Count(row => !_held.TryGetValue(row.Key, out var holder) || holder != row.Value);
        if (opened + closed > 0)
        {
            Log.Info("{0}: {1} ports to open, {2} to close; {3} DTUs of the register have one of {4}", Options.KeyPath, opened, closed, _wanted.Count, _range);
        }

        Log.Debug("{0}: {1} rows of the register have a port outside {2}", Options.KeyPath, others, _range);
        OpenSome();
    }

    private bool IsWanted(DtuId dtu, int port) => _wanted is not null && _wanted.TryGetValue(port, out var wanted) && wanted == dtu;

    private void OpenSome()
    {
        if (_wanted is null || Draining)
        {
            return;
        }

        var open = _wanted.Where(row => !_held.ContainsKey(row.Key) && BranchOf(row.Value) is null).Take(MostPerSlice + 1).ToList();
        foreach (var (port, dtu) in open.Take(MostPerSlice))
        {
            _held.Add(port, dtu);
            _portOf.Add(dtu, port);
            _binding.Add(dtu);
            var options = _ofDtu(dtu, port) with { KeyPath = $"{Options.KeyPath} (DTU {dtu})" };
            StartBranch(dtu, surroundings => EndpointTable.Props(options, surroundings));
        }

        _isOpening = open.Count > MostPerSlice;
        if (_isOpening)
        {
            Self.Tell(OpenMore.Instance);
        }

        SayWhenBound();
        LookAtState();
    }

    // ---- binding

    private void OnBound(Binding.SocketBound bound)
    {
        if (DtuOf(Sender) is not { } dtu)
        {
            return;
        }

        Context.Parent.Tell(new Binding.PortBound(bound.Name, bound.Transport, bound.Address));
        _failing.Remove(dtu);
        _binding.Remove(dtu);
        SayWhenBound();
    }

    private void OnBindFailed(Binding.BindFailed failed)
    {
        if (DtuOf(Sender) is not { } dtu)
        {
            return;
        }

        _binding.Remove(dtu);
        if (!_saidBound && _notBound.Count < MostNamed)
        {
            _notBound.Add($"DTU {dtu}: {failed.Address}: {failed.Problem}");
        }

        SayWhenBound();
        if (!_failing.Add(dtu))
        {
            return;
        }

        if (_failing.Count > MostNamed)
        {
            if (_unnamed.IsDue(Now, out var times))
            {
                Log.Warning("{0}: {1} more ports can't be bound, {2} among them; its status names them all", Options.KeyPath, times, failed.Address);
            }
        }
        else if (failed.AddressInUse && IPEndPoint.TryParse(failed.Address, out var address))
        {
            // The system is asked file by file, which takes its time.
            Task.Run(() => new HolderKnown(failed, PortHolder.Find(address))).PipeTo(Self);
        }
        else
        {
            Log.Warning("{0}: can't listen on {1}: {2}; trying again", failed.KeyPath, failed.Address, failed.Problem);
        }
    }

    private void OnHolderKnown(HolderKnown known) =>
        Log.Warning("{0}: {1} is in use by {2}; trying again", known.Failed.KeyPath, known.Failed.Address, known.Holder ?? "another process");

    private void SayWhenBound()
    {
        if (!_saidBound && IsComplete && _binding.Count == 0)
        {
            _saidBound = true;
            Publish();
            Context.Parent.Tell(new Binding.RangeBound(Options.Name, [.. _notBound]));
            _notBound.Clear();
        }
    }

    private sealed record OpenMore : INoSerializationVerificationNeeded
    {
        public static readonly OpenMore Instance = new();
    }

    private sealed record HolderKnown(Binding.BindFailed Failed, string? Holder) : INoSerializationVerificationNeeded;
}
