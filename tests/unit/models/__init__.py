"""The detection core: `models`, mirrored."""
