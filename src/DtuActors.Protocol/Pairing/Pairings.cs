namespace DtuActors.Protocol.Pairing;

/// <summary>The table of pairings, by codec.</summary>
/// <remarks>
/// Not here, so that the first frame after a request is its answer: <c>iec101</c>, <c>iec104</c> and <c>dnp3</c>, whose stations speak unasked and answer one
/// command with several frames; <c>hj212</c>, <c>sl651</c> and <c>jt808</c>, where the station is the one that asks; and the codecs that know boundaries only.
/// </remarks>
public static class Pairings
{
    /// <summary>Modbus RTU's, which a request of that protocol may need over any codec.</summary>
    public static readonly RequestPairing ModbusRtu = new ModbusRtuPairing();

    private static readonly RequestPairing[] Table = [ModbusRtu, new ModbusAsciiPairing(), new ModbusTcpPairing(), new Dlt645Pairing(), new Cjt188Pairing()];

    /// <summary>Modbus's pairing for a codec: its own where it is one of Modbus's three forms, else RTU's.</summary>
    public static RequestPairing ForModbus(string codec) => codec is "modbus-ascii" or "modbus-tcp" ? Find(codec)! : ModbusRtu;

    /// <summary>The pairing of a codec's frames; null where none is known.</summary>
    public static RequestPairing? Find(string codec) => Array.Find(Table, pairing => pairing.Codec == codec);
}
