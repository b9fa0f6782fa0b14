using System.Text;
using MQTTnet.Exceptions;

namespace DtuActors.Endpoints.Mqtt;

/// <summary>What a broker says and what goes wrong on the way to it, in words for <c>lastError</c>.</summary>
internal static class MqttWords
{
    /// <summary>A reason code's name as a person reads it: <c>BadUserNameOrPassword</c> is "bad user name or password".</summary>
    public static string Of(Enum reason, string? text = null)
    {
        var words = new StringBuilder();
        foreach (var c in reason.ToString())
        {
            if (char.IsUpper(c) && words.Length > 0)
            {
                words.Append(' ');
            }

            words.Append(char.ToLowerInvariant(c));
        }

        return string.IsNullOrEmpty(text) ? words.ToString() : $"{words} ({text})";
    }

    /// <summary>The innermost reason: what lies around it says only that it failed.</summary>
    public static string Of(Exception failure)
    {
        var cause = failure;
        while (cause is MqttCommunicationException or AggregateException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause is OperationCanceledException ? "the broker did not answer in time"
            : cause.InnerException is { } deeper && cause is System.Security.Authentication.AuthenticationException ? $"{cause.Message} {deeper.Message}"
            : cause.Message;
    }
}
