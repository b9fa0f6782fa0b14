using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DtuActors.Host.Api;
using DtuActors.Host.Client;
using DtuActors.Protocol.Decoding;
using DtuActors.Protocol.Modbus;
using DtuActors.Protocol.Pairing;
using DtuActors.Writing;
using Spectre.Console;

namespace DtuActors.Host.Commands;

/// <summary>Finds the Modbus slaves behind a DTU: asks one after the other for one value, and takes an exception for a sign of life.</summary>
internal static class ScanCommand
{
    private static readonly string[] Columns = ["SLAVE", "MS", "HEX", "DECODED"];

    public static Command Create()
    {
        var id = GatewayCommand.Id();
        var slaves = new Option<string>("--slaves") { Description = "Which slaves to ask, such as 1-10,20.", HelpName = "RANGES", DefaultValueFactory = _ => "1-247" };
        slaves.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !SlaveRanges.TryParse(text, out _, out var problem))
            {
                result.AddError($"--slaves {problem}");
            }
        });
        var timeout = Downlinks.Duration("--timeout", "How long each may take to answer. [default: 500ms]");
        var function = NumberOptions.Integer("--function", "Asks with this function, 1 to 4: the reads.", 1, 4, 3);
        var address = NumberOptions.Integer("--address", "Asks for the value at this address, from 0.", 0, ushort.MaxValue);
        return new ExampledCommand("scan", "Find the Modbus slaves behind a DTU.", "dtu scan 13800138000", "dtu scan 13800138000 --slaves 1-10,20 --timeout 1s --function 4 --address 100")
        {
            id, slaves, timeout, function, address,
        }.Talks((client, parsed, json, ended) =>
        {
            var units = SlaveRanges.TryParse(parsed.GetValue(slaves)!, out var read, out _) ? read : throw new InvalidOperationException("the option's validator let it through");
            var scan = new Scan(client, parsed.GetValue(id)!, parsed.GetValue(timeout) ?? "500ms", (byte)parsed.GetValue(function), (ushort)parsed.GetValue(address));
            return ScanAsync(scan, units, json, ended);
        });
    }

    private static async Task<int> ScanAsync(Scan scan, IReadOnlyList<byte> units, bool json, CancellationToken ended)
    {
        var found = new List<FoundSlave>();
        var isLive = !Terminal.IsTerminal && !json;
        if (isLive)
        {
            Terminal.Line(string.Join('\t', Columns));
        }

        void Take(FoundSlave slave)
        {
            found.Add(slave);
            if (isLive)
            {
                Terminal.Line(string.Join('\t', Row(slave).Select(Terminal.Safe)));
            }
        }

        try
        {
            await scan.PrepareAsync(ended);
            if (Terminal.IsTerminal && !json)
            {
                await AnsiConsole.Status().StartAsync("asking", context => scan.RunAsync(
                    units, Take, unit => context.Status(string.Create(CultureInfo.InvariantCulture, $"asking slave {unit} of {units[0]} to {units[^1]}, {found.Count} found")), ended));
            }
            else
            {
                await scan.RunAsync(units, Take, _ => { }, ended);
            }
        }
        finally
        {
            // What was found stays found, whatever ended the search.
            if (json)
            {
                Terminal.Line(JsonSerializer.Serialize(new ItemList<FoundSlave>(found), ApiJson.Of<ItemList<FoundSlave>>()));
            }
            else if (!isLive && found.Count > 0)
            {
                Terminal.Table(Columns, found.Select(slave => (string?[])Row(slave)), wrapping: 1);
            }
        }

        Console.Error.WriteLine($"{found.Count} of {units.Count} slaves answered");
        return found.Count > 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string[] Row(FoundSlave slave) =>
        [slave.Slave.ToString(CultureInfo.InvariantCulture), slave.ElapsedMs.ToString("0.#", CultureInfo.InvariantCulture), HexText.Spaced(slave.Hex), slave.Decoded ?? ""];

    /// <summary>One search: the questions in the DTU's form of Modbus, and what becomes of each.</summary>
    private sealed class Scan(ApiClient client, string id, string timeout, byte function, ushort address)
    {
        private string _codec = "";

        /// <summary>Learns which form of Modbus the DTU's line speaks.</summary>
        public async Task PrepareAsync(CancellationToken ended)
        {
            var dtu = ApiClient.Read<DtuModel>(await client.GetAsync(ApiClient.Dtu(id), ended));
            _codec = dtu.Codec switch
            {
                "modbus-ascii" or "modbus-tcp" => dtu.Codec,
                null or "modbus-rtu" or "raw" or "idle-gap" => "modbus-rtu",
                var other => throw new ApiFailureException($"DTU '{id}' speaks {other}, not Modbus: its profile's framing.codec says so"),
            };
        }

        public async Task RunAsync(IReadOnlyList<byte> units, Action<FoundSlave> take, Action<byte> asking, CancellationToken ended)
        {
            foreach (var unit in units)
            {
                asking(unit);
                if (await AskAsync(unit, ended) is { } slave)
                {
                    take(slave);
                }
            }
        }

        private async Task<FoundSlave?> AskAsync(byte unit, CancellationToken ended)
        {
            byte[] pdu = [function, (byte)(address >> 8), (byte)address, 0, 1];
            var request = _codec switch
            {
                "modbus-ascii" => ModbusAscii.Build(unit, pdu),
                "modbus-tcp" => Mbap.Build(unit, unit, pdu),
                _ => ModbusRtu.Build(unit, pdu),
            };
            RequestAnswer answer;
            try
            {
                var body = new RequestBody { Hex = Convert.ToHexString(request), Timeout = timeout };
                answer = ApiClient.Read<RequestAnswer>(await client.PostAsync(ApiClient.Dtu(id, "/request"), body, ended));
            }
            catch (ApiFailureException failure) when (TypeOf(failure) is "no-answer")
            {
                return null;
            }
            catch (ApiFailureException failure) when (TypeOf(failure) is "bus-busy" or "queue-full" or "slave-suspended")
            {
                Terminal.Fault($"slave {unit} was not asked: {failure.Message}");
                return null;
            }
            catch (ApiFailureException failure) when (TypeOf(failure) is "offline" or "session-ended")
            {
                throw new ApiFailureException($"stopped at slave {unit}: {failure.Message}", failure.ProblemJson);
            }

            var bytes = Convert.FromHexString(answer.Hex);
            if (!Pairings.ForModbus(_codec).Answers(request, bytes))
            {
                Terminal.Fault($"slave {unit}: {HexText.Spaced(answer.Hex)} came, which is no answer to {HexText.Spaced(Convert.ToHexString(request))}");
                return null;
            }

            return new FoundSlave
            {
                Slave = unit, ElapsedMs = answer.ElapsedMs, Hex = answer.Hex, Decoded = answer.Decoded ?? Decoders.Describe(_codec, Protocol.FrameDirection.Up, bytes),
            };
        }

        private static string? TypeOf(ApiFailureException failure) => failure.ProblemJson is { } json ? ApiClient.Read<Problem>(json).Type : null;
    }
}

/// <summary>A slave that answered.</summary>
internal sealed record FoundSlave
{
    public required byte Slave { get; init; }
    public required double ElapsedMs { get; init; }
    public required string Hex { get; init; }
    public string? Decoded { get; init; }
}
