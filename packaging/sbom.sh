#!/usr/bin/env bash
# Says what is in what is handed out, into artifacts/: every package with its version, hash and licence as CycloneDX (https://cyclonedx.org), and the licences as a list.
#
#   packaging/sbom.sh
#
# The tool comes with the repository's tool manifest; the list needs python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=src/DtuActors.Host/DtuActors.Host.csproj
version=$(dotnet msbuild "$host" -getProperty:Version)
out=artifacts
mkdir -p "$out"

dotnet tool restore >/dev/null
dotnet restore "$host" --locked-mode -v q
dotnet tool run dotnet-CycloneDX "$host" --exclude-test-projects --disable-package-restore --output "$out" --filename "dtu-$version.cdx.json" --output-format Json --set-name dtu --set-version "$version" >/dev/null
echo "$out/dtu-$version.cdx.json"

python3 - "$out/dtu-$version.cdx.json" >"$out/dtu-$version-licences.txt" <<'PY'
import json, sys
for component in sorted(json.load(open(sys.argv[1], encoding="utf-8-sig"))["components"], key=lambda one: one["name"].lower()):
    if component["type"] != "library" or component["name"].startswith("DtuActors"):
        continue
    licences = [given.get("expression") or given.get("license", {}).get("id") or given.get("license", {}).get("name") or given.get("license", {}).get("url") for given in component.get("licenses", [])]
    print(component["name"], component.get("version", ""), " ".join(sorted(filter(None, licences))) or "not stated", sep="\t")
PY
echo "$out/dtu-$version-licences.txt"
