using System.Text;
using DtuActors.Host.Commands;

// Names are Chinese as often as not, and a Windows console starts in a code page.
if (OperatingSystem.IsWindows())
{
    Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
}

return await DtuCommand.RunAsync(args);
