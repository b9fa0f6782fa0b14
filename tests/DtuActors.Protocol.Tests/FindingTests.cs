using DtuActors.Tests.Shared;

namespace DtuActors.Protocol.Tests;

/// <summary>
/// The fuzzer's targets, without a fuzzer: on the inputs that it begins with, and on what it found. A finding is a file findings/TARGET--WORDS.bin, with _ for
/// the colon of the target, that broke a promise once.
/// </summary>
public sealed class FindingTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "findings");

    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_promise_holds_on_the_inputs_that_a_fuzzer_begins_with(string target)
    {
        var seeds = FuzzTargets.Seeds(target).ToArray();
        Assert.NotEmpty(seeds);
        Assert.All(seeds, seed => FuzzTargets.Run(target, seed));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_promise_holds_on_anything_at_all(string target)
    {
        // Seeded, so that it says the same every time; what a fuzzer does in addition is to look where it gets.
        var random = new Random(20);
        var seeds = FuzzTargets.Seeds(target).ToArray();
        for (var i = 0; i < 500; i++)
        {
            var input = seeds[random.Next(seeds.Length)].Concat(seeds[random.Next(seeds.Length)]).ToArray();
            for (var changes = random.Next(6); changes > 0; changes--)
            {
                input[random.Next(input.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(4));
            }

            FuzzTargets.Run(target, input);
        }
    }

    [Fact]
    public void What_a_fuzzer_found_is_mended() => Assert.All(
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.bin") : [],
        file =>
        {
            var name = Path.GetFileName(file);
            FuzzTargets.Run(name[..name.IndexOf("--", StringComparison.Ordinal)].Replace('_', ':'), File.ReadAllBytes(file));
        });
}
