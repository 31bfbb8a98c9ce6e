"""Quality ranks: how far a reading can be trusted, from the codes of ESPI (Green Button) and plain names.

Higher is better; of two values for one interval the higher rank wins, the later among equals. Only ``VALID`` and
``EDITED`` readings are learnt from in full, see `models.state.learn`.
"""

from typing import Final

MISSING: Final = 0
QUESTIONABLE: Final = 1
ESTIMATED: Final = 2
DERIVED: Final = 3
EDITED: Final = 4
VALID: Final = 5
ABSENT: Final = 7
"""Nothing arrived for the slot: known to the ring alone, no reading carries it."""

_BY_NAME: Final = {
    "valid": VALID,
    "edited": EDITED,
    "derived": DERIVED,
    "mixed": DERIVED,
    "estimated": ESTIMATED,
    "questionable": QUESTIONABLE,
    "missing": MISSING,
}
_BY_ESPI: Final = {
    **dict.fromkeys((0, 14, 16, 17, 18), VALID),
    7: EDITED,
    **dict.fromkeys((11, 13), DERIVED),
    **dict.fromkeys((8, 9, 12, 15), ESTIMATED),
    10: QUESTIONABLE,
}
CODES: Final[dict[str, int]] = {"": VALID, **_BY_NAME, **{str(code): rank for code, rank in _BY_ESPI.items()}}
"""Every way to write a quality code, in lower case -> rank. Source: ESPI 3.3 `QualityOfReading`."""


def rank_of(code: str | int | None) -> int | None:
    """Rank of a quality name or ESPI code; None when it is neither. No code at all means valid."""
    if code is None:
        return VALID
    return CODES.get(str(code).strip().lower())
