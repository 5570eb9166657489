#!/bin/sh
# Before removing (.deb: "remove"; .rpm: 0): the daemon disconnects and takes back what it changed.
set -e

case "$1" in
  remove | 0) ;;
  *) exit 0 ;;
esac

if command -v systemctl >/dev/null; then
  if [ -d /run/systemd/system ]; then systemctl stop godwitd.service || true; fi
  systemctl disable godwitd.service || true
fi
