using System.CommandLine;
using DtuActors.Host.Writing;
using DtuActors.Protocol.Checksums;
using DtuActors.Writing;

namespace DtuActors.Host.Commands;

/// <summary>The options that say which bytes go to a DTU.</summary>
internal static class Downlinks
{
    public static Option<string?> Hex()
    {
        var hex = new Option<string?>("--hex") { Description = "Bytes in hexadecimal; spaces are allowed.", HelpName = "HEX" };
        hex.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !HexText.TryParse(text, out _, out var problem))
            {
                result.AddError($"--hex: {problem}");
            }
        });
        return hex;
    }

    public static Option<string?> Crc()
    {
        var crc = new Option<string?>("--crc") { Description = "A check that is put behind the bytes." };
        crc.AcceptOnlyFromAmong([.. ChecksumAppend.Names]);
        return crc;
    }

    /// <summary>A duration such as <c>5s</c>.</summary>
    public static Option<string?> Duration(string name, string description, TimeSpan? longest = null)
    {
        var most = longest ?? TimeSpan.FromDays(1);
        var duration = new Option<string?>(name) { Description = description, HelpName = "5s" };
        duration.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !DurationText.TryParse(text, most, out _))
            {
                result.AddError($"{name} '{text}': expected {DurationText.Expected}, at most {most.TotalDays:0}d");
            }
        });
        return duration;
    }
}
