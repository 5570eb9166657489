#!/bin/sh
# After installing or upgrading (.deb: "configure"; .rpm: the number of versions that remain).
set -e

ln -sf /opt/Godwit/godwit-desktop /usr/bin/godwit-desktop

# Chromium's sandbox: user namespaces where the kernel gives them to users, else the helper that is set-user-ID root.
if unshare --user true 2>/dev/null; then
  chmod 0755 /opt/Godwit/chrome-sandbox || true
else
  chmod 4755 /opt/Godwit/chrome-sandbox || true
fi
# Where AppArmor withholds user namespaces from programs without a profile (Ubuntu from 23.10 on).
profile=/opt/Godwit/resources/apparmor-profile
if [ -e "$profile" ] && apparmor_status --enabled >/dev/null 2>&1 &&
  apparmor_parser --skip-kernel-load "$profile" >/dev/null 2>&1; then
  cp -f "$profile" /etc/apparmor.d/godwit-desktop
  apparmor_parser --replace --write-cache --skip-read-cache /etc/apparmor.d/godwit-desktop || true
fi

if command -v update-mime-database >/dev/null; then update-mime-database /usr/share/mime || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi

if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers godwit.conf || true
else
  getent group godwit >/dev/null || groupadd --system godwit || true
fi
mkdir -p /etc/godwit/profiles

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  if [ "$1" = configure ] && [ -n "$2" ] || [ "$1" = 2 ]; then
    # An upgrade: what the administrator has switched off stays off.
    systemctl try-restart godwitd.service || true
  else
    systemctl enable --now godwitd.service || true
  fi
elif command -v systemctl >/dev/null; then
  systemctl enable godwitd.service || true
fi
