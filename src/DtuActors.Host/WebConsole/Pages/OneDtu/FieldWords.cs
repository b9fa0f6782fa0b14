using DtuActors.Host.Api;
using DtuActors.Protocol;
using DtuActors.Sessions;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Why a session ended, for a person.</summary>
public static class ReasonWords
{
    public static string Of(Words words, string? reason) => reason switch
    {
        EndReasons.Closed => words["the device closed the connection", "设备关闭了连接"],
        EndReasons.Reset => words["the peer's connection was reset", "对端连接被复位"],
        EndReasons.Silent => words["it was silent for too long", "静默时间过长"],
        EndReasons.Replaced => words["another connection registered under the same id", "被相同编号的新连接取代"],
        EndReasons.Kicked => words["an operator closed the connection", "操作员断开了连接"],
        EndReasons.Refused => words["the gateway refused to go on with it", "网关拒绝继续此会话"],
        EndReasons.Stopping => words["the gateway was stopped", "网关停止运行"],
        EndReasons.Failed => words["the connection failed", "连接发生故障"],
        EndReasons.NodeLost => words["the node that had its connection is lost", "承载其连接的节点已失联"],
        null => words["the reason is not known", "原因未知"],
        _ => reason,
    };
}

/// <summary>Why bytes are no frame, for a person, with the word that counters and the API use.</summary>
public static class VerdictWords
{
    public static string Of(Words words, string verdict) => verdict switch
    {
        DropReasons.BadChecksum => words["bad-checksum: the check is wrong", "bad-checksum：校验错误"],
        DropReasons.Garbage => words["garbage: no frame begins so", "garbage：无效字节"],
        DropReasons.Truncated => words["truncated: the rest never came", "truncated：帧不完整"],
        DropReasons.Oversize => words["oversize: longer than max-frame", "oversize：超过最大帧长"],
        _ => verdict,
    };
}

/// <summary>How a DTU stands: a dot's colour and a word.</summary>
public static class StateWords
{
    public static string Of(Words words, DtuState state) => state switch
    {
        DtuState.Online => words["online", "在线"],
        DtuState.Sleeping => words["sleeping", "休眠"],
        DtuState.Conflict => words["conflict", "冲突"],
        _ => words["offline", "离线"],
    };

    public static string Dot(DtuState state) => state switch
    {
        DtuState.Online => "good",
        DtuState.Sleeping => "warn",
        DtuState.Conflict => "bad",
        _ => "off",
    };
}

/// <summary>Why something was not done: the API's own words in English, the same by their type in Chinese.</summary>
internal static class RefusedWords
{
    public static string Of(Words words, Problem problem) => words[$"{problem.Title}: {problem.Detail}", problem.Type switch
    {
        "offline" => "DTU 离线，未发送。",
        "queue-full" => "等待的请求过多（配置 bus.queue），请稍后重试。",
        "no-answer" => "已发送，但未在规定时间内收到应答。",
        "bus-busy" => "总线在 bus.queue-wait 内未空闲，未发送。",
        "slave-suspended" => "该从站连续超时，已暂停询问（bus.suspend-slave），未发送。",
        "too-long" => "该 DTU 使用 UDP，数据超过一个数据报的长度，未发送。",
        "session-ended" => "会话中途结束，数据是否送达未知。",
        "withdrawn" => "命令在等待时被撤回，未发送。",
        "not-withdrawn" => "该命令已发出或已结束，无法撤回。",
        "no-such-command" => "没有此命令。",
        "no-such-dtu" => "没有此 DTU。",
        "configured" => "该 DTU 在配置文件的 dtus 中定义，请在配置文件中修改。",
        "no-storage" => "网关未启用存储（dtu.storage.provider = none），无法保存。",
        "role" => "当前密钥的权限不足。",
        _ => $"{problem.Title}：{problem.Detail}",
    }];
}
