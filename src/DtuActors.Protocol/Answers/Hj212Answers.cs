using System.Buffers;
using System.Globalization;
using System.Text;
using DtuActors.Protocol.Layouts;

namespace DtuActors.Protocol.Answers;

/// <summary>
/// The answers of HJ 212-2017 (6.6.5 and appendix C) to what has bit 0 of Flag set: 9014 to uploads, 9013 to notifications (time calibration 1013,
/// heartbeats), 9011 to requests; never to an answer. QN, PW and MN come back, ST is 91, Flag keeps the version alone. Each of several packets is answered.
/// Where Flag's version is 0, HJ/T 212-2005, CP names what is answered as that standard has it: QN, with 9014 CN and the packet too. Without Flag nothing is
/// answered.
/// </summary>
public sealed class Hj212Answers : CentreAnswers
{
    private const int RequestAnswer = 9011;
    private const int NotificationAnswer = 9013;
    private const int DataAnswer = 9014;

    // QN has 17 bytes, PW 9, MN 24; what is longer is a fault and is not sent back.
    private const int LongestValue = 64;

    private readonly LastAnswers<Upload> _given = new();

    public override byte[]? Answer(ReadOnlySpan<byte> frame, DateTimeOffset now)
    {
        if (!Hj212.IsValid(frame))
        {
            return null;
        }

        var segment = Hj212.Segment(frame);
        var flag = Hj212.Number(segment, "Flag"u8);
        var command = Hj212.Number(segment, "CN"u8);
        if (AnswerTo(command) is not { } answer)
        {
            return null;
        }

        var upload = new Upload(Value(segment, "QN"u8), Value(segment, "MN"u8), command, answer);
        if (flag < 0 || (flag & Hj212.FlagAnswer) == 0)
        {
            // The same was answered before, but this one is left to the centre.
            _given.Forget(upload);
            return null;
        }

        _given.Remember(upload);
        var text = new ArrayBufferWriter<byte>();
        Echo(text, segment, "QN");
        Write(text, $"ST=91;CN={answer};");
        Echo(text, segment, "PW");
        Echo(text, segment, "MN");
        Write(text, $"Flag={flag & Hj212.FlagVersion};CP=&&");
        var parameters = new ArrayBufferWriter<byte>();
        if ((flag & Hj212.FlagVersion) == 0)
        {
            Echo(parameters, segment, "QN");
            if (answer == DataAnswer)
            {
                Write(parameters, $"CN={command};");
                Echo(parameters, segment, "PNUM");
                Echo(parameters, segment, "PNO");
            }
        }

        if (answer == RequestAnswer)
        {
            // 1: about to be carried out (table 7).
            Write(parameters, $"QnRtn=1;");
        }

        text.Write(parameters.WrittenCount == 0 ? [] : parameters.WrittenSpan[..^1]);
        Write(text, $"&&");
        return Hj212.Build(text.WrittenSpan);
    }

    public override bool Answered(ReadOnlySpan<byte> downlink)
    {
        if (!Hj212.IsValid(downlink))
        {
            return false;
        }

        var segment = Hj212.Segment(downlink);
        var answer = Hj212.Number(segment, "CN"u8);
        if (answer is not (RequestAnswer or NotificationAnswer or DataAnswer))
        {
            return false;
        }

        // As the standard of 2005 has it, CP names what is answered, and the QN before it may be the centre's own.
        var parameters = Hj212.Parameters(segment);
        var command = Hj212.Number(parameters, "CN"u8);
        var named = Value(parameters, "QN"u8);
        var number = named.Length > 0 ? named : Value(segment, "QN"u8);
        var station = Value(segment, "MN"u8);
        return _given.Any(given => given.Number == number
            && (given.Station == station || given.Station.Length == 0 || station.Length == 0)
            && (command >= 0 ? given.Command == command : number.Length > 0 || given.Answer == answer));
    }

    private static int? AnswerTo(int command) => command switch
    {
        < 0 or (>= 9011 and <= 9014) => null,
        1013 or 2012 or 2022 or >= 9000 => NotificationAnswer,
        // Commands that nobody uploads anything under: set, start, clean, calibrate (table 9).
        1000 or 1012 or 1022 or 1032 or 1042 or 1062 or 1064 or 1072 or (>= 3011 and <= 3014) or 3016 or 3021 => RequestAnswer,
        _ => DataAnswer,
    };

    /// <summary>A field that can be sent back, as text of a character a byte; empty where there is none.</summary>
    private static string Value(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> name) =>
        Hj212.TryField(fields, name, out var value) && value.Length <= LongestValue ? Encoding.Latin1.GetString(value) : "";

    private static void Echo(ArrayBufferWriter<byte> text, ReadOnlySpan<byte> segment, string name)
    {
        if (Hj212.TryField(segment, Encoding.ASCII.GetBytes(name), out var value) && value.Length is > 0 and <= LongestValue)
        {
            Write(text, $"{name}=");
            text.Write(value);
            Write(text, $";");
        }
    }

    private static void Write(ArrayBufferWriter<byte> text, FormattableString words) =>
        text.Write(Encoding.ASCII.GetBytes(words.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What was answered: QN and MN are empty where it has none, and CN; and the CN of the answer.</summary>
    private readonly record struct Upload(string Number, string Station, int Command, int Answer);
}
