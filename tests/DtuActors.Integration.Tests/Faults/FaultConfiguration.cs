namespace DtuActors.Integration.Tests.Faults;

/// <summary>What a gateway of a run is told: a pump a TCP endpoint, the last one a COM port; instruments behind a Modbus TCP endpoint; DTUs for commands; and a broker that hears of all pumps.</summary>
/// <param name="address">Where it listens.</param>
/// <param name="device">Its COM port.</param>
/// <param name="broker">The broker's port; null: there is none.</param>
internal sealed class FaultConfiguration(string address, string device, int? broker)
{
    public required int Pumps { get; init; }

    /// <summary>The pump at the COM port.</summary>
    public required int OnCom { get; init; }

    public required int Buses { get; init; }

    public required TimeSpan AnswerTime { get; init; }

    /// <summary>After which a DTU that says nothing is none any more; null: never.</summary>
    public required TimeSpan? Silence { get; init; }

    /// <summary>All of it, for one gateway.</summary>
    public string Alone(string engine)
    {
        return $$"""
            dtu {
              node { name = a }
              listeners { main { transport = tcp, address = "{{address}}", port = 0, engine = {{engine}} } }
              http { address = "{{address}}", port = 0, api-keys = [{ name = harness, key = "{{OneGateway.Key}}", role = admin }] }
              storage { path = "data/dtu.db", retention = 1d }
              {{Shared}}
            }
            """;
    }

    /// <summary>What is the same for each node of a cluster.</summary>
    /// <remarks>A frame of HJ 212 finds itself again behind garbage, and so nothing but what was said may come out.</remarks>
    public string Shared => $$"""
        listeners {
          main { profile = pump }
          bus { transport = tcp, address = "{{address}}", port = 0, profile = bus }
          command { transport = tcp, address = "{{address}}", port = 0, profile = command }
        }
        profiles {
          default { registration { timeout = 5s }, heartbeat { timeout = {{(Silence is { } silence ? $"{(int)silence.TotalSeconds}s" : "off")}} }, duplicates { conflict-after = 1000 } }
          pump { framing { codec = hj212 } }
          bus { framing { codec = modbus-rtu }, bus { mode = request-response, response-timeout = {{(int)AnswerTime.TotalSeconds}}s, queue-wait = 5s } }
          command { heartbeat { timeout = off } }
        }
        endpoints {
          {{string.Join('\n', Enumerable.Range(1, Pumps - 1).Select(number => $"line-{number} {{ kind = tcp, address = \"{address}\", port = 0, clients = exclusive, framing {{ codec = hj212 }} }}"))}}
          com { kind = serial, device = "{{device}}", framing { codec = hj212 }, reopen { min = 200ms, max = 1s }, on = a }
          masters { kind = modbus-tcp, address = "{{address}}", port = 0, units { {{string.Join(", ", Enumerable.Range(1, Buses).Select(number => $"{number} {{ dtu = \"bus-{number}\", slave = {number} }}"))}} } }
          {{(broker is { } port ? $"broker {{ kind = mqtt, host = \"127.0.0.1\", port = {port}, reopen {{ min = 200ms, max = 1s }} }}" : "")}}
        }
        routes = [
          {{string.Join(", ", Enumerable.Range(1, Pumps).Select(number => $"{{ dtu = \"pump-{number}\", to = {(number == OnCom ? "com" : $"line-{number}")} }}"))}}
          {{(broker is not null ? ", { dtu = \"pump-*\", to = broker, direction = up }" : "")}}
        ]
        """;
}
