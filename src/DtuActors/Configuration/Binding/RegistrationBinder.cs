using System.Text.RegularExpressions;
using DtuActors.Configuration.Hocon;
using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Registration;

namespace DtuActors.Configuration;

/// <summary>Binds a profile's <c>registration { }</c>: its kind says which of its keys mean something.</summary>
internal sealed class RegistrationBinder
{
    /// <summary>The pattern of the contract: what an id looks like where nobody says otherwise.</summary>
    public const string DefaultPattern = "(?<id>[0-9A-Za-z_.:-]{2,64})";

    /// <summary>The longest pattern in characters: compiling takes more than linear time.</summary>
    private const int MaxPattern = 1000;

    private const int MaxReply = 1024;

    // What describes one kind of registration and nothing of another: it goes with its kind when a layer above says another one.
    private static readonly string[] FormKeys = ["pattern", "length", "codec", "id", "send"];

    private static readonly string[] Kinds =
        ["text", "hex", "json", "template", "frame", "address", "probe", "envelope", .. VendorLogins.Names, "none"];

    private readonly BlockReader _profile;
    private readonly BlockReader _block;
    private readonly HeartbeatOptions _heartbeat;
    private readonly FramingOptions _framing;

    private RegistrationBinder(BlockReader profile, BlockReader block, HeartbeatOptions heartbeat, FramingOptions framing)
    {
        _profile = profile;
        _block = block;
        _heartbeat = heartbeat;
        _framing = framing;
    }

    /// <param name="profile">The profile's block.</param>
    /// <param name="heartbeat">Its heartbeats, which are skipped before a registration.</param>
    /// <param name="framing">Its framing, for registrations that are frames.</param>
    public static RegistrationOptions Bind(BlockReader profile, HeartbeatOptions heartbeat, FramingOptions framing)
    {
        var block = profile.Nested("registration", Schema.Registration) ?? new BlockReader(profile.Context, new HoconObject(profile.Position), Schema.Registration, $"{profile.Path}.registration");
        return new RegistrationBinder(profile, block, heartbeat, framing).Bind();
    }

    /// <summary>What is left of a layer's registration under one that says another kind, or another envelope and with it another kind.</summary>
    public static HoconObject UnderAnotherKind(HoconObject under, HoconObject over)
    {
        if (KindOf(under) is not { } below || !under.TryGet("registration", out var member))
        {
            return under;
        }

        var (kind, envelope) = (KindOf(over), Word(over, "envelope"));
        var isMeantByEnvelope = kind is null && envelope is not null && below != "none" && envelope == "none" == (below == "envelope");
        if (!isMeantByEnvelope && (kind is null || kind == below))
        {
            return under;
        }

        var rest = under.Without("registration");
        rest.Put(member with { Value = ((HoconObject)member.Value).Without([.. FormKeys, .. isMeantByEnvelope ? ["kind"] : Array.Empty<string>()]) });
        return rest;
    }

    private static string? KindOf(HoconObject profile) =>
        profile.TryGet("registration", out var member) && member.Value is HoconObject block ? Word(block, "kind") : null;

    private static string? Word(HoconObject block, string key) => block.TryGet(key, out var member) && member.Value is HoconScalar { Text: var word } ? word : null;

    private RegistrationOptions Bind()
    {
        var kind = Kind();
        CheckKeys(kind);
        var everyPacket = _block.Boolean("every-packet", false);
        var form = Form(kind, everyPacket);
        if (everyPacket && (form as ReadForm)?.FixedLength is null or 0)
        {
            _block.Fault("every-packet", "on, but nothing says where the registration ends and the data behind it begin", "length, a pattern of one length as [0-9]{11}, or a template of one length");
            everyPacket = false;
        }
        else if (everyPacket && form is ReadForm { IsConstant: false })
        {
            _block.Fault("every-packet", "on, but what it says besides the id may be another each time, so it can't be told from data", "a registration of id, secret and fixed text alone");
            everyPacket = false;
        }

        var reply = _block.Bytes("reply", MaxReply) ?? [];
        if (reply.Length > 0 && kind == "envelope")
        {
            _block.Fault("reply", "would go out bare, but the envelope answers by itself", "no reply");
        }

        return new RegistrationOptions
        {
            Form = form with
            {
                Reject = _block.NonEmptyTexts("reject"),
                Gap = _block.Duration("gap", TimeSpan.FromMilliseconds(500)),
                Heartbeats = _heartbeat.Match,
            },
            Reply = reply,
            Timeout = _block.Duration("timeout", TimeSpan.FromSeconds(60)),
            EveryPacket = everyPacket,
        };
    }

    private string Kind()
    {
        var word = _block.Word("kind", "text", Kinds);
        var envelope = _profile.Text("envelope") ?? "none";
        if (envelope != "none" && word is not ("envelope" or "none"))
        {
            // Who writes an envelope alone means its own registration; who also writes another kind contradicts it.
            if (_block.Has("kind"))
            {
                _block.Fault("kind", $"'{word}', but the envelope {KeyPath.Shown(envelope)} carries the id", "envelope, or none where the listener names the dtu");
            }

            return "envelope";
        }

        if (envelope == "none" && word == "envelope")
        {
            _block.Fault("kind", "'envelope', but the profile has none", "envelope = ddp beside it, or kind = text");
        }

        return word;
    }

    private void CheckKeys(string kind)
    {
        foreach (var (key, of) in new (string, string[])[]
        {
            ("codec", ["frame", "probe"]),
            ("id", ["frame", "probe", "json", "template", "envelope"]),
            ("send", ["probe"]),
            ("pattern", ["text", "hex", "template", "address", "probe"]),
            ("length", ["text", "hex", "probe"]),
        })
        {
            if (_block.Has(key) && !of.Contains(kind))
            {
                _block.Fault(key, $"means nothing with kind = {kind}", $"kind = {string.Join(" or ", of)}, or no {key}");
            }
        }

        if (kind == "probe" && _block.Has("id") && !_block.Has("codec"))
        {
            _block.Fault("id", "means nothing without a codec", "codec beside it, or a pattern with a group id");
        }
    }

    private RegistrationForm Form(string kind, bool everyPacket) => kind switch
    {
        "text" or "hex" => PatternForm(kind == "hex", everyPacket),
        "json" => Id() is { } member ? new JsonForm { Id = member } : new JsonForm(),
        "template" => Template(),
        "frame" => Frame(Codec(_framing.Codec)),
        "address" => new AddressForm { Pattern = Pattern() },
        "probe" => Probe(),
        "envelope" => Envelope(),
        "none" => new NoForm(),
        _ => new LoginForm(VendorLogins.Find(kind)!),
    };

    private PatternForm PatternForm(bool isHex, bool everyPacket)
    {
        var form = new PatternForm { IsHex = isHex, Pattern = Pattern(), Length = Length() };
        var matched = PatternText.FixedLength(form.Pattern.ToString());
        if (form.Length > 0 && matched > 0 && matched != (isHex ? 2 : 1) * form.Length)
        {
            _block.Fault("length", $"{form.Length} bytes never match the pattern, which takes {matched} {(isHex ? "hex digits, two a byte" : "characters")}", "the pattern's length, or no length");
        }

        if (!everyPacket || form.Length > 0)
        {
            return form;
        }

        // What precedes each packet has to end somewhere; a pattern whose matches all have one length says where.
        return matched <= RegistrationReader.MaxLength && (!isHex || matched % 2 == 0) ? form with { Length = isHex ? matched / 2 : matched } : form;
    }

    // Stands for what is wrong and reported, so that everything else is checked in the same go.
    private static PatternForm Fallback() => new() { Pattern = Scalars.Pattern(DefaultPattern) };

    private int Length() => _block.Integer("length", 0, 0, RegistrationReader.MaxLength);

    private RegistrationForm Template()
    {
        const string example = "text with fields in braces, as \"{imei},{csq}\"";
        if (_block.RequiredText("pattern", example) is not { } text)
        {
            return Fallback();
        }

        if (TemplateForm.TryCompile(text, Id(), out var form, out var problem))
        {
            return form;
        }

        _block.Fault("pattern", problem, example);
        return Fallback();
    }

    private ProbeForm Probe()
    {
        _block.Missing("send", "what is asked, as \"hex:68 AA AA AA AA AA AA 68 13 00 DF 16\"");
        var send = _block.Bytes("send", MaxReply) ?? [];
        if (_block.Has("send") && send.Length == 0)
        {
            _block.Fault("send", "is empty, so nothing is asked", "text or hex:...");
        }

        // A line that falls silent ends an answer; a codec's frame ends itself.
        RegistrationForm answer = _block.Has("codec") ? Frame(Codec("raw")) : new AnswerForm { Pattern = Pattern(), Length = Length() };
        return new ProbeForm { Ask = send, Answer = answer with { Reject = _block.NonEmptyTexts("reject"), Gap = _block.Duration("gap", TimeSpan.FromMilliseconds(500)), Heartbeats = _heartbeat.Match } };
    }

    private EnvelopeForm Envelope()
    {
        if (Id() is not { } id)
        {
            return new EnvelopeForm();
        }

        CheckFields(id, [EnvelopeForm.IdField, EnvelopeForm.OtherField], "a unit of an envelope");
        return new EnvelopeForm { Id = id };
    }

    /// <summary>A codec whose frames carry an id.</summary>
    private string? Codec(string fallback)
    {
        var codec = _block.Text("codec") ?? fallback;
        if (FrameFields.Codecs.Contains(codec))
        {
            return codec;
        }

        _block.Fault(
            "codec",
            _block.Has("codec") ? $"frames of '{KeyPath.Shown(codec)}' carry no id" : "is missing: the frames of the profile's framing carry no id",
            $"one of {string.Join(", ", FrameFields.Codecs)}");
        return null;
    }

    private RegistrationForm Frame(string? codec)
    {
        if (codec is null)
        {
            return Fallback();
        }

        var fields = FrameFields.Of(codec);
        var id = Id() ?? IdTemplate.Of(fields.First());
        CheckFields(id, fields, $"a frame of {codec}");
        return new FrameForm { Framing = codec == _framing.Codec ? _framing : new FramingOptions { Codec = codec }, Id = id };
    }

    private void CheckFields(IdTemplate id, IReadOnlyCollection<string> fields, string what)
    {
        foreach (var field in id.Fields.Where(field => !fields.Contains(field)))
        {
            _block.Fault("id", $"{what} has no field {{{KeyPath.Shown(field)}}}", string.Join(", ", fields.Select(name => $"{{{name}}}")));
        }
    }

    private IdTemplate? Id()
    {
        if (_block.NonEmpty("id", "a field in braces, as {mn}") is not { } text)
        {
            return null;
        }

        if (IdTemplate.TryParse(text, out var id, out var problem))
        {
            return id;
        }

        _block.Fault("id", problem, "fields in braces, as {mn} or {centre}-{station}");
        return null;
    }

    private Regex Pattern()
    {
        var text = _block.NonEmpty("pattern", DefaultPattern) ?? DefaultPattern;
        if (text.Length > MaxPattern)
        {
            _block.Fault("pattern", $"{text.Length} characters are too many", $"at most {MaxPattern}");
            return Scalars.Pattern(DefaultPattern);
        }

        try
        {
            var pattern = Scalars.Pattern(text);
            if (!pattern.GetGroupNames().Contains("id"))
            {
                _block.Fault("pattern", "has no named group id, so it says nothing of who registers", "(?<id>...) around the id, as in LOGIN:(?<id>[0-9]+)");
            }

            return pattern;
        }
        catch (NotSupportedException exception)
        {
            _block.Fault("pattern", $"cannot be matched in linear time: {exception.Message}", "no lookaround, no backreference, no huge repetition");
        }
        catch (ArgumentException exception)
        {
            _block.Fault("pattern", $"is no regular expression: {KeyPath.Shown(exception.Message)}", DefaultPattern);
        }

        return Scalars.Pattern(DefaultPattern);
    }
}
