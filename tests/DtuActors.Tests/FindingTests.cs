using DtuActors.Tests.Shared.Gateway;

namespace DtuActors.Tests;

/// <summary>
/// The fuzzer's targets of the gateway itself, without a fuzzer: on the inputs that it begins with, on changes of them, and on what it found. A finding is a file
/// findings/TARGET--WORDS.bin that broke a promise once.
/// </summary>
public sealed class FindingTests
{
    private const int Inputs = 200;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "findings");

    // What decides in files: a byte more likely there than any of the 256.
    private static readonly byte[] Likely = [.. "\"\\{}[],;:=.#$?-+@'\n\r\t 0a%"u8, 0, 0xFF, 0xE2];

    public static TheoryData<string> Targets => [.. GatewayTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_promise_holds_on_the_inputs_that_a_fuzzer_begins_with(string target)
    {
        var seeds = GatewayTargets.Seeds(target).ToArray();
        Assert.NotEmpty(seeds);
        Assert.All(seeds, seed => GatewayTargets.Run(target, seed));
    }

    // Other inputs each day would tell more, and nobody when: a seed says the same every time, and DTU_SEED asks for another.
    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_promise_holds_on_anything_at_all(string target)
    {
        var first = int.TryParse(Environment.GetEnvironmentVariable("DTU_SEED"), out var given) ? given : 20;
        var inputs = GatewayTargets.Seeds(target).ToArray();
        for (var seed = first; seed < first + Inputs; seed++)
        {
            var input = Changed(inputs, new Random(seed));
            try
            {
                GatewayTargets.Run(target, input);
            }
            catch (Exception broken)
            {
                Assert.Fail($"DTU_SEED={seed}, {Convert.ToHexString(input)}: {broken}");
            }
        }
    }

    [Fact]
    public void What_a_fuzzer_found_is_mended() => Assert.All(
        System.IO.Directory.Exists(Folder) ? System.IO.Directory.EnumerateFiles(Folder, "*.bin") : [],
        file =>
        {
            var name = Path.GetFileName(file);
            GatewayTargets.Run(name[..name.IndexOf("--", StringComparison.Ordinal)].Replace('_', ':'), File.ReadAllBytes(file));
        });

    private static byte[] Changed(byte[][] inputs, Random random)
    {
        var input = inputs[random.Next(inputs.Length)].ToList();
        for (var changes = random.Next(6); changes > 0 && input.Count > 0; changes--)
        {
            var at = random.Next(input.Count);
            switch (random.Next(5))
            {
                case 0:
                    input[at] = (byte)random.Next(256);
                    break;
                case 1:
                    input[at] = Likely[random.Next(Likely.Length)];
                    break;
                case 2:
                    input.Insert(at, Likely[random.Next(Likely.Length)]);
                    break;
                case 3:
                    input.RemoveRange(at, random.Next(Math.Min(8, input.Count - at)));
                    break;
                default:
                    var other = inputs[random.Next(inputs.Length)];
                    var from = random.Next(other.Length);
                    input.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(64))]);
                    break;
            }
        }

        return [.. input];
    }
}
