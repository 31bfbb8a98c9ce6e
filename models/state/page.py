"""What a meter's drift detector remembers of one daily value: the numbers of River's PageHinkley, 48 bytes."""

from typing import Final

import numpy as np

PAGE: Final = np.dtype(
    [
        ("n", "i4"),  # values since the detector began; 0 = a fresh page, as zeroed memory is
        ("fired", "i4"),  # by the last value: 1 = it rose, -1 = it fell, 0 = neither
        ("mean", "f8"),  # of these values
        ("increase", "f8"),  # fading sum of departures from the mean, less delta each
        ("decrease", "f8"),  # the same, more delta each
        ("least", "f8"),  # that the increase ever was
        ("most", "f8"),  # that the decrease ever was
    ]
)
