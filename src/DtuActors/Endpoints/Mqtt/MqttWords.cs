using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
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

        return cause is OperationCanceledException ? "the broker did not answer in time" : cause.Message;
    }

    /// <summary>Why the certificate that a broker shows is not taken.</summary>
    public static string Of(SslPolicyErrors errors, X509Chain? chain, string host) =>
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "the broker shows no certificate"
        : errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            ? $"the broker's certificate is not trusted: {string.Join(", ", chain?.ChainStatus.Select(status => status.StatusInformation.Trim()) ?? [])}"
        : $"the broker's certificate is for another name than {host}";
}
