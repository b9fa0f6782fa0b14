using System.Collections.Immutable;
using DtuActors.Protocol;
using DtuActors.Registering;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace DtuActors.Tests.Registering;

/// <summary>Any valid register, written as a file and read back, is the same register: on its own gateway, and on a new one.</summary>
public sealed class RegisterProperties
{
    // What a file's form, a spreadsheet's, or an encoding's could trip over.
    private static readonly string[] Pieces =
        ["a", "7", "0", "00000000000000000000", "9", "E", "e", "+", "-", ".", ",", "\"", "'", "=", "|", "\t", " ", "泵", "𠮷", "€", "é", "\uFFFD", "\u3000", "\uE5E5", "#", "sep=", "；"];

    [Property(MaxTest = 500)]
    public Property A_register_that_is_written_and_read_is_the_same() => Prop.ForAll(Arb.From(Registers()), register =>
    {
        var file = RegisterCsv.Write(register.Rows, withSecrets: true);
        foreach (var encoding in CsvText.WriteAs)
        {
            var faults = new RowFaults();
            var text = CsvText.Decode(CsvText.Encode(file, encoding), encoding == CsvText.Gb18030 ? encoding : CsvText.Auto, faults);
            var edits = RegisterCsv.Read(text!, 1000, faults);
            var anew = Register.Empty.Apply(edits, Rows.NoRules, faults);
            Assert.Empty(faults.Told);
            Assert.Equal(register.Rows, anew!.Register.Rows);
            Assert.Equal(register.Count, register.Apply(edits, Rows.NoRules, faults)!.Unchanged);
        }
    });

    [Property(MaxTest = 2000)]
    public Property Whatever_a_file_holds_it_is_read_or_its_faults_are_told() =>
        Prop.ForAll(Arb.From(Gen.Elements("id", "name", ",", ";", "\t", "\n", "\r\n", "\"", "\"\"", "1", "a", " ", "泵", "port").ListOf().Select(string.Concat)), text =>
        {
            var faults = new RowFaults();
            var change = Register.Empty.Apply(RegisterCsv.Read(text, 1000, faults), Rows.NoRules, faults);
            Assert.Equal(faults.Count > 0, change is null);
            Assert.All(faults.Told, fault => Assert.NotEmpty(fault.Detail));
        });

    // Cells as they may come; of these the valid ones are a register.
    private static Gen<Register> Registers() => Cells().ListOf().Select(all =>
    {
        var register = Register.Empty;
        foreach (var cells in all)
        {
            var faults = new RowFaults();
            if (RegisterColumns.Read(null, column => cells[column], _ => true, faults) is { } edit && register.Apply([edit], Rows.NoRules, faults) is { } change)
            {
                register = change.Register;
            }
        }

        return register;
    });

    private static Gen<ImmutableDictionary<string, string>> Cells() =>
        from id in Text()
        from name in Text()
        from profile in Gen.Elements("", "default")
        from groups in Text().ListOf()
        from secret in Text()
        from port in Gen.Choose(0, 5)
        from aliases in Text().ListOf()
        from note in Gen.Elements(Pieces.Append("\n").Append("\r\n").ToArray()).ListOf().Select(string.Concat)
        select ImmutableDictionary.CreateRange(new Dictionary<string, string>
        {
            [RegisterColumns.Id] = id,
            [RegisterColumns.Name] = name,
            [RegisterColumns.Profile] = profile,
            [RegisterColumns.Groups] = string.Join(';', groups.Distinct().Take(3)),
            [RegisterColumns.Secret] = secret,
            [RegisterColumns.Port] = port == 0 ? "" : $"{port}",
            [RegisterColumns.Aliases] = string.Join(';', aliases.Distinct().Take(3)),
            [RegisterColumns.Note] = note,
        });

    private static Gen<string> Text() => Gen.Elements(Pieces).ListOf().Select(pieces => string.Concat(pieces.Take(6)));
}
