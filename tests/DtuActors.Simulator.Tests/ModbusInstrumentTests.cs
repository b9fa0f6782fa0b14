namespace DtuActors.Simulator.Tests;

// The CRCs come from the standard's bit-by-bit procedure at the end of this file, not from the code under test.
public sealed class ModbusInstrumentTests
{
    private readonly StandingTime _time = new();
    private readonly RecordingLine _line = new();
    private readonly ModbusInstrument _instrument;

    public ModbusInstrumentTests() => _instrument = new ModbusInstrument(new ModbusInstrumentOptions { Units = [1, 2] }, _time);

    [Theory]
    [InlineData("0103000A0002", "01030403F203F3")] // holding 10, 11 are 1010, 1011
    [InlineData("0104000A0001", "01040207DA")] // input 10 is 2010
    [InlineData("010300040001", "0103020001")] // the unit's own id
    [InlineData("020300040001", "0203020002")]
    [InlineData("01010000000A", "0101024902")] // coils 0, 3, 6, 9
    [InlineData("010200000008", "010201AA")] // odd inputs
    [InlineData("01050001FF00", "01050001FF00")]
    [InlineData("010600101234", "010600101234")]
    [InlineData("010F0000000A02CD01", "010F0000000A")]
    [InlineData("01100010000204000A0102", "011000100002")]
    [InlineData("0116000400F20025", "0116000400F20025")]
    [InlineData("0117000A00010010000102ABCD", "01170203F2")]
    public async Task A_request_gets_the_answer_of_the_standard(string request, string answer)
    {
        await SendAsync(request);
        Assert.Equal([WithCrc(answer)], _line.Answers);
    }

    [Theory]
    [InlineData("0141", "01C101")] // nobody knows function 0x41
    [InlineData("01420102030405060708090A0B0C0D0E0F1011121314", "01C201")] // longer than what is tried length by length
    [InlineData("010800001234", "018801")] // diagnostics are not simulated
    [InlineData("012B0D", "01AB01")] // CANopen is not simulated
    [InlineData("010303E70002", "018302")] // 999 is the last address
    [InlineData("010303E80001", "018302")]
    [InlineData("010300000000", "018303")]
    [InlineData("01030000007E", "018303")] // 126 registers
    [InlineData("0101000007D1", "018103")] // 2001 coils
    [InlineData("010500001234", "018503")]
    [InlineData("0106FFFF0001", "018602")]
    [InlineData("01100010000203000A01", "019003")] // a byte count that does not fit the count
    [InlineData("012B0E0480", "01AB02")]
    [InlineData("012B0E0500", "01AB03")]
    public async Task What_cannot_be_carried_out_gets_its_exception(string request, string answer)
    {
        await SendAsync(request);
        Assert.Equal([WithCrc(answer)], _line.Answers);
    }

    [Fact]
    public async Task A_read_on_the_wire_is_answered_with_the_CRC_of_the_wire()
    {
        await _instrument.ReceiveAsync(Convert.FromHexString("010300050001940B"), _line, default);
        Assert.Equal(["01030203ED78F9"], _line.Answers);
    }

    [Fact]
    public async Task Written_registers_and_coils_keep_what_was_written()
    {
        await SendAsync("01100000000204DEADBEEF");
        await SendAsync("010F0000000A02CD01");
        await SendAsync("010300000002");
        await SendAsync("01010000000A");
        Assert.Equal([WithCrc("010304DEADBEEF"), WithCrc("010102CD01")], _line.Answers[2..]);
    }

    [Fact]
    public async Task A_mask_write_follows_the_example_of_the_standard()
    {
        await SendAsync("010600040012");
        await SendAsync("0116000400F20025");
        Assert.Equal(0x17, _instrument.Unit(1).Holding(4));
    }

    [Fact]
    public async Task A_read_write_reads_what_it_has_just_written()
    {
        await SendAsync("01170010000100100001024321");
        Assert.Equal([WithCrc("0117024321")], _line.Answers);
    }

    [Fact]
    public async Task The_device_names_its_vendor_product_and_revision()
    {
        await SendAsync("012B0E0100");
        var answer = Convert.FromHexString(Assert.Single(_line.Answers));
        Assert.Equal("012B0E0182000003", Convert.ToHexString(answer.AsSpan(0, 8)));
        Assert.Equal("0009" + Convert.ToHexString("DtuActors"u8), Convert.ToHexString(answer.AsSpan(8, 11)));
        Assert.Equal("0105" + Convert.ToHexString("SIM-1"u8), Convert.ToHexString(answer.AsSpan(19, 7)));
    }

    [Fact]
    public async Task A_broadcast_is_carried_out_by_all_units_and_answered_by_none()
    {
        await SendAsync("000600070063");
        Assert.Empty(_line.Answers);
        Assert.Equal(99, _instrument.Unit(1).Holding(7));
        Assert.Equal(99, _instrument.Unit(2).Holding(7));
    }

    [Fact]
    public async Task A_request_to_another_unit_passes_by()
    {
        await SendAsync("030300040001");
        await SendAsync("020300040001");
        Assert.Equal([WithCrc("0203020002")], _line.Answers);
    }

    [Fact]
    public async Task Requests_are_found_however_they_are_cut()
    {
        var stream = Convert.FromHexString(WithCrc("010300040001") + WithCrc("020300040001") + WithCrc("01100010000204000A0102"));
        for (var cut = 1; cut < stream.Length; cut++)
        {
            _line.Answers.Clear();
            await _instrument.ReceiveAsync(stream.AsMemory(..cut), _line, default);
            await _instrument.ReceiveAsync(stream.AsMemory(cut..), _line, default);
            Assert.Equal([WithCrc("0103020001"), WithCrc("0203020002"), WithCrc("011000100002")], _line.Answers);
        }
    }

    [Fact]
    public async Task A_request_behind_a_damaged_one_is_answered()
    {
        await _instrument.ReceiveAsync(Convert.FromHexString("0103000400010000" + WithCrc("010300040001")), _line, default);
        Assert.Equal([WithCrc("0103020001")], _line.Answers);
        Assert.Equal(8, _instrument.Discarded);
    }

    [Fact]
    public async Task Half_a_request_is_forgotten_when_the_line_falls_silent()
    {
        await _instrument.ReceiveAsync(Convert.FromHexString("01030004"), _line, default);
        _time.Advance(TimeSpan.FromSeconds(2));
        await SendAsync("010300040001");
        Assert.Equal([WithCrc("0103020001")], _line.Answers);
    }

    [Fact]
    public async Task Noise_of_any_length_neither_throws_nor_stops_it()
    {
        var noise = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[noise.Next(1, 700)];
            noise.NextBytes(bytes);
            await _instrument.ReceiveAsync(bytes, _line, default);
        }

        _line.Answers.Clear();
        _time.Advance(TimeSpan.FromSeconds(2));
        await SendAsync("0103000A0001");
        Assert.Single(_line.Answers);
    }

    [Fact]
    public void Temperature_and_pressure_move_around_their_means_and_the_counter_counts()
    {
        var unit = _instrument.Unit(1);
        var temperatures = new HashSet<ushort>();
        for (var second = 0; second < 60; second++)
        {
            temperatures.Add(unit.Holding(0));
            Assert.InRange(unit.Holding(0), 170, 270);
            Assert.InRange(unit.Input(1), 1001, 1025);
            Assert.Equal(second * 10, (unit.Input(2) << 16) | unit.Input(3));
            Assert.Equal(second % 2 == 1, unit.Discrete(0));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(temperatures.Count > 20, $"{temperatures.Count} different temperatures in a minute");
        _time.Advance(TimeSpan.FromSeconds(65536 - 60));
        Assert.Equal((10, 0), (unit.Holding(2), unit.Holding(3)));
    }

    [Fact]
    public void A_unit_out_of_range_is_refused_by_name() =>
        Assert.Contains("248", Assert.Throws<ArgumentException>(() => new ModbusInstrument(new ModbusInstrumentOptions { Units = [248] })).Message, StringComparison.Ordinal);

    private async Task SendAsync(string hex) => await _instrument.ReceiveAsync(Convert.FromHexString(WithCrc(hex)), _line, default);

    // Bit by bit, from the standard's appendix: not the table of the code under test.
    internal static string WithCrc(string hex)
    {
        var crc = 0xFFFF;
        foreach (var b in Convert.FromHexString(hex))
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }
        }

        return hex + $"{(byte)crc:X2}{crc >> 8:X2}";
    }
}
