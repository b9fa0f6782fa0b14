using Google.Protobuf;

namespace DtuActors.Clustering.Wire;

/// <summary>One kind of message: its manifest, and its way to bytes and back.</summary>
internal abstract class WireForm(string manifest, Type message)
{
    public string Manifest => manifest;

    public Type Message => message;

    public abstract byte[] Write(object message, WireParts parts);

    public abstract object Read(byte[] bytes, WireParts parts);
}

/// <param name="manifest">Short: it stands in every message.</param>
/// <param name="parser">The form's.</param>
/// <param name="write">Message to form.</param>
/// <param name="read">Form to message; throws where something is missing that the message cannot be without.</param>
internal sealed class WireForm<TMessage, TForm>(string manifest, MessageParser<TForm> parser, Func<TMessage, WireParts, TForm> write, Func<TForm, WireParts, TMessage> read)
    : WireForm(manifest, typeof(TMessage))
    where TMessage : class
    where TForm : class, IMessage<TForm>
{
    // Nothing that was read is written again: fields of newer releases need not be kept.
    private readonly MessageParser<TForm> _parser = parser.WithDiscardUnknownFields(true);

    public override byte[] Write(object message, WireParts parts) => write((TMessage)message, parts).ToByteArray();

    public override object Read(byte[] bytes, WireParts parts) => read(_parser.ParseFrom(bytes), parts);
}
