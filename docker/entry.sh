#!/bin/sh
# numba takes a cache only where it can write, and the root may be read-only: the image's kernels go to scratch first.
set -eu
mkdir -p "$NUMBA_CACHE_DIR"
cp -R /opt/meterwatch/kernels/. "$NUMBA_CACHE_DIR"
exec "$@"
