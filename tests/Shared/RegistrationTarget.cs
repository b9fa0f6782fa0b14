using System.Text;
using System.Text.RegularExpressions;
using DtuActors.Protocol;
using DtuActors.Protocol.Registration;

namespace DtuActors.Tests.Shared;

/// <summary>Registrations fuzzed: whatever comes, one is read, refused or waited for within bounds, and what came behind it is data in order.</summary>
internal static class RegistrationTarget
{
    private const string Text = "registration:text";
    private const string Hex = "registration:hex";
    private const string Json = "registration:json";
    private const string Template = "registration:template";

    // A newline may be CR LF.
    private const int LongestNewline = 2;

    private static readonly ReadForm[] Texts =
    [
        Form(RegistrationKind.Text, "(?<id>[0-9A-Za-z_.:-]{2,64})", 0),
        Form(RegistrationKind.Text, "LOGIN:(?<id>[0-9]{4})(,(?<secret>.+))?", 0),
        Form(RegistrationKind.Text, "(?<id>.{1,64})", 0),
        Form(RegistrationKind.Text, "(?<id>[0-9A-Za-z_.:-]{2,64})", 8),
    ];

    private static readonly ReadForm[] Hexes =
    [
        Form(RegistrationKind.Hex, "(?<id>([0-9A-F]{2})+)", 0),
        Form(RegistrationKind.Hex, "AA55(?<id>[0-9A-F]{4})", 0),
        Form(RegistrationKind.Hex, "(?<id>([0-9A-F]{2})+)", 5),
        Form(RegistrationKind.Hex, "AA55(?<id>[0-9A-F]{4})", 4),
    ];

    private static readonly ReadForm[] Jsons = [new JsonForm(), new JsonForm { Id = IdTemplate.Of("id"), Reject = ["0"] }];

    private static readonly ReadForm[] Templates =
    [
        .. new[] { "{imei},{csq}", "{csq:bcd1}{imei:bcd8}", "{hex:AA}{mac:raw6}", "REG{id}\n", "{sn}{secret:2}" }
            .Select(text => TemplateForm.TryCompile(text, null, out var form, out var problem) ? form : throw new InvalidOperationException(problem)),
    ];

    private static readonly byte[][] Heartbeats = [[0xFE], "ping"u8.ToArray(), "pin"u8.ToArray(), "LOG"u8.ToArray(), "\n1"u8.ToArray()];

    public static IReadOnlyList<string> Names { get; } = [Text, Hex, Json, Template];

    public static IEnumerable<byte[]> Seeds(string target)
    {
        string[] texts = ["13800138000\r\n", "LOGIN:1001,secret\nabc", "pingpingLOGIN:1001", "\u00feid-0001\n", "www.usr.cn", "ab\nLOG"];
        byte[][] hexes = [[0xAA, 0x55, 1, 2], [0xFE, 0xAA, 0x55, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7]];
        string[] objects = ["""{"csq":25,"imei":"861234567890123"}abc""", """{"a":[{"b":"}\""}],"id":7}""", """{"id":"0"}""", "{}", "pin{"];
        byte[][] fields = ["861234567890123,25\r\nabc"u8.ToArray(), [0x25, 0x86, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x30, 9], [0xAA, 1, 2, 3, 4, 5, 6, 7], "REG7\n\n"u8.ToArray()];
        return (target switch { Text => texts.Select(Encoding.Latin1.GetBytes), Hex => hexes, Json => objects.Select(Encoding.Latin1.GetBytes), _ => fields })
            .Select((bytes, i) => FuzzInput.Write(i, i % 2 == 0, i % 3 == 0 ? [0x7F] : [1, 0x85, 0], bytes));
    }

    public static void Run(string target, FuzzInput input)
    {
        var forms = target switch { Text => Texts, Hex => Hexes, Json => Jsons, _ => Templates };
        var form = forms[input.Settings % forms.Length];
        if (input.HasHeartbeats)
        {
            form = form with { Heartbeats = Heartbeats };
        }

        var reader = new RegistrationReader(form);
        var stream = input.Stream;
        var (fed, silences) = (0, false);
        foreach (var (end, silence) in input.Pieces())
        {
            reader.Feed(stream[fed..end]);
            fed = end;
            if (silence && reader.WaitsForSilence)
            {
                silences = true;
                reader.Silence();
                BrokenPromiseException.Unless(!reader.WaitsForSilence, "silence is not due twice");
            }

            AssertState(reader, stream[..fed]);
        }

        if (form.IsDelimited && !silences)
        {
            var whole = new RegistrationReader(form);
            whole.Feed(stream);
            BrokenPromiseException.Unless(
                (whole.State, whole.Id, whole.Reason) == (reader.State, reader.Id, reader.Reason),
                $"a registration with a length is the same however it is cut: {reader.State} {reader.Id} in pieces, {whole.State} {whole.Id} whole");
        }
    }

    private static void AssertState(RegistrationReader reader, ReadOnlySpan<byte> fed)
    {
        BrokenPromiseException.Unless(reader.State == RegistrationState.Refused == reader.Reason is not null, "what is refused has a reason");
        if (reader.State != RegistrationState.Registered)
        {
            BrokenPromiseException.Unless(
                reader.Id.Length == 0 && reader.Rest.IsEmpty && reader.Registration.IsEmpty, "what is not registered has no id and no data");
            return;
        }

        var registration = reader.Registration.Span;
        var rest = reader.Rest.Span;
        BrokenPromiseException.Unless(DtuId.TryParse(reader.Id, out _), "an id is one that the gateway takes");
        BrokenPromiseException.Unless(registration.Length is > 0 and <= RegistrationReader.MaxLength, "a registration has 1 to 1024 bytes");
        BrokenPromiseException.Unless(fed.EndsWith(rest), "what came behind the registration is data, in order");
        var before = fed[..^rest.Length];
        var newline = before.EndsWith(registration) ? 0 : before.EndsWith("\r\n"u8) ? LongestNewline : 1;
        BrokenPromiseException.Unless(
            before.Length >= newline && before[..^newline].EndsWith(registration), "between a registration and its data stands at most a newline");
    }

    private static PatternForm Form(RegistrationKind kind, string pattern, int length) => new()
    {
        IsHex = kind == RegistrationKind.Hex,
        Pattern = new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant),
        Length = length,
        Reject = ["www.usr.cn"],
    };
}
