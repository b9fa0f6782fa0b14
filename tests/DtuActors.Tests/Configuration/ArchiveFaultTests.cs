using DtuActors.Configuration;

namespace DtuActors.Tests.Configuration;

public sealed class ArchiveFaultTests
{
    private const string Key = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDUPIBN0lcbeHWrLW4";
    private const string Folder = "kind = folder, folder = there";
    private const string Sftp = "kind = sftp, host = files.example.net, username = u";
    private const string Ftp = "kind = ftp, host = files.example.net, username = u, password = \"a b\"";

    [Fact]
    public void What_is_not_said_is_as_the_reference_says()
    {
        var archive = Options(Folder);
        Assert.Equal(("a", "dtu.archives.a", "*", ArchiveFormat.Csv, new TimeOnly(1, 0), TimeZoneInfo.Utc), (archive.Name, archive.KeyPath, archive.Dtu, archive.Format, archive.At, archive.TimeZone));
        Assert.Equal(("{date}/{dtu}.csv", 7, TimeSpan.FromSeconds(30), TimeSpan.FromHours(1), null), (archive.Path, archive.CatchUp, archive.RetryMin, archive.RetryMax, archive.On));
        Assert.Equal(Path.Combine(Conf.Folder, "there"), Assert.IsType<FolderTargetOptions>(archive.Target).Folder);
        Assert.Equal("{date}/{dtu}.pcapng", Options($"{Folder}, format = pcapng").Path);
        var sftp = Assert.IsType<SftpTargetOptions>(Options($"{Sftp}, password = \"p w\", host-key = \"{Key}=\"").Target);
        Assert.Equal((22, "p w", Key, TimeSpan.FromSeconds(30), null), (sftp.Port, sftp.Password, sftp.HostKey, sftp.Timeout, sftp.KeyFile));
        var ftp = Assert.IsType<FtpTargetOptions>(Options($"{Ftp}, plain = on, mode = active").Target);
        Assert.Equal((21, true), (ftp.Port, ftp.IsActive));
    }

    [Fact]
    public void An_alias_is_its_DTU_and_a_glob_stays()
    {
        Assert.Equal("d-1", Conf.Options($"dtu {{ dtus {{ d-1 {{ ids = [old] }} }}, archives.a {{ {Folder}, dtu = old }} }}").Archives[0].Dtu);
        Assert.Equal("pump-*", Options($"{Folder}, dtu = \"pump-*\"").Dtu);
    }

    [Theory]
    [InlineData("", "kind", "is missing")]
    [InlineData("kind = webdav", "kind", "none of its words")]
    [InlineData("kind = folder", "folder", "is missing")]
    [InlineData(Folder + ", host = h", "host", "unknown key")]
    [InlineData(Folder + ", at = \"24:00\"", "at", "a time of day")]
    [InlineData(Folder + ", at = \"1:00\"", "at", "a time of day")]
    [InlineData(Folder + ", format = xml", "format", "none of its words")]
    [InlineData(Folder + ", time-zone = \"Asia/Nowhere\"", "time-zone", "no time zone that this system knows")]
    [InlineData(Folder + ", time-zone = \"../../etc/passwd\"", "time-zone", "no time zone that this system knows")]
    [InlineData(Folder + ", path = \"{date}.csv\"", "path", "does not have both")]
    [InlineData(Folder + ", path = \"{dtu}.csv\"", "path", "does not have both")]
    [InlineData(Folder + ", path = \"/{date}/{dtu}.csv\"", "path", "is no path")]
    [InlineData(Folder + ", path = \"../{date}/{dtu}.csv\"", "path", "is no path")]
    [InlineData(Folder + ", path = \"{date}\\\\{dtu}.csv\"", "path", "is no path")]
    [InlineData(Folder + ", path = \"{date}/{dtu}/{name}.csv\"", "path", "is no path")]
    [InlineData(Folder + ", path = \"{date}/{dtu}.part\"", "path", "is no path")]
    [InlineData(Folder + ", path = \"{date}/{dtu}-01234567890123456789012345678901234567890123456789012345678901234567890123456789.csv\"", "path", "is too long")]
    [InlineData(Folder + ", catch-up = 367", "catch-up", "0 to 366")]
    [InlineData(Folder + ", retry { min = 2m, max = 1m }", "retry.max", "is less than min")]
    [InlineData(Folder + ", retry { min = 1ms }", "retry.min", "a duration from")]
    [InlineData(Folder + ", on = other", "on", "is another node")]
    [InlineData(Folder + ", on = one", "on", "is no node's name")]
    [InlineData(Ftp, "plain", "in the clear")]
    [InlineData(Ftp + ", plain = off", "plain", "in the clear")]
    [InlineData("kind = ftp, host = h, plain = on", "username", "is missing")]
    [InlineData(Ftp + ", plain = on, mode = epsv", "mode", "none of its words")]
    [InlineData(Ftp + ", plain = on, port = 0", "port", "1 to 65535")]
    [InlineData("kind = sftp, username = u, password = p, host-key = \"" + Key + "\"", "host", "is missing")]
    [InlineData(Sftp + ", password = p", "host-key", "is missing")]
    [InlineData(Sftp + ", password = p, host-key = \"SHA256:abc\"", "host-key", "is no fingerprint")]
    [InlineData(Sftp + ", password = p, host-key = \"MD5:00:11\"", "host-key", "is no fingerprint")]
    [InlineData(Sftp + ", host-key = \"" + Key + "\"", "password", "the account needs one of them")]
    [InlineData(Sftp + ", host-key = \"" + Key + "\", key-path = nowhere", "key-path", "there is no file")]
    [InlineData(Sftp + ", password = p, host-key = \"" + Key + "\", key-passphrase = x", "key-passphrase", "there is no key-path")]
    public void What_is_wrong_is_told_at_its_key(string text, string key, string problem)
    {
        var fault = Conf.Fault($"dtu.archives.a {{ {text} }}");
        Assert.Equal($"dtu.archives.a.{key}", fault.KeyPath);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_fingerprint_is_told_with_how_to_get_it()
    {
        var fault = Conf.Fault($"dtu.archives.a {{ {Sftp}, port = 2222, password = p }}");
        Assert.Contains("ssh-keyscan -p 2222 files.example.net | ssh-keygen -lf -", fault.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_stands_in_no_fault()
    {
        var fault = Conf.Fault($"dtu.archives.a {{ {Ftp}, plain = on, password = \"hush\\nhush\" }}");
        Assert.Equal("dtu.archives.a.password", fault.KeyPath);
        Assert.DoesNotContain("hush", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\".\"")]
    [InlineData("\"..\"")]
    [InlineData("\".a\"")]
    [InlineData("\"a/b\"")]
    [InlineData("con")]
    public void A_name_is_a_folders(string name) =>
        Assert.Contains("a folder is called so", Conf.Fault($"dtu.archives {{ {name} {{ {Folder} }} }}").Problem, StringComparison.Ordinal);

    [Fact]
    public void Two_names_that_differ_in_capitals_only_are_a_fault() =>
        Assert.Contains("is taken", Conf.Fault($"dtu.archives {{ a {{ {Folder} }}, A {{ {Folder} }} }}").Problem, StringComparison.Ordinal);

    [Fact]
    public void A_hundred_archives_are_taken_and_no_more()
    {
        Conf.Options($"dtu.archives {{ {Many(100)} }}");
        Assert.Contains("more than 100 archives", Conf.Fault($"dtu.archives {{ {Many(101)} }}").Problem, StringComparison.Ordinal);

        static string Many(int count) => string.Join(", ", Enumerable.Range(1, count).Select(number => $"a{number} {{ {Folder} }}"));
    }

    [Fact]
    public void What_nothing_stores_can_not_be_carried() =>
        Assert.Equal("dtu.archives", Conf.Fault($"dtu {{ storage.provider = none, archives.a {{ {Folder} }} }}").KeyPath);

    [Fact]
    public void In_a_cluster_its_node_has_to_be_said()
    {
        const string Cluster = "dtu { node.name = n1, storage.provider = postgresql, storage.connection = \"Host=h;Database=d\", cluster { enabled = on, seed-nodes = [\"127.0.0.1:4053\"] }, archives.a { kind = folder, folder = there ON } }";
        Assert.Equal("dtu.archives.a.on", Conf.Fault(Cluster.Replace("ON", "", StringComparison.Ordinal)).KeyPath);
        Assert.Equal("n2", Conf.Options(Cluster.Replace("ON", ", on = n2", StringComparison.Ordinal)).Archives[0].On);
    }

    [Fact]
    public void A_reload_applies_what_changed_and_nothing_of_it_needs_a_restart()
    {
        var change = OptionsChange.Between(
            Conf.Options($"dtu.archives {{ a {{ {Folder} }}, b {{ {Folder} }}, c {{ {Folder} }} }}"),
            Conf.Options($"dtu.archives {{ b {{ {Folder}, at = \"02:00\" }}, c {{ {Folder} }}, d {{ {Folder} }} }}"));
        Assert.Equal(("d", "a", "b", 1), (change.Archives.Added.Single(), change.Archives.Removed.Single(), change.Archives.Changed.Single(), change.Archives.Unchanged));
        Assert.Empty(change.NeedRestart);
        Assert.False(change.IsEmpty);
    }

    private static ArchiveOptions Options(string text) => Assert.Single(Conf.Options($"dtu.archives.a {{ {text} }}").Archives);
}
