using System.Globalization;
using System.Text;
using DtuActors.Sessions;

namespace DtuActors.Host.WebConsole.Fleet;

/// <summary>The fleet's terms in the reader's language.</summary>
internal static class FleetWords
{
    /// <summary>The class of <c>.state</c> and the word.</summary>
    public static (string Class, string Word) Of(DtuState state, Words t) => state switch
    {
        DtuState.Online => ("good", t["online", "在线"]),
        DtuState.Conflict => ("warn", t["conflict", "冲突"]),
        DtuState.Sleeping => ("off", t["sleeping", "休眠"]),
        _ => ("bad", t["offline", "离线"]),
    };

    /// <summary>The same for what an endpoint says of itself.</summary>
    public static (string Class, string Word) OfEndpoint(string state, Words t) => state switch
    {
        "up" => ("good", t["up", "正常"]),
        "connecting" => ("warn", t["connecting", "连接中"]),
        "down" => ("bad", t["down", "中断"]),
        _ => ("off", state),
    };

    /// <summary>Why a session ended.</summary>
    public static string End(string reason, Words t) => reason switch
    {
        EndReasons.Closed => t["the DTU closed", "DTU 主动断开"],
        EndReasons.Reset => t["connection reset", "连接被重置"],
        EndReasons.Silent => t["silent too long", "长时间无数据"],
        EndReasons.Replaced => t["replaced by a new connection", "被新连接取代"],
        EndReasons.Kicked => t["kicked", "被踢下线"],
        EndReasons.Refused => t["refused", "被拒绝"],
        EndReasons.Stopping => t["the gateway stopped", "网关停止"],
        EndReasons.Failed => t["failed", "故障"],
        EndReasons.NodeLost => t["its node is lost", "所在节点失联"],
        _ => reason,
    };

    /// <summary>Why a connection was refused.</summary>
    public static string Refusal(string reason, Words t) => reason switch
    {
        "no-match" => t["its bytes are no registration of the listener's profile", "字节不符合监听的注册包格式"],
        "rejected-id" => t["what it says is never an id (registration.reject)", "该内容不能作为 ID（registration.reject）"],
        "too-long" => t["more bytes than any registration has", "字节过长，不是注册包"],
        "timeout" => t["no registration in time", "未在时限内发送注册包"],
        "unregistered" => t["data from an address that never registered", "来自未注册地址的数据"],
        "bad-id" => t["the id is not usable", "ID 不可用"],
        "not-listed" => t["not listed (admission = listed)", "不在名单中（admission = listed）"],
        "wrong-secret" => t["wrong secret", "密码错误"],
        "wrong-address" => t["not the address it must come from", "来源地址不符"],
        "conflict" => t["another device holds the id", "ID 已被其他设备占用"],
        "id-changed" => t["said another id on the same connection", "同一连接上更换了 ID"],
        "max-connections" => t["too many connections", "连接数已满"],
        "descriptors" => t["no file descriptor to spare", "文件描述符不足"],
        "handshake" => t["the TLS handshake failed", "TLS 握手失败"],
        _ => reason,
    };

    /// <summary>Bytes as printable ASCII, a dot for any other.</summary>
    public static string Ascii(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var one in bytes)
        {
            text.Append(one is >= 0x20 and < 0x7F ? (char)one : '·');
        }

        return text.ToString();
    }

    /// <summary>A confidence in percent.</summary>
    public static string Percent(double confidence) => string.Create(CultureInfo.InvariantCulture, $"{confidence * 100:0} %");
}
