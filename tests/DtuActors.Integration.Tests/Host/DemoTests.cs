using System.Diagnostics;
using DtuActors.Integration.Tests.Harness;

namespace DtuActors.Integration.Tests.Host;

public sealed class DemoTests
{
    [SkippableTheory]
    [InlineData("mbpoll -m tcp")]
    [InlineData("mbpoll -m rtu")]
    public async Task The_mbpoll_lines_of_the_demo_work_as_printed(string beginning)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the virtual COM port is Linux only");
        Skip.IfNot(File.Exists("/usr/bin/mbpoll"), "mbpoll");
        await using var demo = HostProcess.Start(["demo"]);
        var line = (await demo.LineAsync(text => text.TrimStart().StartsWith(beginning, StringComparison.Ordinal))).Trim();
        await demo.LineAsync(text => text.StartsWith("Ctrl-C", StringComparison.Ordinal));
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", line }, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        var errors = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, output + errors);

        // Register 1 is a temperature of 22.0 ± 5.0 °C in tenths.
        var value = int.Parse(output.Split('\n').Single(row => row.StartsWith("[1]:", StringComparison.Ordinal))[4..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(value, 170, 270);
        Assert.Equal(0, await demo.StopAsync());
    }

    [Fact]
    public async Task The_request_line_of_the_demo_works_and_its_folder_is_gone_afterwards()
    {
        await using var demo = HostProcess.Start(["demo"]);
        var line = (await demo.LineAsync(text => text.Contains(" request 13800138001 ", StringComparison.Ordinal))).Trim();
        var arguments = line[line.IndexOf("request ", StringComparison.Ordinal)..].Replace("\"01 03 00 00 00 02\"", "010300000002", StringComparison.Ordinal).Split(' ');
        var result = await HostProcess.CommandAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.StartsWith("01 03 04 ", result.Output, StringComparison.Ordinal);
        await demo.StopAsync();
        Assert.Empty(System.IO.Directory.EnumerateFileSystemEntries(demo.Folder));
        var com = demo.Output.FirstOrDefault(text => text.StartsWith("COM port:", StringComparison.Ordinal));
        if (com is not null)
        {
            var link = com.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
            Assert.False(System.IO.Directory.Exists(Path.GetDirectoryName(link)));
        }
    }

    [Fact]
    public async Task The_demos_configuration_is_one_that_check_accepts()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("dtu-test-").FullName;
        var printed = await HostProcess.CommandAsync(["demo", "--print-config"]);
        await File.WriteAllTextAsync(Path.Combine(folder, "demo.conf"), printed.Output);
        var check = await HostProcess.CommandAsync(["check", "-c", "demo.conf"], folder);
        Assert.True(check.ExitCode == 0, check.Output);
    }
}
