#!/usr/bin/env bash
# examples/evenkeel.service and evenkeel.socket under a real systemd: test/systemd-live.sh [--debian RELEASE]
# As root, on Linux, after `npm run compile`. systemd is booted as PID 1 of namespaces of its own (processes, mounts, network, host name, IPC,
# cgroups), over a copy of this machine's files that is gone afterwards. With --debian in that release's files instead,
# and so with its systemd (trixie: 257): some hundred MB are downloaded once, into .debian/, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "SKIPPED: the units under a real systemd ($*)"
  exit 0
}

[ "$(uname -s)" = Linux ] || skip 'this is not Linux'
[ "$(id -u)" = 0 ] || skip 'namespaces and mounts need root'

files=/
if [ "${1-}" = --debian ]; then
  files="$PWD/.debian/$2"
  if [ ! -f "$files/evenkeel-ready" ]; then
    if ! command -v mmdebstrap >/dev/null; then
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
    fi
    rm -rf --one-file-system "$files" # what an interrupted run left
    mkdir -p "$files"
    mmdebstrap --quiet --variant=apt --include=systemd,systemd-sysv,libstdc++6,iproute2 "$2" "$files"
    touch "$files/evenkeel-ready"
  fi
fi
[ -x "$files/lib/systemd/systemd" ] || skip "there is none: apt-get install systemd, or --debian trixie"

# The mounts end with this process and those it starts.
if [ -z "${EVENKEEL_MOUNTS_ARE_OWN-}" ]; then
  unshare --mount true 2>/dev/null || skip 'mounts of its own are not permitted here'
  EVENKEEL_MOUNTS_ARE_OWN=1 exec unshare --mount "$0" "$@"
fi

machine=$(mktemp -d)
cgroup='' init=''
finish() {
  # PID 1 takes everything in its namespace along.
  [ -z "$init" ] || kill -KILL "$init" || true
  wait
  if [ -n "$cgroup" ]; then
    # The kernel takes the processes out of a cgroup a moment after they have ended.
    for _ in $(seq 100); do
      find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.05
    done
    umount "$machine/cgroup"
  fi
  ! mountpoint -q "$machine" || umount --recursive "$machine"
  rmdir "$machine"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mount -t tmpfs tmpfs "$machine"
mkdir "$machine"/{changed,work,root,cgroup}
mount -t overlay overlay -o "lowerdir=$files,upperdir=$machine/changed,workdir=$machine/work" "$machine/root" ||
  skip 'overlayfs cannot be mounted'
mount -t cgroup2 cgroup2 "$machine/cgroup" || skip 'there is no cgroup v2'
cgroup="$machine/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/evenkeel-systemd-$$"
mkdir "$cgroup" || skip 'no cgroup can be made'

root="$machine/root"
if [ "$files" != / ]; then
  mkdir -p "$root$PWD" "$machine"/tree/{changed,work}
  mount -t overlay overlay -o "lowerdir=$PWD,upperdir=$machine/tree/changed,workdir=$machine/tree/work" "$root$PWD"
fi
install -D "$(realpath "$(command -v node)")" "$root/usr/local/bin/node"
# The application, as npm would install it. Where the repository is, ProtectHome= may hide.
mkdir -p "$root/srv/myapp/node_modules/"{evenkeel,.bin}
mount --bind -o ro "$PWD" "$root/srv/myapp/node_modules/evenkeel"
ln -s ../evenkeel/dist/cli/main.js "$root/srv/myapp/node_modules/.bin/evenkeel"
cp test/systemd-live/server.js "$root/srv/myapp/"
echo '{ "type": "module" }' > "$root/srv/myapp/package.json"

echo "== $(chroot "$root" /lib/systemd/systemd --version | sed -n 1p)"
(
  echo "$BASHPID" > "$cgroup/cgroup.procs"
  exec unshare --pid --fork --kill-child --mount --uts --ipc --net --cgroup test/systemd-live/boot.sh "$root"
) >"$machine/console" 2>&1 &
until init=$(pgrep -P $!); do
  kill -0 $! 2>/dev/null || { cat "$machine/console"; skip 'namespaces of its own are not permitted here'; }
done

inside() { nsenter --target "$init" --all env -i --chdir="$PWD" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 "$@"; }
is_up() { [ "$(inside systemctl is-system-running 2>/dev/null)" = running ]; }
for _ in $(seq 300); do ! is_up || break; sleep 0.1; done
is_up || {
  cat "$machine/console"
  inside systemctl list-units --failed
  exit 1
}
inside node node_modules/vitest/vitest.mjs run --config test/systemd-live/vitest.config.ts
