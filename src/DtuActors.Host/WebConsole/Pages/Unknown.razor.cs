using System.Collections.Immutable;
using System.Text.RegularExpressions;
using DtuActors.Host.WebConsole.Fleet;
using DtuActors.Protocol.Detection;
using DtuActors.Writing;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Pages;

/// <summary>Who knocked and was not let in, with what these bytes may be, and the way in: a profile made from them.</summary>
public partial class Unknown
{
    private const int MostGuesses = 2;

    private readonly Dictionary<RefusedConnection, string> _guesses = new(ReferenceEqualityComparer.Instance);
    private ImmutableArray<RefusedConnection> _refused = [];
    private DateTimeOffset _now;
    private string _pasted = "";
    private string? _fault;

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    protected override TimeSpan RefreshEvery => TimeSpan.FromSeconds(2);

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        _refused = await Gateway.UnknownAsync(gone);
        _now = Time.GetUtcNow();
        var there = new HashSet<RefusedConnection>(_refused, ReferenceEqualityComparer.Instance);
        foreach (var past in _guesses.Keys.Where(known => !there.Contains(known)).ToList())
        {
            _guesses.Remove(past);
        }
    }

    // As people copy it out of logs and programs.
    [GeneratedRegex(@"0[xX]|\\x|[,;:{}()\[\]""'-]")]
    private static partial Regex Between();

    private string Guessed(RefusedConnection refused)
    {
        if (!_guesses.TryGetValue(refused, out var words))
        {
            words = string.Join(", ", Detector.Guess(refused.FirstBytes.Span).Take(MostGuesses).Select(guess => $"{guess.Name} {FleetWords.Percent(guess.Confidence)}"));
            _guesses.Add(refused, words);
        }

        return words;
    }

    private Task PasteAsync()
    {
        if (!HexText.TryParse(Between().Replace(_pasted, " "), out var bytes, out var problem))
        {
            _fault = problem;
            return Task.CompletedTask;
        }

        _fault = null;
        return MakeAsync(bytes, null);
    }

    private async Task MakeAsync(ReadOnlyMemory<byte> bytes, string? listener) => await Dialogs.ShowAsync<ProfileDialog>(
        T["Make a profile from these bytes", "用这些字节生成配置模板"],
        new DialogParameters<ProfileDialog> { { dialog => dialog.Bytes, bytes }, { dialog => dialog.Knocked, listener } },
        new DialogOptions { MaxWidth = MaxWidth.Large, FullWidth = true, CloseButton = true });
}
