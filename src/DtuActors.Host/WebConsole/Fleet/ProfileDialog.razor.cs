using System.Collections.Immutable;
using System.Net;
using DtuActors.Configuration;
using DtuActors.Protocol.Detection;
using DtuActors.Writing;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Fleet;

/// <summary>Bytes become a file: what they may be is chosen, tried out with the very bytes, and shown with what to do next. Nothing is changed here.</summary>
public partial class ProfileDialog
{
    private const int FirstPort = 9001;
    private const string AnyAddress = "0.0.0.0";

    // Names of the gateway's own among listeners and endpoints.
    private static readonly string[] Taken = ["http", "cluster"];

    private ImmutableArray<ProfileDraft> _drafts = [];
    private ImmutableArray<ListenerStatus> _listeners = [];
    private HashSet<string> _names = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _clashes = [];
    private DraftOutcome? _outcome;
    private string _address = AnyAddress;
    private string _profile = "";
    private string _listener = "";
    private string _dtu = "dtu-1";
    private string _text = "";
    private int _port = FirstPort;
    private int _chosen;

    /// <summary>A device's first bytes; at least one.</summary>
    [Parameter, EditorRequired]
    public ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>The listener that refused them, or null.</summary>
    [Parameter]
    public string? Knocked { get; set; }

    [CascadingParameter]
    private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject]
    private Words T { get; set; } = null!;

    [Inject]
    private DtuGateway Gateway { get; set; } = null!;

    [Inject]
    private IJSRuntime Script { get; set; } = null!;

    [Inject]
    private ISnackbar Snackbar { get; set; } = null!;

    private ProfileDraft Draft => _drafts[_chosen];

    private string Hex => HexText.Spaced(Convert.ToHexString(Bytes.Span));

    private string FileName => $"{_profile}.conf";

    private bool IsGood => _clashes.Count == 0 && _outcome is not (null or DraftOutcome.Faulty);

    private string KnockedProfiles => _listeners.FirstOrDefault(listener => listener.Name == Knocked)?.Profile ?? "default";

    protected override async Task OnInitializedAsync()
    {
        _drafts = ProfileDrafts.Of(Bytes);
        Choose(0);
        try
        {
            _listeners = await Gateway.ListenersAsync(default);
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            // The names of configuration have to do.
        }

        _names = [.. Taken, .. Gateway.Options.Listeners.Select(listener => listener.Name), .. Gateway.Options.Endpoints.Select(endpoint => endpoint.Name), .. _listeners.Select(listener => listener.Name)];
        HashSet<int> ports = [];
        foreach (var listener in _listeners)
        {
            if (IPEndPoint.TryParse(listener.Address ?? "", out var at))
            {
                ports.Add(at.Port);
                _address = listener.Name == Knocked ? at.Address.ToString() : _address;
            }
        }

        while (ports.Contains(_port))
        {
            _port++;
        }

        Choose(0);
    }

    private void Choose(int number)
    {
        _chosen = number;
        _profile = _listener = Free(Draft.Name);
        Make();
    }

    private string Free(string name)
    {
        var free = name;
        for (var i = 2; _names.Contains(free) || Gateway.Options.Profiles.ContainsKey(free); i++)
        {
            free = $"{name}-{i}";
        }

        return free;
    }

    private void Make()
    {
        var place = new DraftPlace(_profile, _listener, _address, _port, _dtu);
        _clashes =
        [
            .. Gateway.Options.Profiles.ContainsKey(_profile) ? [T[$"there is a profile {_profile} already", $"已有配置模板 {_profile}"]] : Array.Empty<string>(),
            .. _names.Contains(_listener) ? [T[$"there is a listener or endpoint {_listener} already", $"已有监听或端点 {_listener}"]] : Array.Empty<string>(),
        ];
        _outcome = DraftTrial.Run(Draft, place, Bytes);
        _text = Draft.Write(place);
    }

    private string KindWord(GuessKind kind) => kind switch
    {
        GuessKind.Envelope => T["a vendor's transport", "厂商封装协议"],
        GuessKind.Login => T["a vendor's login", "厂商登录包"],
        GuessKind.Registration => T["a registration in text", "文本注册包"],
        GuessKind.Datagram => T["a datagram", "数据报"],
        GuessKind.Command => T["a command for a DTU", "DTU 命令"],
        _ => T["frames of a protocol", "协议帧"],
    };

    private string OtherWord(string name) => name switch
    {
        ProfileDrafts.WholeText => T["the whole text is the id", "整段文本作为 ID"],
        ProfileDrafts.WholeHex => T["these bytes, as hex digits, are the id", "以这些字节的十六进制作为 ID"],
        _ => T["one port, one DTU: the port says who it is", "一端口一 DTU：由端口确定身份"],
    };

    private async Task CopyAsync()
    {
        var isDone = await Script.InvokeAsync<bool>("dtu.copy", _text);
        Snackbar.Add(isDone ? T["Copied", "已复制"] : T["This browser lets nothing be copied here; download it", "浏览器不允许复制，请下载"], isDone ? Severity.Success : Severity.Warning);
    }

    private async Task SaveAsync() => await Script.InvokeVoidAsync("dtu.save", FileName, "text/plain", _text);
}
