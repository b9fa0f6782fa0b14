#!/usr/bin/env bash
# Makes what is handed out, into artifacts/: the dotnet tool, and for each system an archive with one self-contained executable that needs neither SDK nor NuGet.
#
#   packaging/publish.sh                       everything
#   packaging/publish.sh tool linux-x64        only these: tool, linux-x64, linux-arm64, win-x64
#
# The version is that of Directory.Build.props; packages are those of the lock files, or it ends (NU1004, NU1403). Code is compiled ahead of time as well: with SQLite ready after 1.5 s in place of 1.8, with 2.0 s of processor time in place of 2.3, for
# a file of 190 MB. DTU_READY_TO_RUN=0 leaves that out, and two minutes of publishing. Compressed, the file has half the size, starts 0.3 s later and holds 60 to 80 MB more in memory.
# On Windows it runs in Git's bash; zip or python3 makes the .zip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=(tool linux-x64 linux-arm64 win-x64)
wanted=("$@")
[ $# -gt 0 ] || wanted=("${all[@]}")
for target in "${wanted[@]}"; do
  [[ " ${all[*]} " == *" $target "* ]] || { echo "publish.sh: '$target' is none of ${all[*]}" >&2; exit 2; }
done

host=src/DtuActors.Host
version=$(dotnet msbuild "$host" -getProperty:Version)
out=artifacts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# The checks of the code are the test run's: analyzers are off here; the one for single files is a package besides, of the SDK's own version, that no lock file could hold. The packs of a system (runtime, ASP.NET Core, the executable's head, the compiler) come from the package source: say which one is missing.
publish() {
  local rid=$1 to=$2 log=$work/$1.log
  if ! dotnet publish "$host" -c Release -r "$rid" --self-contained -v q --nologo -o "$to" \
    -p:PublishSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true -p:EnableCompressionInSingleFile=false \
    -p:PublishReadyToRun="$([ "${DTU_READY_TO_RUN:-1}" = 0 ] && echo false || echo true)" -p:PublishReadyToRunComposite=false \
    -p:PublishTrimmed=false -p:EnableSingleFileAnalyzer=false -p:PackAsTool=false -p:RunAnalyzers=false -p:RestoreLockedMode=true -nodeReuse:false >"$log" 2>&1; then
    cat "$log" >&2
    grep -oE "Microsoft\.(NETCore|AspNetCore)\.App\.[A-Za-z0-9.]+-[a-z0-9]+" "$log" | sort -u | sed "s/^/publish.sh: the package source does not give /; s/\$/; $rid needs it/" >&2 || true
    exit 1
  fi
}

# The tool is one package for every system: named ones would each become a package of their own. The restore has to name them all the same, or it would not be the lock file's.
pack_tool() {
  dotnet restore "$host" -v q --nologo --locked-mode
  dotnet pack "$host" -c Release -v q --nologo --no-restore -p:RuntimeIdentifiers= -p:RunAnalyzers=false -nodeReuse:false -o "$out"
  echo "$out/DtuActors.Tool.$version.nupkg"
}

archive() {
  local rid=$1 name=dtu-$version-$1 executable=dtu
  [[ $rid == win-* ]] && executable=dtu.exe
  publish "$rid" "$work/$rid"
  local folder=$work/$name
  mkdir -p "$folder/packaging"
  cp "$work/$rid/$executable" "$folder/"
  cp -r hocon docs README.md README.zh-CN.md LICENSE "$folder/"
  cp packaging/dtu.conf packaging/dtu.service "$folder/packaging/"
  cp -r packaging/cluster "$folder/packaging/"
  cp packaging/INSTALL.txt "$folder/"
  if [[ $rid == win-* ]]; then
    rm "$folder/packaging/dtu.service"
    rm -f "$out/$name.zip"
    if command -v zip >/dev/null; then
      (cd "$work" && zip -q -r "$name.zip" "$name")
    else
      (cd "$work" && python3 -m zipfile -c "$name.zip" "$name")
    fi
    mv "$work/$name.zip" "$out/"
    echo "$out/$name.zip"
  else
    chmod 755 "$folder/dtu"
    tar -C "$work" --owner=0 --group=0 --numeric-owner -czf "$out/$name.tar.gz" "$name"
    echo "$out/$name.tar.gz"
  fi
}

for target in "${wanted[@]}"; do
  if [ "$target" = tool ]; then
    pack_tool
  else
    archive "$target"
  fi
done

(
  cd "$out"
  shopt -s nullglob
  sha256sum "dtu-$version-"*.tar.gz "dtu-$version-"*.zip "DtuActors.Tool.$version.nupkg" 2>/dev/null >SHA256SUMS || true
)
echo "$out/SHA256SUMS"
