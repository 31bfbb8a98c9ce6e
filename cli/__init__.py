"""The command line and composition root: the only package that reads the environment and may import every other."""

import time

STARTED = time.perf_counter()
"""When this program began, as `time.perf_counter` tells it: before anything of size is imported."""
