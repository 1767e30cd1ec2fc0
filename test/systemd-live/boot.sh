#!/usr/bin/env bash
# Becomes systemd, as PID 1 of new namespaces: boot.sh ROOT. Nothing it may do reaches out of them: what the kernel has
# only once (/proc/sys, /sys, modules, the clock, auditing) it can read at most.
set -euo pipefail
cd "$1"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  mknod -m 666 "dev/$name" c $(stat --format '%Hr %Lr' "/dev/$name")
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
ip link set lo up
hostname evenkeel

# Of this machine's own services none.
rm -rf etc/systemd/system etc/fstab etc/machine-id
mkdir etc/systemd/system
touch etc/machine-id # made anew, for this run

mkdir outside
pivot_root . outside
umount --lazy /outside
exec env -i container=evenkeel PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 \
  setpriv --bounding-set -sys_module,-sys_rawio,-sys_time,-sys_boot,-syslog,-audit_control,-mac_admin,-mac_override \
  /lib/systemd/systemd --system --unit=basic.target --log-target=console </dev/null
