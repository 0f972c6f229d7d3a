#!/bin/sh
# After an installation or an upgrade, of a deb ($1 is configure) and of an rpm ($1 counts installations).
set -e
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    # After an upgrade: what ran goes on with the new binary. Nothing is started that did not run.
    systemctl try-restart otelcol-stytch.service || true
fi
if [ "$1" = configure ] && [ -z "$2" ] || [ "$1" = 1 ]; then
    echo "otelcol-stytch: set the variables in /etc/otelcol-stytch/env, then: systemctl enable --now otelcol-stytch"
fi
