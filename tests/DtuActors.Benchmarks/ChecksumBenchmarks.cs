using System.Reflection;
using BenchmarkDotNet.Attributes;
using DtuActors.Protocol.Checksums;

namespace DtuActors.Benchmarks;

/// <summary>
/// Every checksum of <see cref="DtuActors.Protocol.Checksums"/> over the longest Modbus RTU frame, beside its definition written down bit by bit. They
/// are found by what they are (a public static method from bytes to a number), and their definition by giving the same numbers.
/// </summary>
public class ChecksumBenchmarks
{
    /// <summary>The longest Modbus RTU frame in bytes.</summary>
    public const int Length = 256;

    private static readonly byte[] Data = [.. Enumerable.Range(0, Length).Select(i => (byte)((i * 167) + 13))];

    private static readonly Dictionary<string, Check> Built = Find();

    private Check _built = null!;
    private Check _bitwise = null!;

    private delegate uint Check(ReadOnlySpan<byte> data);

    private delegate byte Narrow(ReadOnlySpan<byte> data);

    private delegate ushort Wide(ReadOnlySpan<byte> data);

    [ParamsSource(nameof(Names))]
    public string Checksum { get; set; } = "";

    public static IEnumerable<string> Names => Built.Where(row => DefinitionOf(row.Value) is not null).Select(row => row.Key);

    /// <summary>The checksums whose definition is not among the ones here, in words.</summary>
    public static IEnumerable<string> Lacking() => Built
        .Where(row => DefinitionOf(row.Value) is null)
        .Select(row => $"no bitwise definition for {row.Key}: ChecksumBenchmarks.cs has none that gives its numbers");

    [GlobalSetup]
    public void Setup()
    {
        _built = Built[Checksum];
        _bitwise = DefinitionOf(_built)!;
    }

    [Benchmark(Baseline = true, Description = "bit by bit")]
    public uint Bitwise() => _bitwise(Data);

    [Benchmark(Description = "built")]
    public uint Table() => _built(Data);

    private static Dictionary<string, Check> Find()
    {
        var found = new Dictionary<string, Check>(StringComparer.Ordinal);
        var methods = typeof(Crc16Modbus).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(Crc16Modbus).Namespace)
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters() is [var only] && only.ParameterType == typeof(ReadOnlySpan<byte>));
        foreach (var method in methods)
        {
            var name = method.Name == "Compute" ? method.DeclaringType!.Name : $"{method.DeclaringType!.Name}.{method.Name}";
            if (method.ReturnType == typeof(byte))
            {
                var narrow = method.CreateDelegate<Narrow>();
                found[name] = data => narrow(data);
            }
            else if (method.ReturnType == typeof(ushort))
            {
                var wide = method.CreateDelegate<Wide>();
                found[name] = data => wide(data);
            }
            else if (method.ReturnType == typeof(uint))
            {
                found[name] = method.CreateDelegate<Check>();
            }
        }

        return found;
    }

    private static Check? DefinitionOf(Check built) => Array.Find(
        Definitions(), definition => new[] { 0, 1, 9, 255, Length }.All(length => definition(Data.AsSpan(0, length)) == built(Data.AsSpan(0, length))));

    private static Check[] Definitions() =>
    [
        static data => Reflected(data, 0xA001, 0xFFFF, 0),
        static data => Reflected(data, 0x8408, 0xFFFF, 0xFFFF),
        static data => Reflected(data, 0xA6BC, 0, 0xFFFF),
        Hj212,
        Sum,
        static data => (byte)-Sum(data),
        Xor,
    ];

    private static uint Reflected(ReadOnlySpan<byte> data, uint polynomial, uint start, uint end)
    {
        var crc = start;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
            }
        }

        return crc ^ end;
    }

    private static uint Hj212(ReadOnlySpan<byte> data)
    {
        var crc = 0xFFFFu;
        foreach (var b in data)
        {
            crc = (crc >> 8) ^ b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }
        }

        return crc;
    }

    private static uint Sum(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (var i = 0; i < data.Length; i++)
        {
            sum += data[i];
        }

        return (byte)sum;
    }

    private static uint Xor(ReadOnlySpan<byte> data)
    {
        uint xor = 0;
        for (var i = 0; i < data.Length; i++)
        {
            xor ^= data[i];
        }

        return xor;
    }
}
