using System.CommandLine;
using System.Globalization;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Host.Writing;
using DtuActors.Protocol.Files;
using DtuActors.Transfers;
using Spectre.Console;

namespace DtuActors.Host.Commands;

/// <summary>What <c>put</c> and <c>get</c> share: over which line, how, and to see it through: a bar on a terminal, one line at the end, Ctrl-C cancels it at both ends.</summary>
internal static class TransferWatch
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Option<string> Protocol()
    {
        var protocol = new Option<string>("--protocol", "-p") { Description = "How the file crosses the line.", DefaultValueFactory = _ => FileProtocol.Ymodem.Name() };
        protocol.AcceptOnlyFromAmong([.. FileProtocols.Names]);
        return protocol;
    }

    public static Option<bool> Port() => new("--port") { Description = "ID is the name of a COM port's endpoint (kind serial or pty), in place of a DTU." };

    public static Option<string?> Say()
    {
        var say = new Option<string?>("--say") { Description = "Written first: the command that makes the instrument begin, such as rb\\r or hex:0D.", HelpName = "TEXT" };
        say.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !MarkText.TryParse(text, out _, out var problem))
            {
                result.AddError($"--say: {problem}");
            }
        });
        return say;
    }

    /// <summary>The path of the transfers over a line.</summary>
    public static string Path(string id, bool isPort) => isPort ? $"/api/v1/endpoints/{Uri.EscapeDataString(id)}/files" : ApiClient.Dtu(id, "/files");

    /// <summary>Starts a transfer and sees it through; how it ended.</summary>
    public static async Task<TransferModel> RunAsync(ApiClient client, string path, FilesBody body, bool json, CancellationToken ended)
    {
        var started = ApiClient.Read<TransferModel>(await client.PostAsync(path, body, ended));
        var one = $"{path}/{started.Id}";
        try
        {
            return Terminal.IsTerminal && !json ? await WithBarAsync(client, one, started, ended) : await WaitAsync(client, one, _ => { }, ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return await CancelAsync(client, one);
        }
    }

    /// <summary>What became of it, on one line.</summary>
    public static string Words(TransferModel transfer, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{transfer.State} {Terminal.Safe(what)}, {transfer.Retries} {(transfer.Retries == 1 ? "block" : "blocks")} again, {((transfer.EndedAt ?? transfer.StartedAt) - transfer.StartedAt).TotalSeconds:0.0} s");

    /// <summary>Says why it is not done.</summary>
    public static int Failed(TransferModel transfer)
    {
        var far = transfer.Bytes > 0 || transfer.FilesDone > 0 ? string.Create(CultureInfo.InvariantCulture, $" after {transfer.FilesDone} files and {transfer.Bytes} bytes") : "";
        Terminal.Fault($"the transfer {transfer.State}{far}{(transfer.Problem is null ? "" : $": {transfer.Problem}")}");
        return ExitCodes.Failed;
    }

    private static Task<TransferModel> WithBarAsync(ApiClient client, string path, TransferModel started, CancellationToken ended) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
        .StartAsync(context =>
        {
            ProgressTask? bar = null;
            string? file = null;
            return WaitAsync(
                client,
                path,
                transfer =>
                {
                    var name = $"{transfer.FilesDone} {transfer.File ?? (transfer.State == TransferStates.Waiting ? "waiting for the line" : "file")}";
                    if (bar is null || name != file)
                    {
                        bar?.StopTask();
                        bar = context.AddTask(Markup.Escape(Terminal.Safe(transfer.File ?? (transfer.State == TransferStates.Waiting ? "waiting for the line" : "file"))));
                        file = name;
                    }

                    bar.IsIndeterminate = transfer.Size is null;
                    bar.MaxValue = Math.Max(1, transfer.Size ?? transfer.Bytes);
                    bar.Value = transfer.Bytes;
                },
                ended);
        });

    private static async Task<TransferModel> WaitAsync(ApiClient client, string path, Action<TransferModel> see, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(LookEvery);
        while (true)
        {
            var transfer = ApiClient.Read<TransferModel>(await client.GetAsync(path, ended));
            see(transfer);
            if (TransferStates.IsEnd(transfer.State))
            {
                return transfer;
            }

            await timer.WaitForNextTickAsync(ended);
        }
    }

    // The instrument hears of it, and the line is free: neither waits for a person who has left.
    private static async Task<TransferModel> CancelAsync(ApiClient client, string path)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await client.DeleteAsync(path, limit.Token);
        }
        catch (ApiFailureException)
        {
            // It ended by itself meanwhile.
        }

        return await WaitAsync(client, path, _ => { }, limit.Token);
    }
}
