#!/usr/bin/env bash
# Fuzzes everything that reads what others write, with AFL++ and SharpFuzz: codecs, envelopes, registrations, Modbus, a user's files, a broker's messages (dtu-fuzz --list).
#   run.sh [SECONDS_PER_TARGET] [SECONDS_IN_ALL]      5 seconds each unless told otherwise; fewer, where all of them would take longer than the second number
#   run.sh SECONDS_PER_TARGET "" TARGET...            only these
# One line for each target. Exit code 0 if no promise was broken, 1 with the path of the saved input if one was, 2 if it cannot run.
# Needs afl-fuzz (Debian: afl++). Saved inputs lie in artifacts/fuzz; `dtu-fuzz TARGET FILE` tells what is wrong with one. Once mended, keep it as
# findings/TARGET--WORDS.bin, with _ for the colon, of tests/DtuActors.Protocol.Tests or, what GatewayTargets.cs lists, of tests/DtuActors.Tests: a test runs it from then on.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-5} total=${2:-}
shift $(($# < 2 ? $# : 2))
if ! [[ $seconds =~ ^[1-9][0-9]*$ && $total =~ ^([1-9][0-9]*)?$ ]]; then
  echo "usage: run.sh [SECONDS_PER_TARGET] [SECONDS_IN_ALL] [TARGET...]" >&2
  exit 2
fi
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is not installed (Debian: apt-get install afl++)" >&2; exit 2; }

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 2' INT TERM

# Two copies: the instrumented one runs under afl-fuzz only.
{
  dotnet publish tests/DtuActors.Fuzz -c Release --nologo -o "$work/plain" && cp -r "$work/plain" "$work/app" &&
    dotnet tool restore && dotnet sharpfuzz "$work/app/DtuActors.Protocol.dll" && dotnet sharpfuzz "$work/app/DtuActors.dll"
} >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 2; }
mapfile -t targets < <("$work/plain/dtu-fuzz" --list)
for target in "$@"; do
  [[ " ${targets[*]} " == *" $target "* ]] || { echo "run.sh: no target '$target'; there are ${targets[*]}" >&2; exit 2; }
done
[ $# -eq 0 ] || targets=("$@")
"$work/plain/dtu-fuzz" --corpus "$work/corpus" || exit 2

at_once=$(nproc)
if [ -n "$total" ]; then
  # Starting a target and ending it takes about two seconds.
  fair=$((total * at_once / ${#targets[@]} - 2))
  [ "$fair" -ge "$seconds" ] || seconds=$((fair > 1 ? fair : 1))
fi
echo "${#targets[@]} targets, $seconds s each, $at_once at once"

# Containers let nobody set the CPU's governor or the core pattern, and dotnet is no binary that afl-fuzz could look for its marks in.
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_SKIP_BIN_CHECK=1 AFL_NO_AFFINITY=1

stat() { sed -n "s/^$2 *: *//p" "$1/default/fuzzer_stats" 2>/dev/null; }

keep() {
  local kept="artifacts/fuzz/$1--$(basename "$2" | tr -c 'A-Za-z0-9\n' '-').bin"
  mkdir -p artifacts/fuzz && cp "$2" "$kept" && echo "  saved as $PWD/$kept"
}

fuzz() {
  local target=$1 name=${1//:/_} out="$work/out/${1//:/_}" bad=0 file
  if ! timeout 60 "$work/plain/dtu-fuzz" "$target" "$work/corpus/$name"/* >"$out.seeds"; then
    echo "$target: an input to begin with fails"
    grep -v -e ': every promise holds$' -e '^   at ' "$out.seeds"
    return 1
  fi
  # An input is at most 4096 bytes and takes a few milliseconds at most; the first one compiles what it runs, and on a busy machine that takes seconds.
  if ! timeout -k 5 $((seconds + 60)) afl-fuzz -i "$work/corpus/$name" -o "$out" -V "$seconds" -t 10000 -m none -G 4096 -- "$work/app/dtu-fuzz" "$target" \
      >"$out.log" 2>&1 || [ -z "$(stat "$out" execs_done)" ]; then
    echo "$target: afl-fuzz failed"
    tail -n 20 "$out.log"
    return 1
  fi
  printf '%-26s %9s executions  %6.0f/s  %4s crashes  %3s hangs\n' \
    "$target" "$(stat "$out" execs_done)" "$(stat "$out" execs_per_sec)" "$(stat "$out" saved_crashes)" "$(stat "$out" saved_hangs)"
  # The first few tell enough: most are one fault.
  for file in $(ls -d "$out"/default/crashes/id* 2>/dev/null | head -n 3); do
    bad=1
    keep "$name" "$file"
    timeout 20 "$work/plain/dtu-fuzz" "$target" "$file" | sed -n '1s/^[^ ]* /  /p'
  done
  for file in "$out"/default/hangs/id*; do
    [ -e "$file" ] || continue
    # A machine that was busy for ten seconds is no endless loop.
    timeout 20 "$work/plain/dtu-fuzz" "$target" "$file" >/dev/null
    if [ $? -eq 124 ]; then
      bad=1
      keep "$name" "$file"
      break
    fi
  done
  return $bad
}

mkdir -p "$work/out"
failed=0 running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$at_once" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  fuzz "$target" >"$work/out/${target//:/_}.report" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
  wait -n || failed=1
  running=$((running - 1))
done
for target in "${targets[@]}"; do
  cat "$work/out/${target//:/_}.report"
done
exit $failed
