#!/bin/sh
# Before a removal ($1 is remove for a deb, 0 for an rpm), and not before an upgrade.
set -e
if [ "$1" = remove ] || [ "$1" = 0 ]; then
    if [ -d /run/systemd/system ]; then
        systemctl disable --now otelcol-stytch.service || true
    fi
fi
