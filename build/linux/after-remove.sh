#!/bin/sh
# After removing (.deb: "remove" or "purge"; .rpm: 0); an upgrade keeps everything.
set -e

case "$1" in
  remove | purge | 0) ;;
  *) exit 0 ;;
esac

rm -f /usr/bin/godwit-desktop
# The unit keeps it over a crash; by now the daemon has taken back what it changed.
rm -rf /run/godwit
if [ -e /etc/apparmor.d/godwit-desktop ]; then
  apparmor_parser --remove /etc/apparmor.d/godwit-desktop 2>/dev/null || true
  rm -f /etc/apparmor.d/godwit-desktop
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi
if [ "$1" = purge ]; then
  # With the passwords beside the profiles.
  rm -rf /var/lib/godwit /etc/godwit
fi
