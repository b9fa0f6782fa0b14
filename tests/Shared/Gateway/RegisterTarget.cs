using System.Text;
using CsvHelper;
using DtuActors.Configuration;
using DtuActors.Registering;

namespace DtuActors.Tests.Shared.Gateway;

/// <summary>
/// The register's CSV file fuzzed: any bytes are rows or told faults; what came in goes out in every encoding and comes in as the same; and no cell that goes out is a
/// formula to a spreadsheet.
/// </summary>
internal static class RegisterTarget
{
    public const string Name = "register";

    private const int MostRows = 40;

    private static readonly RegisterRules Rules = new(ConfigurationLoader.LoadTexts([("f.conf", "dtu.profiles.usr { preset = usr }\n")], ".", static _ => null).Options!);

    public static IEnumerable<byte[]> Seeds()
    {
        string[] texts =
        [
            "id,name,profile,groups,secret,port,aliases,note\r\n13800138000,泵站,usr,east;west,s3cret,9001,x;y,\"two\r\nlines\"\r\n",
            "id;name\n\"7\";\"a \"\"b\"\"\"\n8\n\n9;c;\n", "id\tport\n'=1\t5\n=2\t6\n", "\uFEFFName , ID \n a , b \n", "id,name\n1.38E+10,x\n,y\nz,\"open\n", "sep=,\nid\n1\n",
            "id,note\n+7,-1\n@x,'quoted\n'',=\n",
        ];
        return texts.SelectMany((text, i) => (byte[][])
        [
            FuzzInput.Write(i % 3, false, [], Encoding.UTF8.GetBytes(text)),
            FuzzInput.Write(0, false, [], i % 2 == 0 ? CsvText.Encode(text, CsvText.Gb18030) : [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]),
        ]);
    }

    public static void Run(FuzzInput input)
    {
        var faults = new RowFaults();
        var text = CsvText.Decode(input.Stream, CsvText.ReadAs[input.Settings % CsvText.ReadAs.Length], faults);
        BrokenPromiseException.Unless(text is null == faults.Count > 0, "bytes are a text, or a fault is told");
        if (text is null)
        {
            return;
        }

        var edits = RegisterCsv.Read(text, MostRows, faults);
        BrokenPromiseException.Unless(edits.Length <= MostRows, "rows are bounded");
        var change = Register.Empty.Apply(edits, Rules, faults);
        BrokenPromiseException.Unless(change is null == faults.Count > 0, "there is a register or a fault");
        BrokenPromiseException.Unless(faults.Told.Count <= RowFaults.MostTold && faults.Told.All(fault => fault.Detail.Length > 0 && fault.Row is null or >= 1), "faults are few, and say what and where");
        if (change is null)
        {
            return;
        }

        var file = RegisterCsv.Write(change.Register.Rows, withSecrets: true);
        using (var cells = CsvReader.FromText(file, new CsvReaderOptions { HasHeader = false }))
        {
            while (cells.Read())
            {
                BrokenPromiseException.Unless(
                    Enumerable.Range(0, cells.FieldCount).All(i => cells.GetString(i) is not ['=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠', ..]), $"no cell is a formula: {file}");
            }
        }

        foreach (var encoding in CsvText.WriteAs)
        {
            var again = new RowFaults();
            var read = CsvText.Decode(CsvText.Encode(file, encoding), encoding == CsvText.Gb18030 ? encoding : CsvText.Auto, again);
            var same = read is null ? null : change.Register.Apply(RegisterCsv.Read(read, MostRows, again), Rules, again);
            BrokenPromiseException.Unless(
                same?.Unchanged == change.Register.Count, $"what was written in {encoding} is read as the same: {string.Join("; ", again.Told)} in {file}");
        }
    }
}
