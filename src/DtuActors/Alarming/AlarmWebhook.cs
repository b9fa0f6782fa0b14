using System.Net.Http.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Polly;

namespace DtuActors.Alarming;

/// <summary>
/// Posts what alarms raise and clear, in that order, to <c>dtu.alarms.webhook</c>. What waits together goes together. A call that fails is tried again for about
/// three minutes, then its alarms are given up and counted; meanwhile so many wait, and what does not fit is counted too.
/// </summary>
internal sealed partial class AlarmWebhook(IServiceProvider services, IHttpClientFactory clients, ILogger<AlarmWebhook> log) : BackgroundService
{
    public const int MostWaiting = 1000;

    /// <summary>The client's name, for whoever configures it further.</summary>
    public const string ClientName = "dtu-alarm-webhook";

    private const int MostInOne = 100;
    private const int Retries = 8;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>Registers the service and its client.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddHttpClient(ClientName)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })

            // Two lines a call, the address included, which may hold a secret.
            .RemoveAllLoggers()
            .AddResilienceHandler("retry", (pipeline, context) =>
            {
                var timeout = context.ServiceProvider.GetRequiredService<DtuGateway>().Options.Alarms.Webhook.Timeout;
                pipeline
                    .AddRetry(new HttpRetryStrategyOptions
                    {
                        MaxRetryAttempts = Retries, Delay = FirstDelay, MaxDelay = LongestDelay, BackoffType = DelayBackoffType.Exponential, UseJitter = true,
                    })
                    .AddTimeout(timeout);
            });
        services.AddHostedService<AlarmWebhook>();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Made by the actor system's start, which comes before this.
        var gateway = services.GetRequiredService<DtuGateway>();
        if (gateway is not { AlarmOutbox: { } outbox, Options.Alarms.Webhook: { Url: { } url } webhook })
        {
            return;
        }

        var node = gateway.Options.Node.Name;
        using var client = clients.CreateClient(ClientName);

        // The pipeline bounds each try and their number.
        client.Timeout = Timeout.InfiniteTimeSpan;
        foreach (var (name, value) in webhook.Headers)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }

        while (await outbox.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            var batch = Take(outbox);
            var isDelivered = await PostAsync(client, url, new AlarmPost(node, batch), stoppingToken).ConfigureAwait(false);
            GatewayMetrics.WebhookCalls.Add(batch.Count, isDelivered ? GatewayMetrics.Delivered : GatewayMetrics.Failed);
        }
    }

    private static List<AlarmPost.Change> Take(ChannelReader<AlarmStatus> outbox)
    {
        var batch = new List<AlarmPost.Change>();
        while (batch.Count < MostInOne && outbox.TryRead(out var change))
        {
            batch.Add(AlarmPost.Change.Of(change));
        }

        return batch;
    }

    private async Task<bool> PostAsync(HttpClient client, Uri url, AlarmPost post, CancellationToken stopping)
    {
        try
        {
            using var content = JsonContent.Create(post, AlarmJson.Default.AlarmPost);

            // Buffered: of a known length, and the same for each try.
            await content.LoadIntoBufferAsync(stopping).ConfigureAwait(false);
            using var response = await client.PostAsync(url, content, stopping).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return true;
            }

            LogRefused(post.Alarms.Count, (int)response.StatusCode);
        }
        catch (Exception failure) when (failure is HttpRequestException or Polly.Timeout.TimeoutRejectedException)
        {
            LogFailed(post.Alarms.Count, failure.Message);
        }

        return false;
    }

    [LoggerMessage(LogLevel.Error, "dtu.alarms.webhook: {Count} alarms given up: it answers {Status}")]
    private partial void LogRefused(int count, int status);

    [LoggerMessage(LogLevel.Error, "dtu.alarms.webhook: {Count} alarms given up: {Problem}")]
    private partial void LogFailed(int count, string problem);
}

/// <summary>What the webhook is sent.</summary>
internal sealed record AlarmPost(string Node, IReadOnlyList<AlarmPost.Change> Alarms)
{
    internal sealed record Change(string Id, string Kind, string Subject, string Severity, string Text, DateTime RaisedAt, DateTime? ClearedAt, string State)
    {
        public static Change Of(AlarmStatus alarm) => new(
            alarm.Id, alarm.Kind, alarm.Subject, alarm.Severity, alarm.Text, alarm.RaisedAt.UtcDateTime, alarm.ClearedAt?.UtcDateTime, alarm.ClearedAt is null ? "raised" : "cleared");
    }
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AlarmPost))]
internal sealed partial class AlarmJson : JsonSerializerContext;
