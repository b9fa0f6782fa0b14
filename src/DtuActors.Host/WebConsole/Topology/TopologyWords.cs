using System.Collections.Frozen;
using System.Collections.Immutable;
using DtuActors.Archives;
using RouteOptions = DtuActors.Configuration.RouteOptions;

namespace DtuActors.Host.WebConsole.Topology;

/// <summary>The gateway's short words for endpoints, listeners and routes, in the reader's language.</summary>
internal static class TopologyWords
{
    private static readonly FrozenDictionary<string, (string English, string Chinese)> Reasons = new Dictionary<string, (string, string)>
    {
        ["dtu-offline"] = ("the DTU is offline", "DTU 离线"),
        ["no-route"] = ("no route", "无路由"),
        ["no-unit"] = ("no such unit", "无此单元号"),
        ["stale-session"] = ("for a session that is over", "会话已过期"),
        ["session-ended"] = ("the session ended", "会话已结束"),
        ["buffer-full"] = ("buffer full", "缓冲区已满"),
        ["too-old"] = ("waited too long", "等待过久"),
        ["destination-lost"] = ("destination lost", "目的端断开"),
        ["restarted"] = ("restarted", "已重启"),
        ["no-reader"] = ("nobody reads", "无读取方"),
        ["destination-slow"] = ("destination too slow", "目的端过慢"),
        ["not-the-writer"] = ("not the one who may write", "无写权限"),
        ["purged"] = ("purged", "已清除"),
        ["late-answer"] = ("late answer", "迟到的应答"),
        ["answered-here"] = ("answered by the gateway", "网关已应答"),
        ["conflict"] = ("conflict", "冲突"),
        ["unregistered"] = ("not registered", "未注册"),
        ["queue-full"] = ("queue full", "队列已满"),
        ["bus-busy"] = ("bus busy", "总线忙"),
        ["slave-suspended"] = ("slave suspended", "从站已暂停"),
        ["coalesced"] = ("coalesced", "已合并"),
        ["bad-checksum"] = ("bad checksum", "校验错误"),
        ["garbage"] = ("garbage", "无效字节"),
        ["truncated"] = ("truncated", "帧不完整"),
        ["oversize"] = ("oversize", "超长"),
    }.ToFrozenDictionary();

    /// <summary>Why bytes were dropped; a reason without a word here is shown as it is.</summary>
    public static string Reason(this Words words, string reason) => Reasons.TryGetValue(reason, out var known) ? words[known.English, known.Chinese] : reason;

    /// <summary>All reasons with their counts, in one line; empty where nothing was dropped.</summary>
    public static string Dropped(this Words words, ImmutableSortedDictionary<string, long> dropped) =>
        string.Join(" · ", dropped.Where(row => row.Value > 0).Select(row => $"{words.Reason(row.Key)} {Words.Count(row.Value)}"));

    public static string Direction(this Words words, string direction) => direction switch
    {
        "both" => words["both", "双向"],
        "up" => words["up", "上行"],
        "down" => words["down", "下行"],
        _ => direction,
    };

    /// <summary>What an alarm is about.</summary>
    public static string AlarmKind(this Words words, string kind) => kind switch
    {
        AlarmKinds.DtuOffline => words["DTU offline", "DTU 离线"],
        AlarmKinds.DtuFlapping => words["DTU flapping", "DTU 频繁上下线"],
        AlarmKinds.DtuConflict => words["DTU in conflict", "DTU 冲突"],
        AlarmKinds.ChecksumErrors => words["checksum errors", "校验错误"],
        AlarmKinds.QueueAge => words["requests wait long", "请求等待过久"],
        AlarmKinds.QueueFull => words["queue full", "队列已满"],
        AlarmKinds.EndpointDown => words["endpoint down", "端点断开"],
        AlarmKinds.ListenerDown => words["listener down", "监听断开"],
        AlarmKinds.StorageFailed => words["storage fails", "存储故障"],
        AlarmKinds.EventsLost => words["events lost", "事件丢失"],
        _ => kind,
    };

    /// <summary>What an archive does.</summary>
    public static string ArchiveState(this Words words, string state) => state switch
    {
        ArchiveStates.Idle => words["idle", "空闲"],
        ArchiveStates.Running => words["running", "传送中"],
        ArchiveStates.Waiting => words["waiting", "等待重试"],
        ArchiveStates.Elsewhere => words["elsewhere", "在其他节点"],
        _ => state,
    };

    /// <summary>Why an archive does not go on; a word without another here is shown as it is.</summary>
    public static string ArchiveProblem(this Words words, string problem) => problem switch
    {
        "unknown-host" => words["the host's name is not known", "主机名无法解析"],
        "unreachable" => words["the server does not answer", "服务器无应答"],
        "wrong-password" => words["the account, its password or its key is not taken", "用户名、密码或密钥错误"],
        "wrong-host-key" => words["the server's key is not the configured one", "服务器密钥与配置不符"],
        "no-permission" => words["no permission there", "没有权限"],
        "disk-full" => words["no room there", "对方磁盘已满"],
        "broken" => words["the connection broke off", "连接中断"],
        "refused" => words["the server refuses", "服务器拒绝"],
        ArchiveProblems.SpoolFailed => words["this machine's disk fails", "本机磁盘出错"],
        ArchiveProblems.StorageFailed => words["the history can't be read", "历史数据无法读取"],
        ArchiveProblems.StateLost => words["what was carried before is not known any more", "已传送的记录已丢失"],
        ArchiveProblems.Failed => words["an error", "出错"],
        _ => problem,
    };

    /// <summary>The page of what an alarm is about; null: there is none.</summary>
    public static string? AlarmUrl(AlarmStatus alarm) => alarm switch
    {
        { Subject: AlarmKinds.Several } => null,
        { Kind: AlarmKinds.EndpointDown } => EndpointUrl(alarm.Subject),
        { Kind: AlarmKinds.ListenerDown } => "listeners",
        { Kind: AlarmKinds.StorageFailed or AlarmKinds.EventsLost } => null,
        _ => DtuUrl(alarm.Subject),
    };

    /// <summary>The page of an endpoint.</summary>
    public static string EndpointUrl(string name, string? node = null) =>
        $"endpoint?name={Uri.EscapeDataString(name)}{(node is null ? "" : $"&node={Uri.EscapeDataString(node)}")}";

    /// <summary>The page of a DTU.</summary>
    public static string DtuUrl(string id) => $"dtu?id={Uri.EscapeDataString(id)}";

    /// <summary>The page that a route's end leads to; null: there is none.</summary>
    public static string? TargetUrl(string to) =>
        to.StartsWith(RouteOptions.DtuPrefix, StringComparison.Ordinal) ? DtuUrl(to[RouteOptions.DtuPrefix.Length..])
        : to.StartsWith(RouteOptions.GroupPrefix, StringComparison.Ordinal) ? $"dtus?group={Uri.EscapeDataString(to[RouteOptions.GroupPrefix.Length..])}"
        : EndpointUrl(to);
}
