using System.Buffers;
using System.CommandLine;
using System.IO.Pipelines;
using DtuActors.Host.Client;
using DtuActors.Host.Writing;
using DtuActors.Protocol.Capture;
using DtuActors.Storage;
using Microsoft.Win32.SafeHandles;

namespace DtuActors.Host.Commands;

/// <summary>Writes what passes as pcapng, in whole blocks only: the file is valid whenever it is looked at.</summary>
internal static class CaptureCommand
{
    private const string StandardOutput = "-";

    public static Command Create()
    {
        var ids = GatewayCommand.Ids();
        var file = new Option<string>("--write", "-w") { Description = "The file to write, anew; - is standard output.", HelpName = "FILE", Required = true };
        file.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() == StandardOutput && Terminal.IsTerminal)
            {
                result.AddError("-w -: standard output is a terminal; right would be a pipe, such as: dtu capture -w - | wireshark -k -i -");
            }
        });
        var frames = NumberOptions.Integer("--frames", "Ends after so many frames. [default: never]", 1, int.MaxValue, int.MaxValue);
        var time = Downlinks.Duration("--for", "Ends after this time. [default: never]");
        return new ExampledCommand(
            "capture", "Write frames as they pass to a pcapng file for Wireshark, until Ctrl-C.", "dtu capture 13800138000 -w pump7.pcapng", "dtu capture -w - | wireshark -k -i -", "dtu capture 13800138000 -w - --frames 10 | tshark -r -")
        {
            ids, file, frames, time,
        }.Talks((client, parsed, json, ended) =>
            CaptureAsync(client, parsed.GetValue(ids) ?? [], parsed.GetValue(file)!, parsed.GetValue(frames), DurationText.Parse(parsed.GetValue(time)), json, ended));
    }

    private static async Task<int> CaptureAsync(ApiClient client, string[] ids, string path, int most, TimeSpan? time, bool json, CancellationToken ended)
    {
        var written = 0;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended);
        try
        {
            await using var stream = await client.StreamAsync(PathOf(ids), over.Token);

            // Only now: what can't be captured leaves the file that was there.
            await using var output = Open(path);
            over.CancelAfter(time ?? Timeout.InfiniteTimeSpan);
            if (path != StandardOutput && Terminal.IsTerminal && !json)
            {
                Console.Error.WriteLine($"capturing into {path}; Ctrl-C ends");
            }

            await foreach (var block in BlocksAsync(stream, over.Token))
            {
                output.Write(block.Bytes);
                written += block.IsPacket ? 1 : 0;
                if (written == most)
                {
                    return Told(written, path, json);
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return Told(written, path, json);
        }
        catch (IOException) when (path == StandardOutput)
        {
            // Whoever read the pipe has seen enough.
            return Told(written, path, json);
        }
        catch (FormatException foreign)
        {
            throw new ApiFailureException($"the answer is not this API's: {foreign.Message}");
        }
        catch (StreamBrokenException broken)
        {
            Told(written, path, json);
            throw new ApiFailureException($"the stream broke off: {broken.Message}");
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Terminal.Fault(unwritable.Message);
            return ExitCodes.Failed;
        }

        Told(written, path, json);
        throw new ApiFailureException("the gateway ended the stream; it is stopping");
    }

    private static string PathOf(string[] ids) => ids switch
    {
        [] => "/api/v1/capture.pcapng",
        [var id] => ApiClient.Dtu(id, "/capture.pcapng"),
        _ => "/api/v1/capture.pcapng?" + string.Join('&', ids.Select(id => $"dtu={Uri.EscapeDataString(id)}")),
    };

    private static int Told(int written, string path, bool json)
    {
        Console.Error.WriteLine($"{written} {(written == 1 ? "frame" : "frames")} written");
        if (json && path != StandardOutput)
        {
            Terminal.Line($"{{\"frames\":{written}}}");
        }

        return ExitCodes.Done;
    }

    // Unbuffered: a block is in the file when it is written. The console's own stream would not tell that a pipe was closed.
    private static Stream Open(string path) => path != StandardOutput
        ? PrivateFile.Create(path)
        : OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    private static void Write(this Stream output, ReadOnlySequence<byte> bytes) => output.Write(bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray());

    private static async IAsyncEnumerable<CaptureBlock> BlocksAsync(Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ended)
    {
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await ReadAsync(input, ended);
                var bytes = read.Buffer;
                while (CaptureBlock.TryTake(ref bytes, out var block))
                {
                    yield return block;
                }

                input.AdvanceTo(bytes.Start, bytes.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await input.CompleteAsync();
        }
    }

    private static async Task<ReadResult> ReadAsync(PipeReader input, CancellationToken ended)
    {
        try
        {
            return await input.ReadAsync(ended);
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw new StreamBrokenException(cut.Message);
        }
    }

    private sealed class StreamBrokenException(string message) : Exception(message);
}
