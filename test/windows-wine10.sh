#!/usr/bin/env bash
# test/windows.sh in the Wine of Debian 13, for the Nodes that do not start in that of Debian 12:
# test/windows-wine10.sh 24. As root. Some hundred MB are downloaded once, into .trixie/, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."
trixie="$PWD/.trixie"

if [ ! -f "$trixie/evenkeel-ready" ]; then
  if ! command -v mmdebstrap >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
  fi
  rm -rf --one-file-system "$trixie" # what an interrupted run left
  mmdebstrap --quiet --variant=apt --include=wine,wine64 trixie "$trixie"
  mkdir -p "$trixie$PWD"
  touch "$trixie/evenkeel-ready"
fi

# The mounts end with this process and those it starts.
if [ -z "${EVENKEEL_MOUNTS_ARE_OWN-}" ]; then
  EVENKEEL_MOUNTS_ARE_OWN=1 exec unshare --mount "$0" "$@"
fi
for folder in /proc /sys /dev /tmp "$PWD"; do mount --bind "$folder" "$trixie$folder"; done

# Whoever calls wine gets that one.
bin="$trixie/evenkeel-bin"
mkdir -p "$bin"
for command in wine wineboot winecfg wineserver; do
  printf '#!/bin/sh\nexec chroot "%s" env -C "$PWD" PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/tmp %s "$@"\n' "$trixie" "$command" > "$bin/$command"
  chmod +x "$bin/$command"
done
EVENKEEL_WINEPREFIX="$PWD/.wine10" PATH="$bin:$PATH" test/windows.sh "$@"
