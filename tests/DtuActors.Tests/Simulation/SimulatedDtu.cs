using System.Text;

namespace DtuActors.Tests.Simulation;

/// <summary>A DTU and the instrument behind it: registers, says numbered frames, answers what it is asked. One link at a time is its own; older ones may still carry what it had said.</summary>
internal sealed class SimulatedDtu(int number, History history)
{
    private static readonly byte[] Ping = "ping"u8.ToArray();
    private readonly Queue<Numbered> _toAnswer = new();
    private NumberedStream _heard = new();

    public int Number => number;

    public string Id => $"dtu-{number}";

    /// <summary>Null: it has no power, or no network.</summary>
    public SimulatedLink? Link { get; private set; }

    public bool HasToAnswer => _toAnswer.Count > 0;

    /// <summary>It answers what is for its instrument although nobody waits for it.</summary>
    public bool AnswersAll { get; init; }

    public void Dial(SimulatedLink link)
    {
        Link = link;
        _toAnswer.Clear();
        _heard = new NumberedStream();
        link.Send(Encoding.ASCII.GetBytes(Id + "\r\n"));
    }

    public void Say() => Link?.Send(history.Say(Kind.Up, number).ToBytes());

    public void Beat() => Link?.Send(Ping);

    public void Answer()
    {
        if (_toAnswer.TryDequeue(out var next))
        {
            Link?.Send(next.ToBytes());
        }
    }

    /// <summary>It will not answer that one.</summary>
    public void Lose() => _toAnswer.TryDequeue(out _);

    public void Hear(ReadOnlySpan<byte> bytes)
    {
        foreach (var frame in _heard.Feed(bytes))
        {
            history.Arrive(number, frame, "instrument");
            if (frame is { } known && (known.Kind is Kind.Ask || AnswersAll))
            {
                _toAnswer.Enqueue(known);
            }
        }
    }

    /// <summary>It closes its link, and its FIN goes out behind what it said.</summary>
    public void HangUp()
    {
        Link?.Finish();
        Link = null;
    }

    /// <summary>It is gone, and nobody hears of it.</summary>
    public void LosePower()
    {
        Link?.Abandon();
        Link = null;
    }
}
