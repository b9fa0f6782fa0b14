using System.Text;
using DtuActors.Configuration;
using DtuActors.Endpoints.Mqtt;
using DtuActors.Protocol;
using DtuActors.Writing;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// What a broker publishes, fuzzed: a payload in each form is a downlink within its bounds, or is refused in words; a topic is a DTU's, nobody's, or another one, and an id
/// read from one is written into the same. The JSON form is that of the API's downlinks, too. Settings: the form, whether commands are stored, a topic in place of a payload.
/// </summary>
internal static class MqttTarget
{
    public const string Name = "mqtt";

    private const int Stores = 4;
    private const int Topic = 8;

    private static readonly MqttPayload[] Forms = [MqttPayload.Raw, MqttPayload.Hex, MqttPayload.Json];
    private static readonly MqttTopics Topics = new("dtu/a", "node-1");

    public static IEnumerable<byte[]> Seeds()
    {
        string[] objects =
        [
            """{"hex":"01 03 00 00 00 02","crc":"modbus","id":"7"}""", """{"text":"\u6c34 AT","encoding":"gb18030","ttl":"2h","retry":"always","key":"k"}""",
            """{"text":null,"hex":"AA"} """, """{"hex":"A"}""", """[1]""", """{"text":"\ud800"}""", """{"\ud800":"a"}""", """{"id":"i","retry":"always","hex":"00"}""",
        ];
        string[] topics = ["dtu/a/13800138000/down", "dtu/a/x%2Fy%25/down", "dtu/a/%2541/down", "dtu/a/%/down", "dtu/a//down", "dtu/a/%00/state", "dtu/a/%ED%A0%80/down", "dtu/a/b/down/result", "dtu/gateway/node-1/state"];
        return
        [
            .. objects.Select((text, i) => FuzzInput.Write(2 + (i % 2 * Stores), false, [], Encoding.UTF8.GetBytes(text))),
            .. topics.Select(text => FuzzInput.Write(Topic, false, [], Encoding.UTF8.GetBytes(text))),
            FuzzInput.Write(1, false, [], "01 03\n0a"u8), FuzzInput.Write(1, false, [], "0x01"u8), FuzzInput.Write(0, false, [], [0, 1, 2]), FuzzInput.Write(0, false, [], []),
        ];
    }

    public static void Run(FuzzInput input)
    {
        if ((input.Settings & Topic) != 0)
        {
            AssertTopic(Encoding.UTF8.GetString(input.Stream));
            return;
        }

        try
        {
            var downlink = MqttPayloads.Down(Forms[(input.Settings & 3) % Forms.Length], input.Stream, (input.Settings & Stores) != 0);
            BrokenPromiseException.Unless(downlink.Bytes.Length is > 0 and <= DownlinkBody.MostPayload, $"a downlink has bytes, and not too many: {downlink.Bytes.Length}");
            BrokenPromiseException.Unless(downlink.Id is null or { Length: <= MqttPayloads.LongestId }, "a publisher's id is bounded");
            BrokenPromiseException.Unless(downlink.Wish is null || (input.Settings & Stores) != 0, "nothing waits where nothing is stored");
            _ = MqttPayloads.Result(DateTimeOffset.UnixEpoch, DtuId.Parse("a"), null, null, downlink.Id, downlink.Bytes.Length);
        }
        catch (MqttPayloadException refused)
        {
            BrokenPromiseException.Unless(refused.Message.Length is > 0 and < 1000, $"what is refused is told in words, and shortly: {refused.Message}");
            _ = MqttPayloads.Result(DateTimeOffset.UnixEpoch, DtuId.Parse("a"), refused.Reason, refused.Message, refused.Id, input.Stream.Length);
        }
    }

    private static void AssertTopic(string topic)
    {
        _ = MqttTopics.IsTopic(topic);
        if (MqttTopics.IsPrefix(topic))
        {
            BrokenPromiseException.Unless(MqttTopics.IsTopic(topic) || topic.Length > 1000, "what topics may begin with is a topic");
        }

        foreach (var (isRead, dtu, write) in new (bool, DtuId, Func<DtuId, string>)[]
        {
            (Topics.TryReadDown(topic, out var down), down, id => Topics.Result(id)[..^"/result".Length]),
            (Topics.TryReadState(topic, out var state), state, Topics.State),
        })
        {
            BrokenPromiseException.Unless(isRead || dtu == default, "who reads no topic reads no DTU");
            if (dtu == default)
            {
                continue;
            }

            var written = write(dtu);
            BrokenPromiseException.Unless(MqttTopics.IsTopic(written) && MqttTopics.IsTopic(Topics.Up(dtu)), $"a DTU's topic may be published to: {written}");
            BrokenPromiseException.Unless(written.Count(c => c == '/') == 3 && Topics.IsOwn(written), $"an id is one level: {written}");
            BrokenPromiseException.Unless(
                (Topics.TryReadDown(written, out var again) || Topics.TryReadState(written, out again)) && again == dtu, $"a DTU's topic is read as its own: {written}");
        }
    }
}
