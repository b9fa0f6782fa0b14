using DtuActors.Protocol.Framing;
using DtuActors.Protocol.Transports;

namespace DtuActors.Protocol.Registration;

/// <summary>
/// <c>kind = frame</c>: the first frame of a codec that carries an id registers (a station's HJ 212 MN, SL 651 station, JT/T 808 phone, a meter's
/// number). It is the instrument's data all the same and goes its way as such.
/// </summary>
public sealed record FrameForm : RegistrationForm
{
    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Frame;

    /// <summary>How the stream is cut; a codec of <see cref="FrameFields.Codecs"/>.</summary>
    public required FramingOptions Framing { get; init; }

    /// <summary>What the id is made of: fields of <see cref="FrameFields"/>.</summary>
    public required IdTemplate Id { get; init; }

    public override bool RepeatsAsHeartbeat => false;

    /// <inheritdoc/>
    /// <remarks>A station's frame names the station. On a meter bus each frame names the meter that answers, and many hang on one DTU.</remarks>
    public override string? SenderOf(string codec, ReadOnlySpan<byte> frame) =>
        IsInAllThatComes(codec, envelope: null) ? ReadId(frame) : null;

    public override bool IsInAllThatComes(string codec, Envelope? envelope) => codec == Framing.Codec && !Id.Fields.Contains(FrameFields.Meter);

    public override Registrar Begin(in RegistrationStart start) => Begin(isData: true);

    /// <summary>Begins to read; where the frame was asked for by the gateway itself, it is no data.</summary>
    internal UnitRegistrar Begin(bool isData) =>
        new(this, new Framer(Codecs.Create(Framing), Framing.MaxFrame, Heartbeats), ReadId, isData);

    /// <summary>The id in <paramref name="frame"/>, or null.</summary>
    public string? ReadId(ReadOnlySpan<byte> frame)
    {
        var values = new List<(string Field, string Value)>(Id.Fields.Count);
        foreach (var field in Id.Fields)
        {
            if (!FrameFields.TryRead(Framing.Codec, field, frame, out var value))
            {
                return null;
            }

            values.Add((field, value));
        }

        return Id.Render(field => values.Find(pair => pair.Field == field).Value);
    }
}

/// <summary>
/// <c>kind = envelope</c>: a unit of the profile's envelope carries the id. A data unit does as well: a DTU that believes itself registered (the gateway was
/// restarted) is heard at once.
/// </summary>
public sealed record EnvelopeForm : RegistrationForm
{
    /// <summary>The name of the field in <see cref="Id"/> that is the unit's id.</summary>
    public const string IdField = "id";

    /// <summary>The name of the field in <see cref="Id"/> that is the unit's other name (<see cref="EnvelopeUnit.OtherId"/>).</summary>
    public const string OtherField = "device";

    // What a DTU presents whose units carry no id, where the listener says who it is.
    private const string Unnamed = "-";

    // A unit of an envelope holds at most 1024 bytes of data and its head.
    private const int MaxUnit = 4096;

    /// <inheritdoc/>
    public override RegistrationKind Kind => RegistrationKind.Envelope;

    /// <summary>What the id is made of: <c>{id}</c> or <c>{device}</c>.</summary>
    public IdTemplate Id { get; init; } = IdTemplate.Of(IdField);

    /// <summary>Whether the listener names the DTU, so that any unit of it will do, one without an id too.</summary>
    public bool IsNamed { get; init; }

    public override bool RepeatsAsHeartbeat => false;

    public override bool IsInAllThatComes(string codec, Envelope? envelope) => envelope is { NamesDtuInEveryUnit: true };

    /// <summary>What cuts a stream into an envelope's units.</summary>
    public static Framer Units(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return new Framer(envelope.Codec, MaxUnit);
    }

    /// <exception cref="ArgumentException">There is no envelope.</exception>
    public override Registrar Begin(in RegistrationStart start)
    {
        var envelope = start.Envelope ?? throw new ArgumentException("a registration by envelope needs one", nameof(start));
        if (IsNamed)
        {
            envelope.AssumeLoggedIn();
        }

        return new UnitRegistrar(this, Units(envelope), unit => PresentedBy(envelope.Open(unit)), isData: true);
    }

    private string? PresentedBy(in EnvelopeUnit unit) =>
        unit.Kind is not (EnvelopeKind.Registration or EnvelopeKind.Data) ? null : ReadId(unit) ?? (IsNamed ? Unnamed : null);

    /// <summary>The id that <paramref name="unit"/> carries, or null.</summary>
    public string? ReadId(in EnvelopeUnit unit)
    {
        var (id, other) = (unit.Id, unit.OtherId);
        return Id.Render(field => field == OtherField ? other : id);
    }
}

/// <summary>Reads units of a framer until one carries an id. Where it is data, the session gets it again, and all that came behind.</summary>
internal sealed class UnitRegistrar(RegistrationForm form, Framer framer, UnitRegistrar.IdOf idOf, bool isData) : Registrar
{
    // So many bytes without any unit are no unit's beginning.
    private const int MostGarbage = 4096;

    public delegate string? IdOf(ReadOnlySpan<byte> unit);

    private readonly List<byte> _behind = [];
    private string? _id;
    private int _unit;
    private int _garbage;

    public override TimeSpan? SilenceDue => State == RegistrationState.Waiting ? framer.SilenceDue : null;

    protected override void Take(ReadOnlySpan<byte> piece)
    {
        var sink = new Sink(this);
        framer.Feed(piece, ref sink);
        Decide();
    }

    protected override void FallSilent()
    {
        var sink = new Sink(this);
        framer.Silence(ref sink);
        Decide();
    }

    private void Decide()
    {
        if (_id is not null)
        {
            _behind.AddRange(framer.PendingBytes);
            Register(form, new Presented(_id, null, _id), _behind.Count - _unit);
            Rest = State == RegistrationState.Registered ? _behind.ToArray() : default;
            framer.Reset();
        }
        else if (_garbage > MostGarbage)
        {
            framer.Reset();
            Refuse("no-match");
        }
    }

    private void OnUnit(ReadOnlySpan<byte> unit)
    {
        if (_id is not null)
        {
            // A mark that it shares with the one before stands there already.
            _behind.AddRange(unit[framer.Told..]);
            return;
        }

        _garbage = 0;
        if (idOf(unit) is { } id && DtuId.TryParse(id, out _))
        {
            _id = id;
            if (isData)
            {
                _behind.AddRange(unit);
                _unit = unit.Length;
                AsReceived = form is EnvelopeForm ? unit.ToArray() : default(ReadOnlyMemory<byte>);
            }
            else
            {
                Registration = unit.ToArray();
            }
        }
    }

    private void OnDropped(ReadOnlySpan<byte> bytes, string reason)
    {
        if (_id is not null)
        {
            _behind.AddRange(bytes);
            return;
        }

        Drop(reason);
        _garbage += bytes.Length;
    }

    private void OnHeartbeat(ReadOnlySpan<byte> heartbeat)
    {
        if (_id is not null)
        {
            _behind.AddRange(heartbeat);
        }
        else
        {
            Heartbeats++;
        }
    }

    private readonly struct Sink(UnitRegistrar registrar) : IFrameSink
    {
        public void OnFrame(ReadOnlySpan<byte> frame) => registrar.OnUnit(frame);

        public void OnHeartbeat(ReadOnlySpan<byte> heartbeat) => registrar.OnHeartbeat(heartbeat);

        public void OnDropped(ReadOnlySpan<byte> bytes, string reason) => registrar.OnDropped(bytes, reason);
    }
}
