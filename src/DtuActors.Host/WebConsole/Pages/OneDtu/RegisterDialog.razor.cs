using DtuActors.Configuration;
using DtuActors.Host.Api;
using DtuActors.Protocol;
using DtuActors.Registering;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace DtuActors.Host.WebConsole.Pages.OneDtu;

/// <summary>Edits one row of the register by the rules of its columns. The secret is never shown.</summary>
public sealed partial class RegisterDialog : LivePage
{
    private static readonly string[] Columns =
        [RegisterColumns.Name, RegisterColumns.Profile, RegisterColumns.Groups, RegisterColumns.Port, RegisterColumns.Aliases, RegisterColumns.Note];

    private readonly Dictionary<string, string> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _faults = new(StringComparer.Ordinal);
    private string? _refused;
    private string? _secret;
    private bool _hasSecret;
    private bool _dropSecret;
    private bool _isRead;

    [CascadingParameter]
    public required IMudDialogInstance Dialog { get; set; }

    [Parameter, EditorRequired]
    public DtuId Id { get; set; }

    protected override TimeSpan RefreshEvery => Timeout.InfiniteTimeSpan;

    protected override async Task RefreshAsync(CancellationToken gone)
    {
        try
        {
            RegisterApi.RefuseConfigured(Id, Gateway.Options);
            var register = RegisterApi.Answer<Editing.Listed>(await Gateway.RegisterAsync(gone), Gateway.Options).Register;
            if (register.Find(Id) is { } row)
            {
                foreach (var column in Columns)
                {
                    _cells[column] = RegisterColumns.Write(row, column);
                }

                _hasSecret = row.Secret.Length > 0;
            }

            _isRead = true;
        }
        catch (RefusalException refused)
        {
            _refused = RefusedWords.Of(T, refused.Problem);
        }
    }

    private Task SaveAsync() => TryAsync(async () =>
    {
        _faults.Clear();
        _refused = null;
        var cells = new Dictionary<string, string>(_cells, StringComparer.Ordinal) { [RegisterColumns.Id] = Id.Value };
        if (_dropSecret || !string.IsNullOrEmpty(_secret))
        {
            cells[RegisterColumns.Secret] = _dropSecret ? "" : _secret!;
        }

        var faults = new RowFaults();
        if (RegisterColumns.Read(null, column => cells.GetValueOrDefault(column), _ => true, faults) is not { } edit)
        {
            Tell(faults.Told.Select(fault => (fault.Column, fault.Detail)));
            return;
        }

        try
        {
            await Operator.DoAsync(ApiRole.Admin, "put-dtu", Id.Value, string.Join(", ", cells.Keys.Where(column => column != RegisterColumns.Id)), async _ =>
            {
                RegisterApi.RefuseConfigured(Id, Gateway.Options);
                var applied = await RegisterApi.EditAsync(Gateway, [edit], dryRun: false, Gone);
                return applied.Added == 1 ? "added" : applied.Changed == 1 ? "changed" : "unchanged";
            });
        }
        catch (RefusalException refused)
        {
            _refused = RefusedWords.Of(T, refused.Problem);
            Tell((refused.Problem.Errors ?? []).Select(fault => (fault.Column, fault.Detail)));
            return;
        }

        Snackbar.Add(T["Saved", "已保存"], Severity.Success);
        Dialog.Close();
    });

    private void Tell(IEnumerable<(string? Column, string Detail)> faults)
    {
        foreach (var (column, detail) in faults)
        {
            if (column is null || !(column == RegisterColumns.Secret || Columns.Contains(column)))
            {
                _refused = detail;
            }
            else
            {
                _faults[column] = detail;
            }
        }
    }

    private string LabelOf(string column) => column switch
    {
        RegisterColumns.Name => T["Name", "名称"],
        RegisterColumns.Profile => T["Profile (empty: the listener's)", "配置模板（留空：使用监听的模板）"],
        RegisterColumns.Groups => T["Groups, with ; between them", "分组，以 ; 分隔"],
        RegisterColumns.Port => T["Port (1 to 65535)", "端口（1–65535）"],
        RegisterColumns.Aliases => T["Aliases: other ids it presents itself under, with ; between them", "别名：注册时使用的其他编号，以 ; 分隔"],
        _ => T["Note", "备注"],
    };
}
