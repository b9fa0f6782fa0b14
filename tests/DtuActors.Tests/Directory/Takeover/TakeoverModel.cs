using System.Globalization;
using DtuActors.Configuration;
using DtuActors.Sessions;

namespace DtuActors.Tests.Directory.Takeover;

/// <summary>One session, as its DTU's actor knows it and as it knows itself.</summary>
internal sealed class Peer(int number)
{
    public string Remote { get; } = string.Create(CultureInfo.InvariantCulture, $"10.0.0.{number}:1");

    /// <summary>Under which it holds its DTU, as far as it knows; it keeps the first, which may be its own.</summary>
    public Epoch? Epoch { get; set; }

    /// <summary>What it was granted last.</summary>
    public Epoch? Granted { get; set; }

    public bool IsDead { get; set; }

    public bool HasToProve { get; set; }

    public bool HasToLeave { get; set; }

    /// <summary>So often it was told that it is superseded since it last claimed.</summary>
    public int Superseded { get; set; }
}

/// <summary>
/// Who holds a DTU, by the words of DESIGN alone: no actors, no timers, nothing watched. It is told what is said and what time it is, and says who has to hear what.
/// </summary>
/// <param name="comesLate">A claim may come after its session's end: it takes the DTU from somebody only once it is proven.</param>
/// <param name="rule">What all sessions claim by.</param>
internal sealed class TakeoverModel(bool comesLate, DuplicatesOptions rule)
{
    private readonly List<DateTimeOffset> _alive = [];
    private (Peer Peer, Epoch? Said, bool Proven)? _holder;
    private (Peer Peer, Epoch? Said, bool Proven)? _next;
    private (DateTimeOffset At, bool IsLeaving)? _turn;
    private DateTimeOffset? _quietAt;
    private string? _rival;

    public Peer? Holder => _holder?.Peer;

    public Peer? Next => _next?.Peer;

    public Epoch? Epoch => _holder?.Said ?? _holder?.Peer.Granted;

    public bool InConflict => _quietAt is not null;

    public DateTimeOffset? Due => _turn is null || _quietAt < _turn?.At ? _quietAt : _turn?.At;

    /// <summary>Who hears what, since it was emptied.</summary>
    public List<(Peer Peer, string Word)> Told { get; } = [];

    public void Claim(Peer peer, Epoch? said, bool isProof, DateTimeOffset now)
    {
        if (peer == Holder)
        {
            _holder = (peer, said ?? _holder!.Value.Said, _holder!.Value.Proven || isProof);
            Tell(peer, "granted");
        }
        else if (peer == Next)
        {
            Tell(peer, "waits");
        }
        else if (_holder is null)
        {
            Hold(peer, said, isProof);
        }
        else if (said is not null && (_next is { Said: null } || said < (_next?.Said ?? Epoch)))
        {
            // Older than who has it or is to have it, unless that is somebody of whom nothing is known but an old word.
            var newer = Next ?? Holder!;
            var isSure = Next is not null || _holder.Value.Proven || !comesLate;
            Tell(isSure ? peer : newer, isSure ? $"superseded by {newer.Remote}" : "prove it");
        }
        else if (comesLate && !isProof)
        {
            Tell(peer, "prove it");
        }
        else if (InConflict && said is null && rule.Policy is DuplicatesPolicy.HoldFirst)
        {
            Contest(peer.Remote, now);
            Tell(peer, $"refused for {Holder!.Remote}");
        }
        else if (InConflict && said is null)
        {
            Contest(peer.Remote, now);
            BeNext(peer, said, isProof);
            _turn ??= (now + TimeSpan.FromSeconds(10), IsLeaving: false);
        }
        else
        {
            BeNext(peer, said, isProof);
            LetHolderGo(now);
        }
    }

    public void End(Epoch epoch)
    {
        if (epoch == Epoch)
        {
            Free();
        }
    }

    public void Die(Peer peer)
    {
        if (peer == Next)
        {
            _next = null;
        }
        else if (peer == Holder)
        {
            Free();
        }
    }

    public void StillAlive(Epoch epoch, string remote, DateTimeOffset now)
    {
        if (_holder is null)
        {
            return;
        }

        _alive.Add(now);
        var isConflict = _alive.Count(at => now - at <= rule.Within) >= rule.ConflictAfter;
        if (InConflict ? epoch == Epoch : isConflict)
        {
            Contest(remote, now);
        }
    }

    /// <summary>It is as late as it said was <see cref="Due"/>.</summary>
    public void Pass(DateTimeOffset now)
    {
        if (_quietAt <= now)
        {
            _quietAt = null;
            _alive.Clear();
            Tell(Holder, "no conflict");
        }
        else if (_turn is { IsLeaving: true })
        {
            Free();
        }
        else
        {
            _turn = null;
            LetHolderGo(now);
        }
    }

    /// <summary>The actor is gone, and with it all that it knew.</summary>
    public void Forget()
    {
        (_holder, _next, _turn, _quietAt, _rival) = (null, null, null, null, null);
        _alive.Clear();
    }

    private void Hold(Peer peer, Epoch? said, bool isProof)
    {
        _holder = (peer, said, isProof);
        Tell(peer, "granted");
        if (InConflict || said is not null)
        {
            Tell(peer, InConflict ? $"conflict with {_rival}" : "no conflict");
        }
    }

    private void BeNext(Peer peer, Epoch? said, bool isProof)
    {
        Tell(Next, $"superseded by {peer.Remote}");
        _next = (peer, said, isProof);
    }

    private void LetHolderGo(DateTimeOffset now)
    {
        if (Next is not null && _turn is not { IsLeaving: true })
        {
            Tell(Holder, $"superseded by {Next.Remote}");
            _turn = (now + TimeSpan.FromSeconds(1), IsLeaving: true);
        }
    }

    private void Free()
    {
        var (left, next) = (Holder!, _next);
        (_holder, _next, _turn) = (null, null, null);
        if (next is { } comes)
        {
            _rival = left.Remote;
            Hold(comes.Peer, comes.Said, comes.Proven);
        }
    }

    private void Contest(string rival, DateTimeOffset now)
    {
        (_rival, _quietAt) = (rival, now + TimeSpan.FromMinutes(5));
        Tell(Holder, $"conflict with {rival}");
    }

    private void Tell(Peer? peer, string word)
    {
        if (peer is { IsDead: false })
        {
            Told.Add((peer, word));
        }
    }
}
