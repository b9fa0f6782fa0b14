using DtuActors.Configuration;
using DtuActors.Integration.Tests.Harness;
using DtuActors.Tests.Sockets;

namespace DtuActors.Integration.Tests.Archives;

/// <summary>ProFTPD with an account of its own file: the system's accounts and its PAM are not asked.</summary>
public class ProFtpd : ArchiveServer
{
    internal override ServerTargetOptions Options =>
        new FtpTargetOptions { Host = "127.0.0.1", Port = Port, Username = User, Password = Password, Timeout = TimeSpan.FromSeconds(20) };

    protected override string Program => "proftpd";

    /// <summary>Whether it goes on with what was begun, which it does not of itself.</summary>
    protected virtual bool Restarts => true;

    protected override (string Program, string[] Arguments) Command(string found) => (found, ["-n", "-c", Path.Combine(Folder, "proftpd.conf")]);

    protected override async Task ConfigureAsync()
    {
        var users = Path.Combine(Folder, "users");
        await File.WriteAllTextAsync(users, $"{User}:{await PrintedAsync("openssl", "passwd", "-6", Password)}:{Nobody}:{Nobody}::{Home}:/bin/false\n");

        // It reads no such file that others may read.
        await SystemTool.RunAsync("chmod", "600", users);
        var passive = FreePorts.Row(20);
        await File.WriteAllTextAsync(Path.Combine(Folder, "proftpd.conf"), $"""
            ServerType standalone
            DefaultServer on
            DefaultAddress 127.0.0.1
            UseReverseDNS off
            UseIPv6 off
            Port {Port}
            PassivePorts {passive} {passive + 19}
            User nobody
            Group nogroup
            AuthUserFile {users}
            AuthOrder mod_auth_file.c
            RequireValidShell off
            DefaultRoot ~
            AllowOverwrite on
            AllowStoreRestart {(Restarts ? "on" : "off")}
            DelayEngine off
            PidFile {Folder}/pid
            ScoreboardFile {Folder}/scoreboard
            SystemLog {Folder}/log
            TransferLog none
            WtmpLog off

            """);
    }
}

/// <summary>As Debian lays it: it does not go on with what was begun.</summary>
public sealed class ForgetfulProFtpd : ProFtpd
{
    protected override bool Restarts => false;
}
