using System.Globalization;
using System.Net;
using System.Text;
using DtuActors.Configuration.Hocon;

namespace DtuActors.Configuration;

/// <summary>The commented file that <c>dtu init</c> writes.</summary>
public static class InitTemplate
{
    /// <summary>The id that stands where nobody knows the user's yet.</summary>
    private const string ExampleId = "13800138000";

    /// <summary>
    /// A <c>dtu.conf</c> that passes <c>dtu check</c>. Throws <see cref="ArgumentException"/> for a preset that does not exist.
    /// </summary>
    /// <param name="preset">A name of <see cref="Presets"/>, or null for a bare text as registration.</param>
    /// <param name="listen">Where DTUs arrive; null: every interface, port 9000.</param>
    /// <param name="comPort"><c>COM3</c>, <c>/dev/ttyUSB0</c>, or null for an endpoint in comments.</param>
    public static string Render(string? preset, IPEndPoint? listen, string? comPort)
    {
        var found = preset is null ? null : Presets.Find(preset) ?? throw new ArgumentException($"no preset '{preset}'; there are {string.Join(", ", Presets.Names)}", nameof(preset));
        var (address, port) = (listen?.Address ?? IPAddress.Any, listen?.Port ?? 9000);
        var profile = found?.Name ?? "default";
        var mark = comPort is null ? "#" : "";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            # DtuActors. Check with: dtu check -c dtu.conf     Start with: dtu run -c dtu.conf
            # hocon/reference.conf describes every key; what is left out here has its default.
            dtu {
              node { data-dir = "data" }

              # Where DTUs arrive: enter this machine's address and this port as the data centre in the DTU.
              listeners {
                main { transport = tcp, address = "{{address}}", port = {{port}}, profile = {{profile}} }
              }


            """);
        if (found is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                  # {{found.Description}}
                  profiles {
                    {{found.Name}} { preset = {{found.Name}} }
                  }


                """);
        }

        text.Append(CultureInfo.InvariantCulture, $$"""
              # open: whoever registers validly; listed: only those under dtus or in the register.
              admission = open
              dtus {
                "{{ExampleId}}" { name = "my first DTU" }     # the id your DTU registers with; leading zeros stay
              }

              # The serial line that your software opens, or has open at its other end.
              endpoints {
                {{mark}}com { kind = serial, device = {{HoconText.Quote(comPort ?? "/dev/ttyUSB0")}}, baud = 9600, data-bits = 8, parity = none, stop-bits = 1 }
              }

              # Who talks to whom.
              routes = [
                {{mark}}{ dtu = "{{ExampleId}}", to = com }
              ]

              # The API and the metrics, on this machine only. Any other address needs api-keys.
              http { address = "127.0.0.1", port = 8080 }
            }

            """);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
