#!/bin/sh
# After a removal. The queues stay, though the package is purged: they hold events that were
# acknowledged, and nobody else has them.
set -e
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
fi
if [ "$1" = purge ] || [ "$1" = 0 ]; then
    # systemd keeps the state of a dynamic user in /var/lib/private.
    for state in /var/lib/private/otelcol-stytch /var/lib/otelcol-stytch; do
        if [ -d "$state" ] && [ ! -L "$state" ] && [ -n "$(ls -A "$state")" ]; then
            echo "otelcol-stytch: $state stays: it may hold events that were not delivered. Remove it yourself."
        fi
    done
fi
