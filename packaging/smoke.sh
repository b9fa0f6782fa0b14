#!/usr/bin/env bash
# Takes one archive of publish.sh apart in an empty folder and runs what is in it with nothing of this machine's environment: no PATH, no HOME, no .NET.
#   packaging/smoke.sh artifacts/dtu-VERSION-linux-x64.tar.gz
set -euo pipefail
archive=$(realpath "$1")
work=$(mktemp -d)
gateway=
trap '[ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
tar xzf "$archive"
cd dtu-*
dtu() { env -i DOTNET_BUNDLE_EXTRACT_BASE_DIR="$work/native" ./dtu "$@"; }

dtu --version
cat >smoke.conf <<'CONF'
dtu {
  listeners { main { transport = tcp, address = "127.0.0.1", port = 0 } }
  profiles { default { text-encoding = gb18030 } }
  http { address = "127.0.0.1", port = 0 }
}
CONF
dtu check -c smoke.conf
for example in hocon/examples/*.conf; do
  dtu check -c "$example"
done

started=$(date +%s%N)
env -i DOTNET_BUNDLE_EXTRACT_BASE_DIR="$work/native" ./dtu run -c smoke.conf >lines 2>log &
gateway=$!
for _ in $(seq 600); do
  grep -qx ready lines && break
  kill -0 "$gateway" 2>/dev/null || { cat lines log; echo "smoke.sh: dtu run ended before it was ready"; exit 1; }
  sleep 0.1
done
grep -qx ready lines || { cat lines log; echo "smoke.sh: not ready within 60 s"; exit 1; }
echo "ready after $((($(date +%s%N) - started) / 1000000)) ms"
url=http://$(sed -n 's/^listening http http //p' lines)
dtu health --url "$url"
dtu ls --url "$url"
[ -s data/dtu.db ] || { echo "smoke.sh: no database"; exit 1; }
if command -v curl >/dev/null; then
  # Into files: grep -q leaves a pipe early, and curl would call that a failure.
  curl -fsS "$url/openapi/v1.json" >openapi.json && grep -q '"openapi"' openapi.json || { echo "smoke.sh: no OpenAPI document"; exit 1; }
  curl -fsS "$url/" >console.html && grep -qi '<html' console.html || { echo "smoke.sh: no console page"; exit 1; }
fi
kill -TERM "$gateway"
wait "$gateway" || { echo "smoke.sh: dtu run ended with $?"; exit 1; }
gateway=
echo "smoke.sh: $(basename "$archive") runs"
