using System.Text;
using DtuActors.Archives;
using DtuActors.Protocol;

namespace DtuActors.Tests.Archives;

public sealed class ArchivePathTests
{
    [Theory]
    [InlineData("13800138000", "13800138000")]
    [InlineData("wtp-07.a_b", "wtp-07.a_b")]
    [InlineData("七号泵站", "七号泵站")]
    [InlineData("..", "%2E%2E")]
    [InlineData(".hidden.", "%2Ehidden%2E")]
    [InlineData("tenant/a", "tenant%2Fa")]
    [InlineData("a\\b:c*?\"<>|", "a%5Cb%3Ac%2A%3F%22%3C%3E%7C")]
    [InlineData("a b%~", "a%20b%25%7E")]
    [InlineData("con", "%63on")]
    [InlineData("COM1.x", "%43OM1.x")]
    public void An_id_is_a_files_name_wherever_it_goes(string id, string name) => Assert.Equal(name, ArchivePath.FileName(DtuId.Parse(id)));

    [Fact]
    public void A_long_id_is_cut_and_still_nobody_elses()
    {
        var ids = new[] { new string('x', 128), new string('x', 127) + "y", new string('站', 127) + "一", new string('站', 127) + "二", new string('?', 128), new string('?', 127) + "!" };
        var names = ids.Select(id => ArchivePath.FileName(DtuId.Parse(id))).ToList();
        Assert.Equal(ids.Length, names.Distinct().Count());
        Assert.All(names, name => Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, 120));
        Assert.Equal(names[0], ArchivePath.FileName(DtuId.Parse(ids[0])));
    }

    [Fact]
    public void A_path_has_the_day_and_the_id_and_an_id_that_looks_like_a_day_changes_nothing()
    {
        Assert.Equal("2026-05-04/p/p.csv", ArchivePath.Of("{date}/{dtu}/{dtu}.csv", DtuId.Parse("p"), new DateOnly(2026, 5, 4)));
        Assert.Equal("2026-05-04/%7Bdate%7D.csv", ArchivePath.Of("{date}/{dtu}.csv", DtuId.Parse("{date}"), new DateOnly(2026, 5, 4)));
        Assert.Equal(("a/b", null), (ArchivePath.FolderOf("a/b/c"), ArchivePath.FolderOf("c")));
    }
}
