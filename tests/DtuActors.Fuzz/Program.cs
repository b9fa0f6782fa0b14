using SharpFuzz;

// dtu-fuzz TARGET < FILE        one input; under afl-fuzz, one after the other
// dtu-fuzz TARGET FILE...       saved inputs again, with the promise that each breaks
// dtu-fuzz --list               the targets
// dtu-fuzz --corpus DIRECTORY   inputs to begin with, a folder for each target
const int BrokenPromise = 1;
const int UsageError = 2;

// Instrumented code writes to memory that exists only inside Run, so under afl-fuzz nothing of it may be touched before, not even a list of names.
if (args is [var fuzzed] && Environment.GetEnvironmentVariable("__AFL_SHM_ID") is not null)
{
    // In a process of its own, so that afl-fuzz can end one that hangs.
    Fuzzer.OutOfProcess.Run(stream => AllTargets.Run(fuzzed, ReadAll(stream)));
    return 0;
}

switch (args)
{
    case ["--list"]:
        Console.WriteLine(string.Join('\n', AllTargets.Names));
        return 0;
    case ["--corpus", var directory]:
        WriteCorpus(directory);
        return 0;
    case [var target, ..] when !target.StartsWith('-') && !AllTargets.Names.Contains(target):
        Console.Error.WriteLine($"dtu-fuzz: no target '{target}'; there are {string.Join(", ", AllTargets.Names)}");
        return UsageError;
    case [var target] when !target.StartsWith('-'):
        using (var input = Console.OpenStandardInput())
        {
            return Holds(target, "standard input", ReadAll(input)) ? 0 : BrokenPromise;
        }

    case [var target, .. var files] when !target.StartsWith('-'):
        if (Array.Find(files, file => !File.Exists(file)) is { } missing)
        {
            Console.Error.WriteLine($"dtu-fuzz: no file {missing}");
            return UsageError;
        }

        return Array.ConvertAll(files, file => Holds(target, file, File.ReadAllBytes(file))).Contains(false) ? BrokenPromise : 0;
    default:
        Console.Error.WriteLine("usage: dtu-fuzz TARGET [FILE...] | --list | --corpus DIRECTORY");
        return UsageError;
}

static byte[] ReadAll(Stream stream)
{
    using var memory = new MemoryStream();
    stream.CopyTo(memory);
    return memory.ToArray();
}

static void WriteCorpus(string directory)
{
    foreach (var target in AllTargets.Names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(directory, target.Replace(':', '_'))).FullName;
        foreach (var (i, seed) in AllTargets.Seeds(target).Index())
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i:00}.bin"), seed);
        }
    }
}

static bool Holds(string target, string source, byte[] input)
{
    try
    {
        AllTargets.Run(target, input);
        Console.WriteLine($"{source}: every promise holds");
        return true;
    }
    catch (Exception broken)
    {
        Console.WriteLine($"{source}: {broken}");
        return false;
    }
}
