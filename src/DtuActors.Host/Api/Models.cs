using System.ComponentModel;
using System.Text.Json.Serialization;
using DtuActors.Configuration;

namespace DtuActors.Host.Api;

/// <summary>One page of a collection.</summary>
[Description("One page. next is the after of the following page, or null on the last one.")]
internal sealed record ItemPage<T>(IReadOnlyList<T> Items, string? Next)
{
    [Description("Nodes of the cluster that did not answer in time: what they know is not in it. Not there where the answer is whole.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Missing { get; init; }
}

internal sealed record ItemList<T>(IReadOnlyList<T> Items)
{
    [Description("Nodes of the cluster that did not answer in time: what they know is not in it. Not there where the answer is whole.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Missing { get; init; }
}

/// <summary>RFC 9457.</summary>
internal sealed record Problem
{
    [Description("A short word that programs can rely on, such as offline, no-storage, not-built.")]
    public required string Type { get; init; }
    public required string Title { get; init; }
    public required int Status { get; init; }

    [Description("What is wrong in this case, and what would be right.")]
    public string? Detail { get; init; }

    [Description("With type faults: what is wrong with rows for the register, at most 100.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RowFaultModel>? Errors { get; init; }

    [Description("With type faults of a reload: what is wrong in the files, as dtu check tells it, at most 500.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ConfigurationFault>? Faults { get; init; }

    [Description("With type restart-needed: the key paths that changed and need a restart.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Keys { get; init; }
}

internal sealed record RowFaultModel
{
    [Description("The row in the file, from 1, which is the header; null where it is about the whole, or where there is no file.")]
    public int? Row { get; init; }

    [Description("Null where it is about the whole row.")]
    public string? Column { get; init; }
    public required string Detail { get; init; }
}

internal sealed record ImportAnswer
{
    public required int Added { get; init; }
    public required int Changed { get; init; }
    public required int Unchanged { get; init; }

    [Description("DTUs in the file.")]
    public required int Rows { get; init; }

    [Description("true: nothing was changed.")]
    public required bool DryRun { get; init; }
}

internal sealed record CountersModel
{
    public long Accepted { get; init; }
    public long Written { get; init; }
    public long Waiting { get; init; }
    public long AcceptedBytes { get; init; }
    public long WrittenBytes { get; init; }
    public long WaitingBytes { get; init; }

    [Description("Frames by reason. accepted = written + dropped + waiting.")]
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }
}

internal sealed record DtuModel
{
    public required string Id { get; init; }
    public string? Name { get; init; }

    [Description("online; conflict: online, and several devices claim the id; sleeping: offline, and expected back (heartbeat.expected-every); offline")]
    public required string State { get; init; }

    [Description("What its registration said, where that is an alias of the id.")]
    public string? PresentedId { get; init; }
    public string? Listener { get; init; }
    public string? Remote { get; init; }

    [Description("Where it is online; null where it is not.")]
    public string? Node { get; init; }
    public string? Profile { get; init; }
    public string? Codec { get; init; }
    public required IReadOnlyList<string> Groups { get; init; }

    [Description("Other ids it presents itself under.")]
    public required IReadOnlyList<string> Aliases { get; init; }

    [Description("The register's column port.")]
    public int? Port { get; init; }
    public string? Note { get; init; }

    [Description("Whether it stands in the register: PUT edits it, DELETE takes it out.")]
    public bool Registered { get; init; }
    public DateTime? FirstSeenAt { get; init; }
    public DateTime? ConnectedAt { get; init; }
    public DateTime? LastSeenAt { get; init; }
    public long BytesUp { get; init; }
    public long BytesDown { get; init; }
    public long FramesUp { get; init; }
    public long FramesDown { get; init; }
    public long Heartbeats { get; init; }

    [Description("Sessions after the first.")]
    public long Reconnects { get; init; }

    [Description("Requests that wait for the bus.")]
    public int Queued { get; init; }

    [Description("Slaves behind the DTU that kept timing out, at most 32: not asked until then, and then for trial.")]
    public required IReadOnlyList<SuspendedSlaveModel> SuspendedSlaves { get; init; }

    [Description("Downlinks.")]
    public required CountersModel Down { get; init; }

    [Description("Uplink pieces that were no frame, by reason.")]
    public required IReadOnlyDictionary<string, long> DroppedUp { get; init; }

    [Description("What the gateway asks it by itself (polls, keep-warm), as counted in its last session.")]
    public required IReadOnlyList<PollModel> Polls { get; init; }

    [Description("In words: the last thing that went wrong in the session that is open, or why the last one ended.")]
    public string? LastError { get; init; }

    [Description("In a conflict, the address of the other device.")]
    public string? ConflictWith { get; init; }

    [Description("Why the last session ended: closed, reset, silent, replaced, kicked, refused, stopping, failed or node-lost. It stays when the DTU is back.")]
    public string? EndReason { get; init; }

    [Description("The same in words, where there are any.")]
    public string? EndError { get; init; }
    public DateTime? EndedAt { get; init; }
}

internal sealed record SuspendedSlaveModel
{
    [Description("The Modbus unit, or the meter's address.")]
    public required string Slave { get; init; }
    public required DateTime Until { get; init; }
}

internal sealed record PollModel
{
    public required string Name { get; init; }

    [Description("Written to the DTU.")]
    public long Sent { get; init; }
    public long Answered { get; init; }

    [Description("Without an answer in time, or never written because the bus was not free.")]
    public long Failed { get; init; }

    [Description("Why the last failed one failed.")]
    public string? LastError { get; init; }

    [Description("When the last one ended, either way.")]
    public DateTime? LastAt { get; init; }
}

internal sealed record FramePageModel(
    IReadOnlyList<FrameModel> Items,
    string? Next,
    [property: Description("False where nothing is stored: these are from the gateway's memory, and a restart forgets them.")] bool Stored)
{
    [Description("Nodes of the cluster that did not answer in time: what they know is not in it. Not there where the answer is whole.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Missing { get; init; }
}

internal sealed record FrameModel
{
    public required DateTime At { get; init; }

    [Description("up, from the DTU; down, to the DTU")]
    public required string Direction { get; init; }
    public required string Hex { get; init; }
    public required string Codec { get; init; }

    [Description("What the frame says, in one line, where the codec knows.")]
    public string? Decoded { get; init; }

    [Description("dtu for uplinks; for downlinks an endpoint's name, api, gateway or poll:NAME.")]
    public required string Source { get; init; }

    [Description("Null for a frame, else why these bytes are none (bad-checksum, garbage, truncated, oversize).")]
    public string? Verdict { get; init; }
}

internal sealed record UnknownModel
{
    public required DateTime At { get; init; }

    [Description("The node that refused it; null without a cluster.")]
    public string? Node { get; init; }
    public required string Listener { get; init; }
    public required string Remote { get; init; }

    [Description("The first bytes that came, at most 64.")]
    public required string Hex { get; init; }
    public required string Reason { get; init; }

    [Description("What these bytes could be, at most three, the best first: names of codecs, envelopes and logins as configuration has them, or imei, iccid, phone or json.")]
    public required IReadOnlyList<string> Guesses { get; init; }
}

internal sealed record EndpointModel
{
    public required string Name { get; init; }

    [Description("The node that has it; null without a cluster.")]
    public string? Node { get; init; }
    public required string Kind { get; init; }

    [Description("up, down or connecting")]
    public required string State { get; init; }
    public string? LastError { get; init; }
    public DateTime? Since { get; init; }

    [Description("The device, link or address.")]
    public string? Where { get; init; }
    public int Clients { get; init; }

    [Description("Clients that were turned away.")]
    public long Refused { get; init; }

    [Description("From DTUs to the endpoint.")]
    public required CountersModel Up { get; init; }

    [Description("From the endpoint to DTUs.")]
    public required CountersModel Down { get; init; }

    [Description("One row a DTU, by id, where each has a port or a connection of its own; else empty.")]
    public required IReadOnlyList<BranchModel> Branches { get; init; }
}

internal sealed record BranchModel
{
    public required string Dtu { get; init; }
    public required string State { get; init; }
    public string? LastError { get; init; }

    [Description("Its port's or connection's address.")]
    public string? Where { get; init; }
    public int Clients { get; init; }
}

internal sealed record ListenerModel
{
    public required string Name { get; init; }

    [Description("The node that has it; null without a cluster.")]
    public string? Node { get; init; }
    public required string Kind { get; init; }
    public required string State { get; init; }
    public string? LastError { get; init; }
    public string? Address { get; init; }
    public string? Profile { get; init; }
    public int Connections { get; init; }
    public long Accepted { get; init; }
    public long Refused { get; init; }

    [Description("Datagrams that reached no session or no DTU, by reason (UDP).")]
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }
}

internal sealed record RouteModel
{
    public required string Name { get; init; }
    public required string Kind { get; init; }

    [Description("That of the endpoint; of dtu:ID and group:NAME up while the DTU, or any member, is online, else down.")]
    public required string State { get; init; }
    public string? LastError { get; init; }
    public required string Dtu { get; init; }

    [Description("An endpoint's name, dtu:ID or group:NAME.")]
    public required string To { get; init; }
    public required string Direction { get; init; }

    [Description("DTUs online that it leads from.")]
    public int Online { get; init; }

    [Description("Frames from its DTUs, each as often as it was delivered.")]
    public long FramesUp { get; init; }

    [Description("Frames to its DTUs, each as often as it was delivered.")]
    public long FramesDown { get; init; }

    [Description("Uplinks that found the other DTU, or every member of the group, offline.")]
    public long DroppedUp { get; init; }

    [Description("Downlinks that found no DTU online.")]
    public long DroppedDown { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SendBody
{
    [Description("Bytes in hexadecimal, spaces allowed. Either hex or text.")]
    public string? Hex { get; init; }

    [Description("Text, in encoding. Either hex or text.")]
    public string? Text { get; init; }

    [Description("A check that is put behind the bytes: modbus, modbus-be (high byte first), x25, dnp, sum8, lrc, xor or hj212.")]
    public string? Crc { get; init; }

    [Description("The text's encoding: utf-8, gb18030, ascii or latin1. Default: the profile's text-encoding.")]
    public string? Encoding { get; init; }

    [Description("How long the command may wait for a DTU that is offline, or for its turn: 30s, 2h, 7d; at most 30d. Without it nothing waits for an offline DTU.")]
    public string? Ttl { get; init; }

    [Description("always: it is written again where nobody knows if it was (needs ttl); never: it then ends as failed. Default: never.")]
    public string? Retry { get; init; }

    [Description("It takes the place of a command that waits under the same key, which ends as withdrawn.")]
    public string? Key { get; init; }
}

internal sealed record SendAnswer
{
    public required string CommandId { get; init; }

    [Description("delivered: written to the DTU's socket; sent: written, and the bus waits for the answer; queued: waiting for the DTU or for its turn on the bus. What becomes of it: GET .../commands.")]
    public required string State { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RequestBody
{
    [Description("Bytes in hexadecimal, spaces allowed.")]
    public string? Hex { get; init; }

    [Description("A check that is put behind the bytes: modbus, modbus-be (high byte first), x25, dnp, sum8, lrc, xor or hj212.")]
    public string? Crc { get; init; }

    [Description("How long the answer may take from the write, such as 500ms or 5s; at most 10m. Default: the profile's response-timeout.")]
    public string? Timeout { get; init; }
}

internal sealed record RequestAnswer
{
    [Description("The answer; empty after a broadcast, which nobody answers.")]
    public required string Hex { get; init; }

    [Description("Milliseconds from the write to the answer; 0 after a broadcast.")]
    public required double ElapsedMs { get; init; }

    [Description("What the answer says, in one line, where the codec knows.")]
    public string? Decoded { get; init; }
}

internal sealed record HealthModel
{
    [Description("ok, degraded, failed, starting, stopping, ended.")]
    public required string Status { get; init; }

    [Description("Why, in words.")]
    public string? Detail { get; init; }

    [Description("Each part by itself; of readiness only.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HealthCheckModel>? Checks { get; init; }
}

internal sealed record HealthCheckModel
{
    [Description("gateway, listeners, storage, alarms.")]
    public required string Name { get; init; }

    [Description("ok, degraded, failed.")]
    public required string Status { get; init; }
    public string? Detail { get; init; }
}

internal sealed record SessionEvent
{
    public required DateTime At { get; init; }
    public required string Dtu { get; init; }
    public string? Listener { get; init; }
    public string? Reason { get; init; }
    public required string Remote { get; init; }
}

internal sealed record FrameEvent
{
    public required DateTime At { get; init; }
    public required string Dtu { get; init; }
    public required string Direction { get; init; }
    public required string Hex { get; init; }
    public required string Codec { get; init; }
    public string? Decoded { get; init; }
    public required string Source { get; init; }
    public string? Verdict { get; init; }
}

internal sealed record EndpointEvent
{
    public required DateTime At { get; init; }
    public required string Endpoint { get; init; }
    public required string Kind { get; init; }
    public required string State { get; init; }
    public string? LastError { get; init; }

    [Description("In a cluster: where.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }
}

internal sealed record CommandEvent
{
    public required DateTime At { get; init; }
    public required string Dtu { get; init; }
    public required string CommandId { get; init; }
    public required string State { get; init; }
    public string? Reason { get; init; }
}

internal sealed record LostEvent
{
    public required DateTime At { get; init; }
    public required long Count { get; init; }
}
