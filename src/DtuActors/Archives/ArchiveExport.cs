using System.Buffers;
using CsvHelper;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Protocol.Capture;
using DtuActors.Recording;

namespace DtuActors.Archives;

/// <summary>
/// Writes a DTU's frames of a span of time as a file, page by page. The same frames give the same bytes, so that a transfer goes on where it broke off, over restarts too.
/// </summary>
internal static class ArchiveExport
{
    /// <summary>False, and nothing is asked of <paramref name="open"/>, where there is no frame.</summary>
    public static async Task<bool> WriteAsync(
        IArchiveSource source, DtuId dtu, DateTimeOffset from, DateTimeOffset until, ArchiveFormat format, Func<Stream> open, CancellationToken cancellation)
    {
        Sheet? sheet = null;
        try
        {
            string? after = null;
            do
            {
                var page = await source.FramesAsync(dtu, from, until, after, cancellation).ConfigureAwait(false);
                foreach (var frame in page.Items)
                {
                    sheet ??= format is ArchiveFormat.Csv ? new Csv(open()) : new Pcapng(open(), dtu);
                    await sheet.WriteAsync(frame, cancellation).ConfigureAwait(false);
                }

                after = page.Next;
            }
            while (after is not null);

            if (sheet is not null)
            {
                await sheet.EndAsync(cancellation).ConfigureAwait(false);
            }

            return sheet is not null;
        }
        finally
        {
            if (sheet is not null)
            {
                await sheet.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private abstract class Sheet(Stream output) : IAsyncDisposable
    {
        protected Stream Output => output;

        public abstract ValueTask WriteAsync(RecordedFrame frame, CancellationToken cancellation);

        public abstract ValueTask EndAsync(CancellationToken cancellation);

        public virtual ValueTask DisposeAsync()
        {
            GC.SuppressFinalize(this);
            return output.DisposeAsync();
        }
    }

    private sealed class Csv : Sheet
    {
        private readonly CsvWriter _rows;

        public Csv(Stream output)
            : base(output)
        {
            _rows = CsvWriter.Create(output, CsvWriterOptions.Default, leaveOpen: true);
            _rows.WriteRecord(FrameCsv.Columns);
        }

        public override async ValueTask WriteAsync(RecordedFrame frame, CancellationToken cancellation)
        {
            FrameCsv.WriteFields(_rows, frame);
            await _rows.EndRecordAsync(cancellation).ConfigureAwait(false);
        }

        public override async ValueTask EndAsync(CancellationToken cancellation) => await _rows.FlushAsync(cancellation).ConfigureAwait(false);

        public override async ValueTask DisposeAsync()
        {
            try
            {
                await _rows.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                await base.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private sealed class Pcapng : Sheet
    {
        private const int WriteFrom = 64 * 1024;

        private readonly ArrayBufferWriter<byte> _blocks = new(2 * WriteFrom);
        private readonly CaptureWriter _capture;
        private readonly DtuId _dtu;

        public Pcapng(Stream output, DtuId dtu)
            : base(output)
        {
            (_capture, _dtu) = (new CaptureWriter(_blocks, "DtuActors"), dtu);

            // Its name or its address may be another one at the next try, and the file would be another one.
            _capture.Introduce(dtu, null);
        }

        public override ValueTask WriteAsync(RecordedFrame frame, CancellationToken cancellation)
        {
            _capture.Write(new CapturedFrame(_dtu, frame.At, frame.Direction, frame.Payload, frame.Codec, frame.Source, frame.Verdict));
            return _blocks.WrittenCount < WriteFrom ? ValueTask.CompletedTask : EndAsync(cancellation);
        }

        public override async ValueTask EndAsync(CancellationToken cancellation)
        {
            await Output.WriteAsync(_blocks.WrittenMemory, cancellation).ConfigureAwait(false);
            _blocks.ResetWrittenCount();
        }
    }
}
