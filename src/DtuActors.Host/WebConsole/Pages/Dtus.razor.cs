using System.Collections.Frozen;
using System.Collections.Immutable;
using Akka.Actor;
using DtuActors.Configuration;
using DtuActors.Host.WebConsole.Fleet;
using DtuActors.Recording;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web.Virtualization;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Pages;

/// <summary>All DTUs: whatever their number, only the rows that are seen are asked for. The filters stand in the address, so that it can be sent.</summary>
public partial class Dtus
{
    private static readonly FrozenDictionary<string, DtuState> States = new Dictionary<string, DtuState>
    {
        ["online"] = DtuState.Online,
        ["conflict"] = DtuState.Conflict,
        ["sleeping"] = DtuState.Sleeping,
        ["offline"] = DtuState.Offline,
    }.ToFrozenDictionary();

    private Virtualize<DtuStatus>? _list;
    private DtuFilter _filter = new();
    private ImmutableArray<string> _groups = [];
    private ImmutableArray<string> _codecs = [];
    private DateTimeOffset _now;
    private Exception? _failure;
    private int _total;
    private bool _isRead;
    private bool _isAdmin;
    private bool _isQuiet;

    [SupplyParameterFromQuery(Name = "q")]
    private string? Text { get; set; }

    [SupplyParameterFromQuery]
    private string? State { get; set; }

    [SupplyParameterFromQuery]
    private string? Group { get; set; }

    [SupplyParameterFromQuery]
    private string? Codec { get; set; }

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    [Inject]
    private Operator Operator { get; set; } = null!;

    private bool IsFiltered => _filter != new DtuFilter();

    protected override async Task OnInitializedAsync()
    {
        _now = Time.GetUtcNow();
        _filter = Asked();
        Watch(null, Take);
        _isAdmin = await Operator.MayAsync(ApiRole.Admin);
    }

    protected override void OnParametersSet()
    {
        if (Asked() is var asked && asked != _filter)
        {
            _filter = asked;
            RefreshSoon();
        }
    }

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        _now = Time.GetUtcNow();
        var counts = await Gateway.FleetCountsAsync(gone);
        (_groups, _codecs) = (counts.Groups, counts.Codecs);
        _failure = null;
        if (_list is not null)
        {
            await _list.RefreshDataAsync();
        }

        _isQuiet = false;
        if (_failure is { } failure)
        {
            throw failure;
        }
    }

    // Frames pass by the thousand; their counts are shown once a second.
    protected override bool ShouldRender()
    {
        var isQuiet = _isQuiet;
        _isQuiet = false;
        return !isQuiet;
    }

    private DtuFilter Asked() => new(Given(Text), States.TryGetValue(State ?? "", out var state) ? state : null, Given(Group), Given(Codec));

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    // What the address says stays among the choices, whether or not anybody has it now.
    private static ImmutableArray<string> Choices(ImmutableArray<string> there, string? chosen) =>
        string.IsNullOrEmpty(chosen) || there.Contains(chosen) ? there : there.Add(chosen);

    private void Take(IReadOnlyList<FieldEvent> batch)
    {
        _isQuiet = true;
        if (batch.Any(happened => happened is DtuOnline or DtuOffline or EventsLost))
        {
            RefreshSoon();
        }
    }

    private async ValueTask<ItemsProviderResult<DtuStatus>> ProvideAsync(ItemsProviderRequest request)
    {
        try
        {
            var found = await Gateway.SearchDtusAsync(_filter, request.StartIndex, request.Count, request.CancellationToken);
            if (!_isRead || _total != found.Total)
            {
                (_isRead, _total) = (true, found.Total);
                StateHasChanged();
            }

            return new ItemsProviderResult<DtuStatus>(found.Items, found.Total);
        }
        catch (OperationCanceledException) when (request.CancellationToken.IsCancellationRequested)
        {
            // The list takes it for scrolled past only where it is told of its own token.
            throw new OperationCanceledException(request.CancellationToken);
        }
        catch (AskTimeoutException failure)
        {
            _failure = failure;
            return new ItemsProviderResult<DtuStatus>([], _total);
        }
    }

    private void Go(string name, string? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, Given(value)), replace: true);

    private string StateWord(string? state) => States.TryGetValue(state ?? "", out var known) ? FleetWords.Of(known, T).Word : Any("");

    private string Any(string? value) => string.IsNullOrEmpty(value) ? T["any", "全部"] : value;

    private async Task AddAsync()
    {
        var dialog = await Dialogs.ShowAsync<AddDtuDialog>(T["Add DTU", "添加 DTU"], Wide);
        if (await dialog.Result is { Canceled: false })
        {
            RefreshSoon();
        }
    }

    private async Task ImportAsync()
    {
        var dialog = await Dialogs.ShowAsync<ImportDialog>(T["Import CSV", "导入 CSV"], Wide);
        await dialog.Result;
        RefreshSoon();
    }

    private static DialogOptions Wide => new() { MaxWidth = MaxWidth.Medium, FullWidth = true, CloseButton = true };
}
