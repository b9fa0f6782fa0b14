using System.Globalization;

namespace DtuActors.Benchmarks.Systems;

/// <summary>Simulated instruments, each behind a DTU of its own with the profile <c>slave</c>, which Modbus TCP's units from 1 on lead to; and a master for each.</summary>
internal static class Instruments
{
    private const string Prefix = "m";

    /// <summary>For a configuration's <c>profiles</c>.</summary>
    public const string Profile = "slave { framing { codec = modbus-rtu }, bus { mode = request-response } }";

    /// <summary>For its <c>dtus</c>.</summary>
    public static string Dtus(int count) => Each(count, static unit => $"{IdOf(unit)} {{ profile = slave }}");

    /// <summary>For its <c>endpoints</c>.</summary>
    public static string Endpoint(int count) => $$"""
        modbus { kind = modbus-tcp, address = "127.0.0.1", port = 0, units {
          {{Each(count, static unit => $"{unit} {{ dtu = {IdOf(unit)}, slave = 1 }}")}}
        } }
        """;

    /// <summary>They dial that gateway.</summary>
    public static ChildProcess Start(ChildProcess gateway, int count) => ChildProcess.Host("simulate", "--connect", gateway.AddressOf("main"), "--count", count, "--id-prefix", Prefix);

    public static ModbusMaster[] Masters(ChildProcess gateway, int count) =>
        [.. Enumerable.Range(1, count).Select(unit => new ModbusMaster(gateway.PortOf("modbus"), (byte)unit))];

    private static string Each(int count, Func<int, string> line) => string.Join("\n  ", Enumerable.Range(1, count).Select(line));

    // As the simulator counts.
    private static string IdOf(int unit) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{unit:0000}");
}
