namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>What a piece of evidence says, as a sentence; its detail stands behind it.</summary>
public static class EvidenceWords
{
    public static string Of(Words words, EvidenceKind kind) => kind switch
    {
        EvidenceKind.Connected => words["It connected.", "建立连接。"],
        EvidenceKind.Registered => words["It registered.", "完成注册。"],
        EvidenceKind.LastUplink => words["Its last bytes came.", "最后一次收到数据。"],
        EvidenceKind.LastHeartbeat => words["Its last heartbeat came.", "最后一次收到心跳。"],
        EvidenceKind.Conflict => words["Another device claimed the same id, or gave it up.", "有其他设备使用（或停止使用）相同编号。"],
        EvidenceKind.NoUplink => words["Nothing was heard for as long as its profile allows: the gateway closed it.", "超过配置模板允许的静默时间，网关关闭了连接。"],
        EvidenceKind.PeerClosed => words["The device, or its network, closed the connection in good order.", "设备或其网络正常关闭了连接。"],
        EvidenceKind.PeerReset => words["The connection was broken off by a reset.", "连接被复位中断。"],
        EvidenceKind.TimedOut => words["The peer acknowledged nothing any more: the system gave it up.", "对端不再确认数据，系统放弃了连接。"],
        EvidenceKind.TakenOver => words["Another connection registered under the same id and took the DTU over.", "另一连接以相同编号注册并接管了该 DTU。"],
        EvidenceKind.Kicked => words["An operator closed it.", "操作员断开了连接。"],
        EvidenceKind.Refused => words["The gateway refused to go on with it.", "网关拒绝继续此会话。"],
        EvidenceKind.Stopped => words["The gateway was stopped.", "网关停止运行。"],
        EvidenceKind.WriteFailed => words["Bytes for it could not be written, or were not taken.", "下行数据无法写出或未被接收。"],
        _ => words["Something failed.", "发生错误。"],
    };

    /// <summary>How grave it is, as a dot.</summary>
    public static string Dot(EvidenceKind kind) => kind switch
    {
        EvidenceKind.Connected or EvidenceKind.Registered or EvidenceKind.LastUplink or EvidenceKind.LastHeartbeat => "good",
        EvidenceKind.Conflict => "warn",
        EvidenceKind.Kicked or EvidenceKind.Stopped or EvidenceKind.PeerClosed or EvidenceKind.TakenOver => "off",
        _ => "bad",
    };
}
