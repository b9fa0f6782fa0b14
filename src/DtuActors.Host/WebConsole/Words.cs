using System.Globalization;

namespace DtuActors.Host.WebConsole;

/// <summary>
/// What the console says, in the reader's language: both texts stand side by side where they are used, <c>@T["Online", "在线"]</c>, so that none is forgotten.
/// Instants are told in the reader's own time.
/// </summary>
public sealed class Words
{
    /// <summary>The cookie that keeps a reader's choice; without one the browser's languages decide.</summary>
    public const string Cookie = "dtu-language";

    /// <summary>What the reader's clock is ahead of UTC.</summary>
    public TimeSpan Offset { get; set; }

    public bool Chinese { get; set; }

    /// <summary>BCP 47.</summary>
    public string Tag => Chinese ? "zh-CN" : "en";

    /// <summary>The text of the reader's language.</summary>
    public string this[string english, string chinese] => Chinese ? chinese : english;

    /// <summary>Whether a request's reader wants Chinese: by the cookie, else by the first of the browser's languages that the console has.</summary>
    public static bool WantsChinese(HttpRequest request) => request.Cookies[Cookie] switch
    {
        "zh" => true,
        "en" => false,
        _ => request.GetTypedHeaders().AcceptLanguage
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(language => language.Value.Value ?? "")
            .FirstOrDefault(language => Speaks(language, "zh") || Speaks(language, "en")) is { } first && Speaks(first, "zh"),
    };

    /// <summary>Day and time, to the second.</summary>
    public string Moment(DateTimeOffset? at) => at is { } known ? known.ToOffset(Offset).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "–";

    /// <summary>The time of a frame, to the millisecond.</summary>
    public string Instant(DateTimeOffset at) => at.ToOffset(Offset).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>How long ago, in one unit: <c>12 s</c>, <c>3 min</c>, <c>5 h</c>, <c>9 d</c>.</summary>
    public string Since(DateTimeOffset at, DateTimeOffset now) => Span(now - at);

    /// <summary>A duration in one unit.</summary>
    public string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => this["now", "刚刚"],
        { TotalMinutes: < 1 } => this[$"{span.Seconds} s", $"{span.Seconds} 秒"],
        { TotalHours: < 1 } => this[$"{(int)span.TotalMinutes} min", $"{(int)span.TotalMinutes} 分钟"],
        { TotalDays: < 2 } => this[$"{(int)span.TotalHours} h", $"{(int)span.TotalHours} 小时"],
        _ => this[$"{(int)span.TotalDays} d", $"{(int)span.TotalDays} 天"],
    };

    /// <summary>Bytes with a unit of 1,000: <c>12.3 kB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };

    /// <summary>A count with thin gaps between thousands.</summary>
    public static string Count(long count) => count.ToString("N0", Gapped);

    private static readonly NumberFormatInfo Gapped = new() { NumberGroupSeparator = "\u202f", NumberDecimalDigits = 0 };

    private static bool Speaks(string language, string tag) => language.StartsWith(tag, StringComparison.OrdinalIgnoreCase);
}
