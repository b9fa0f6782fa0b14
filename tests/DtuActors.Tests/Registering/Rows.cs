using System.Collections.Immutable;
using DtuActors.Configuration;
using DtuActors.Protocol;
using DtuActors.Registering;

namespace DtuActors.Tests.Registering;

/// <summary>Rows and files for the register's tests.</summary>
internal static class Rows
{
    public static readonly RegisterRules NoRules = new(Options.Gateway());

    public static RegisteredDtu Dtu(string id, int port = 0, string secret = "", string profile = "", params string[] aliases) => new()
    {
        Id = DtuId.Parse(id), Port = port, Secret = secret, Profile = profile, Aliases = [.. aliases],
    };

    /// <summary>The edits of a file without faults.</summary>
    public static ImmutableArray<DtuEdit> Read(string text)
    {
        var faults = new RowFaults();
        var edits = RegisterCsv.Read(text, 100_000, faults);
        Assert.Empty(faults.Told);
        return edits;
    }

    /// <summary>A register made of a file.</summary>
    public static Register Of(string text) => Register.Empty.Import(text);

    public static Register Import(this Register register, string text, RegisterRules? rules = null)
    {
        var faults = new RowFaults();
        var change = register.Apply(Read(text), rules ?? NoRules, faults);
        Assert.Empty(faults.Told);
        return change!.Register;
    }

    /// <summary>The faults of a file against a register, as <c>ROW/COLUMN: DETAIL</c>.</summary>
    public static string[] Faults(string text, Register? register = null, GatewayOptions? options = null)
    {
        var faults = new RowFaults();
        var edits = RegisterCsv.Read(text, (options ?? Options.Gateway()).Storage.MaxKnown, faults);
        var change = (register ?? Register.Empty).Apply(edits, new RegisterRules(options ?? Options.Gateway()), faults);
        Assert.Equal(faults.Count == 0, change is not null);
        return [.. faults.Told.Select(fault => $"{fault.Row}/{fault.Column}: {fault.Detail}")];
    }
}
