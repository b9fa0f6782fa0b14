using System.Text;
using DtuActors.Configuration;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// A configuration file fuzzed: any text gives options or faults with their places and keys, and the same text loaded again is no change, so that a reload of it touches
/// nothing.
/// </summary>
internal static class ConfigurationTarget
{
    public const string Name = "configuration";

    private const int Windows = 1;

    public static IEnumerable<byte[]> Seeds() =>
        ConfigurationTexts.All.Concat(ConfigurationTexts.Odd).Concat(ConfigurationTexts.Reference()).Select((text, i) => FuzzInput.Write(i, false, [], Encoding.UTF8.GetBytes(text)));

    public static void Run(FuzzInput input)
    {
        var text = Encoding.UTF8.GetString(input.Stream);
        var loaded = Load(text, input.Settings);
        BrokenPromiseException.Unless(loaded.Options is null == !loaded.Faults.IsEmpty, "there are options or faults");
        HoconTarget.AssertPlaces([.. loaded.Faults.Where(fault => fault.File == "f.conf" && fault.Line > 0)], text);
        foreach (var fault in loaded.Faults)
        {
            BrokenPromiseException.Unless(fault.KeyPath.Length > 0 || fault.Line > 0, $"a fault has a key, or a place where none can be read: {fault}");
            BrokenPromiseException.Unless(fault.KeyPath.Length is 0 || !fault.KeyPath.Any(char.IsControl), $"a key is shown in one line: {fault.KeyPath}");
            BrokenPromiseException.Unless(fault.File is "f.conf" or "", $"no fault is the built-in default's: {fault}");
        }

        if (loaded.Options is not { } options)
        {
            return;
        }

        var again = Load(text, input.Settings);
        BrokenPromiseException.Unless(again.Options is not null && OptionsChange.Between(options, again.Options).IsEmpty, "the same text loaded again is no change");
    }

    private static LoadedConfiguration Load(string text, int settings) => ConfigurationLoader.Load(
        [("f.conf", text)], static _ => Path.GetFullPath("nowhere"), ConfigurationTexts.Environment, (settings & Windows) != 0, []).Loaded;
}
