namespace DtuActors.Protocol.Answers;
public abstract class CentreAnswers
{
    public static IReadOnlyCollection<string> Names { get; } = ["hj212", "sl651"];
    public static CentreAnswers? Create(string name) => null;
    public abstract byte[]? Answer(ReadOnlySpan<byte> frame, DateTimeOffset now);
    public abstract bool IsAnswer(ReadOnlySpan<byte> downlink);
}
