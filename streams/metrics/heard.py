"""When input last came from outside."""

from collections.abc import Iterable

from faust.types import TP


class Heard:
    """Owned partitions of input topics, and when their last record came: `time.monotonic()`."""

    def __init__(self) -> None:
        self._at: dict[TP, float] = {}

    def came(self, tp: TP, now: float) -> None:
        """A record came."""
        self._at[tp] = now

    def ages(self, owned: Iterable[TP], now: float) -> dict[TP, float]:
        """Seconds since the last record of each owned partition, or since it is ours; the others are forgotten."""
        self._at = {tp: self._at.get(tp, now) for tp in owned}
        return {tp: now - at for tp, at in self._at.items()}
