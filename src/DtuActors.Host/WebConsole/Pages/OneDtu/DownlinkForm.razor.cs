using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Host.Writing;
using DtuActors.Protocol;
using DtuActors.Protocol.Checksums;
using DtuActors.Protocol.Decoding;
using DtuActors.Writing;
using Microsoft.AspNetCore.Components;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>The form that sends and requests; it takes exactly what the API's <c>send</c> takes, and shows the bytes before they go.</summary>
public sealed partial class DownlinkForm : LivePage
{
    private const int MostSent = 20;

    // Two digits and a blank a byte.
    private const int MostTyped = DownlinkBody.MostPayload * 3;

    private static readonly string[] EncodingNames = ["utf-8", "gb18030", "ascii", "latin1"];

    private readonly List<Sent> _sent = [];
    private ApiRole _role = ApiRole.Read;
    private System.Text.Encoding _profiles = System.Text.Encoding.UTF8;
    private string _kind = "hex";
    private bool _isBusy;
    private string _encoding = "";
    private string _check = "";
    private string _ttl = "";
    private string _timeout = "";
    private string _typed = "";
    private byte[]? _bytes;
    private int _checkBytes;
    private string? _fault;
    private Result? _outcome;

    [Parameter, EditorRequired]
    public DtuId Id { get; set; }

    /// <summary>The DTU's codec, for the Modbus helper.</summary>
    [Parameter]
    public string Codec { get; set; } = "";

    protected override TimeSpan RefreshEvery => Timeout.InfiniteTimeSpan;

    private bool IsText => _kind == "text";

    private bool CanSend => _bytes is not null && !_isBusy && _role >= ApiRole.Operate;

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        _role = (await Operator.WhoAsync()).Role;
        _profiles = await DownlinkApi.ProfilesEncodingAsync(Id, Gateway, Gateway.Options, gone);
        Preview();
    }

    private void Preview()
    {
        (_bytes, _checkBytes, _fault) = (null, 0, null);
        if (_typed.Length == 0)
        {
            return;
        }

        try
        {
            var body = IsText ? new DownlinkBody(null, _typed, null, _encoding.Length > 0 ? _encoding : null) : new DownlinkBody(_typed, null);
            var bare = body.ToBytes(_profiles);
            _bytes = DownlinkBody.WithCheck(bare, _check.Length > 0 ? _check : null);
            _checkBytes = _bytes.Length - bare.Length;
        }
        catch (DownlinkFaultException fault)
        {
            _fault = T["", "输入有误："] + fault.Message;
        }
    }

    private void Fill(ModbusRequest request)
    {
        (_kind, _typed, _check) = ("hex", FrameText.Hex(request.Bytes.Span), request.Check);
        Preview();
    }

    private void Refill(Sent sent)
    {
        (_kind, _typed, _check, _encoding) = (sent.Kind, sent.Typed, sent.Check, sent.Encoding);
        Preview();
    }

    private Task SendAsync()
    {
        CommandWish? wish = null;
        if (_ttl.Trim() is { Length: > 0 } given)
        {
            if (!DurationText.TryParse(given, DownlinkApi.LongestTimeToLive, out var duration))
            {
                _outcome = new Result(false, T[$"may wait '{given}': expected {DurationText.Expected}, at most 30d", $"有效期“{given}”有误：应为带单位的数字，如 30s、2h 或 7d，最长 30d"]);
                return Task.CompletedTask;
            }

            wish = new CommandWish(duration);
        }

        return DoAsync("send", async (bytes, caller) =>
        {
            if (wish is not null && !await Gateway.StoresCommandsAsync())
            {
                return ("refused", new Result(false, T["Commands can't wait: the gateway stores nothing (storage = none).", "命令无法等待：网关未启用存储（storage = none）。"]));
            }

            var outcome = await Gateway.SendAsync(Id, bytes, Gone, caller.Name, wish);
            return outcome.Refusal is { } refusal ? throw await DownlinkApi.RefusedAsync(Gateway, Id, refusal, Gone) : (outcome.State, new Result(true, outcome.State switch
            {
                CommandStates.Queued => T["Queued: it waits for the DTU or for its turn on the bus. Commands shows when it goes, and takes it back until then.", "已排队：等待 DTU 上线或总线空闲。“命令”中可查看结果，发出前可撤回。"],
                CommandStates.Sent => T["Sent: the bytes are written, and the bus waits for the answer. Commands shows what becomes of it.", "已发出：字节已写入，等待应答。结果见“命令”。"],
                CommandStates.Answered => T["Answered: Commands shows the answer.", "已应答：应答见“命令”。"],
                _ => T["Delivered: the bytes are written to the DTU's socket.", "已送达：字节已写入 DTU 的连接。"],
            }));
        });
    }

    private Task RequestAsync()
    {
        TimeSpan? timeout = null;
        if (_timeout.Trim() is { Length: > 0 } given)
        {
            if (!DurationText.TryParse(given, out var duration) || duration > DownlinkApi.LongestTimeout)
            {
                _outcome = new Result(false, T[$"timeout '{given}': expected {DurationText.Expected}, at most 10m", $"超时“{given}”有误：应为带单位的数字，如 500ms 或 5s，最长 10m"]);
                return Task.CompletedTask;
            }

            timeout = duration;
        }

        return DoAsync("request", async (bytes, caller) =>
        {
            var outcome = await Gateway.RequestAsync(Id, bytes, timeout, Gone, caller.Name);
            if (outcome.Refusal is { } refusal)
            {
                throw await DownlinkApi.RefusedAsync(Gateway, Id, refusal, Gone);
            }

            if (outcome.Answer is not { } answer)
            {
                return ("written", new Result(true, T["A broadcast: written, and nobody answers.", "广播：已写出，无应答。"]));
            }

            var elapsed = outcome.Elapsed.TotalMilliseconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
            return ("answered", new Result(
                true,
                T[$"Answered after {elapsed} ms, {answer.Payload.Length} bytes:", $"{elapsed} ms 后应答，{answer.Payload.Length} 字节："],
                answer.Payload.ToArray(),
                Decoders.Describe(answer.Codec, FrameDirection.Up, answer.Payload.Span)));
        });
    }

    private Task DoAsync(string action, Func<byte[], Caller, Task<(string Word, Result Result)>> work) => TryAsync(async () =>
    {
        if (_bytes is not { } bytes || _isBusy)
        {
            return;
        }

        var sent = new Sent(Time.GetUtcNow(), _kind, _typed, _check, _encoding);
        _sent.Insert(0, sent);
        if (_sent.Count > MostSent)
        {
            _sent.RemoveAt(MostSent);
        }

        (_isBusy, _outcome) = (true, null);
        try
        {
            await Operator.DoAsync(ApiRole.Operate, action, Id.Value, Convert.ToHexString(bytes), async caller =>
            {
                (var word, _outcome) = await work(bytes, caller);
                return word;
            });
            sent.Outcome = _outcome?.Words.Split(':', '：')[0] ?? "";
        }
        catch (RefusalException refused)
        {
            _outcome = new Result(false, RefusedWords.Of(T, refused.Problem));
            sent.Outcome = T[refused.Problem.Title, _outcome.Words];
        }
        catch (OperationCanceledException)
        {
            // The reader left; the gateway goes on with it.
        }
        finally
        {
            _isBusy = false;
        }
    });

    private static string Short(string typed) => FrameText.Plain(typed.Length <= 60 ? typed : typed[..60] + "…");

    private sealed record Result(bool IsGood, string Words, byte[]? Answer = null, string? Decoded = null);

    private sealed record Sent(DateTimeOffset At, string Kind, string Typed, string Check, string Encoding)
    {
        public string Outcome { get; set; } = "";
    }
}
