"""A small fleet of hourly electricity meters, streamed day by day."""

from typing import Final

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Blocks
from models.domain.quality import VALID
from models.domain.times import DAY, HOUR, NEVER
from models.pipeline import Scores, detect
from models.scoring.policy import Policy
from models.state.partition import Partition

_FIRST: Final = 20_089 * DAY
"""A Thursday, 2025-01-02."""


def stream(partition: Partition, policy: Policy, *, meters: int, days: int, seed: int = 0) -> list[Scores]:
    """The scores of each day. Homes are alike but for their size; evenings are high, and all is noise about that."""
    rng = np.random.default_rng(seed)
    for number in range(meters):
        partition.put_meter(
            Meter(meter_id=f"m{number}", service="electricity", unit="kWh", interval_s=3600, timezone="UTC")
        )
    usual = 0.3 + 0.6 * np.exp(-(((np.arange(24) - 19) / 3) ** 2))
    said: list[Scores] = []
    for day in range(days):
        size = 0.5 + np.arange(meters)[:, None] % 5
        value = np.round(usual * size * rng.gamma(4, 0.25, (meters, 24)), 3).ravel()
        nothing = np.full(len(value), np.nan)
        blocks = Blocks(
            meter=np.arange(meters, dtype=np.int32),
            sent_at=np.full(meters, NEVER),
            offset=partition.offset + 1 + np.arange(meters),
            interval_s=np.full(meters, 3600, np.int32),
            first=24 * np.arange(meters + 1),
            start=np.tile(_FIRST + day * DAY + HOUR * np.arange(24), meters),
            value=value,
            rank=np.full(len(value), VALID, np.uint8),
            register=nothing,
            voltage=nothing,
            received=nothing,
        )
        said += detect(blocks, partition, policy, scores=True).scores
        partition.offset += meters
    return said
