"""What a worker says on standard error."""

import logging
from typing import Final

_EVERY_S: Final = 60.0


class Seldom(logging.Filter):
    """Lets a line of code speak once a minute: a client without its broker says the same 80 times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._spoke: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        if record.created - self._spoke.get(place, 0.0) < _EVERY_S:
            return False
        self._spoke[place] = record.created
        return True


def set_up(*, verbose: bool) -> None:
    """Our own words from INFO on; of libraries warnings, each seldom. `verbose`: all that is said, from INFO on."""
    ours, theirs = logging.StreamHandler(), logging.StreamHandler()
    for handler in (ours, theirs):
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    streams = logging.getLogger("streams")
    streams.setLevel(logging.INFO)
    streams.addHandler(ours)
    streams.propagate = False
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[theirs])
    if not verbose:
        theirs.addFilter(Seldom())
        # It calls a stream that was idle for five minutes stuck; the worker has a watch of its own on progress.
        logging.getLogger("faust.transport.drivers.aiokafka").setLevel(logging.CRITICAL)
