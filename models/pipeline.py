"""The story of a batch, in the order it happens.

Interval blocks come in as columns, each of a known meter of one partition. Event time moves on and local days close as
it passes; between two closes every reading is kept, measured, scored and held against the rules; what the rules find
becomes anomalies. Where the input is cut into batches never matters, and what was seen before is recognised.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent
from models.deciding.decide import decide_all
from models.domain.blocks import Blocks, Int64, Rejected
from models.domain.times import DAY
from models.intake.admit import admit
from models.scoring.judge import VERDICT, close, judge
from models.scoring.policy import Policy
from models.state.fit import fit
from models.state.partition import Partition
