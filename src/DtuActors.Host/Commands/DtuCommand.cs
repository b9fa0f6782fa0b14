using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace DtuActors.Host.Commands;

/// <summary>A command with examples, which its help shows.</summary>
internal sealed class ExampledCommand : Command
{
    public ExampledCommand(string name, string description, params string[] examples)
        : base(name, description) => Examples = examples;

    public IReadOnlyList<string> Examples { get; }
}

/// <summary>The whole command line, and what is the same for all of it: help with examples, and exit code 2 for wrong usage.</summary>
internal static class DtuCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = Create();

        // An id may begin with '@': no response files.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var isAskedForWords = root.Directives.OfType<SuggestDirective>().Any(suggest => parsed.GetResult(suggest) is not null);
        if (parsed.Action is ParseErrorAction || (parsed.Errors.Count > 0 && parsed.Action is not HelpAction and not HelpWithExamples && !isAskedForWords))
        {
            foreach (var error in parsed.Errors)
            {
                // A list of choices comes in lines of its own.
                Terminal.Fault(string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
            }

            SayUsage(parsed.CommandResult.Command);
            return ExitCodes.Usage;
        }

        // Each command ends itself on a signal, within its own time.
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>The whole tree.</summary>
    internal static RootCommand Create()
    {
        var root = new RootCommand("The server side of DTUs: between devices in the field and COM ports, TCP ports and Modbus masters here.")
        {
            RunCommand.Create(),
            DemoCommand.Create(),
            ClusterDemoCommand.Create(),
            InitCommand.Create(),
            CheckCommand.Create(),
            PresetsCommand.Create(),
            SimulateCommand.Create(),
            LsCommand.Create(),
            ShowCommand.Create(),
            SendCommand.Create(),
            RequestCommand.Create(),
            PutCommand.Create(),
            GetCommand.Create(),
            KickCommand.Create(),
            WatchCommand.Create(),
            HistoryCommand.Create(),
            ArchivesCommand.Create(),
            CaptureCommand.Create(),
            AttachCommand.Create(),
            ScanCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            GuessCommand.Create(),
            DecodeCommand.Create(),
            CompletionCommand.Create(),
            HealthCommand.Create(),
            ServiceCommand.Create(),
        };
        // dtu --help, or nothing at all, is for somebody who begins.
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.SetAction(_ =>
        {
            Terminal.Fault("a command is needed; dtu --help lists them, dtu demo shows one at work");
            return ExitCodes.Usage;
        });
        return root;
    }

    private static void SayUsage(Command command)
    {
        var path = string.Join(' ', Path(command).Reverse());
        if (command is ExampledCommand { Examples: [var example, ..] })
        {
            Console.Error.WriteLine($"right would be: {example}");
        }

        Console.Error.WriteLine($"see: {path} --help");
    }

    private static IEnumerable<string> Path(Command command)
    {
        for (Symbol? symbol = command; symbol is Command named; symbol = symbol.Parents.FirstOrDefault())
        {
            yield return named is RootCommand ? "dtu" : named.Name;
        }
    }

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            var examples = parseResult.CommandResult.Command is ExampledCommand exampled ? exampled.Examples : ["dtu demo", "dtu init && dtu run -c dtu.conf"];
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
            foreach (var example in examples)
            {
                output.WriteLine($"  {example}");
            }

            return code;
        }
    }
}
