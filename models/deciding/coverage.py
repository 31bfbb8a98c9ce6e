"""Where each rule of the field's lists is: rules of the registry, rules across meters, or what is done anyhow."""

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """An entry of a list; `rules` are ids of `RULES` and `GROUP_RULES`, `how` is what they do not say by themselves."""

    name: str
    title: str
    rules: tuple[str, ...]
    how: str = ""


FIELD: Final = (
    Covered("W1", "continuous flow, residential", ("W1",)),
    Covered(
        "W2",
        "continuous flow, multi-unit or commercial",
        ("W14",),
        "what is no household must flow for `others_h`, 72 h, above its own level; that 4 or 5 units take 50 % more "
        "than in 90 days is not asked for",
    ),
    Covered("W2b", "work list tiers by class", ("W2b",)),
    Covered("W3", "in-meter continuous flow by size", ("W3",)),
    Covered("W4", "no idle hour", ("W4",), "48 h"),
    Covered("W5", "intermittent leak", ("W5", "W16"), "W16 by nights, for hourly meters"),
    Covered("W6", "burst", ("W6",), "two hours"),
    Covered("W7", "high use", ("W7",)),
    Covered(
        "W8", "low-volume noise filter", ("W8",), "says which leaks are more than noise; the others are told as well"
    ),
    Covered("W9", "backflow", ("W9", "E1"), "E1 where the meter itself reports a reverse run"),
    Covered("W10", "critical, chronic", ("W10", "W10b")),
    Covered("W12", "district night flow", ("W12",), "by days"),
    Covered("W13", "use on an inactive account, none on an active one", ("E5", "W13", "D17")),
    Covered("W14", "least hour above the meter's own level", ("W14",)),
    Covered("W15", "burst beyond the meter's own past", ("W15",)),
    Covered("W16", "running toilet", ("W16",)),
    Covered("G1", "broken pipe by size", ("G1", "W6"), "W6 from `gas_share` on, for two hours"),
    Covered("G2", "unchanged flow for too long", ("G2",)),
    Covered("G3", "micro-leak", ("G3",)),
    Covered("G4", "tamper", ("E1", "W9"), "magnet, cover, tamper and reverse run by the meter's events"),
    Covered(
        "G5", "dead meter in the heating season", ("G5", "D17"), "D17 where there are no peers to tell the season by"
    ),
    Covered("E1", "tamper event", ("E1",), "a work order within 24 h explains it: `tamper_after_work_h`"),
    Covered("E2", "reverse energy without generation", ("E2",)),
    Covered("E3", "sustained drop", ("E3",)),
    Covered("E4", "zero with voltage", ("E4",)),
    Covered("E5", "use on an inactive account", ("E5",)),
    Covered("E6", "transformer balance", ("E6",)),
    Covered("E7", "voltage drop to current slope", ("E7",), "volts a kilowatt"),
    Covered("E8", "flat at a value", ("E8", "D13"), "to the digit D13, within noise E8"),
    Covered("E9", "short outage, then lower load", ("E9",), "after tampering"),
    Covered("D1", "prolonged estimation", ("D1",)),
    Covered("D2", "interval sum against register", ("D2",)),
    Covered("D3", "spike", ("D3", "D18"), "D18 by the meter's size"),
    Covered("D4", "high or low", ("D4",), "by days"),
    Covered("D5", "multiplier or unit step", ("D5",)),
    Covered("D6", "true-up jump", ("D6",)),
    Covered(
        "D7",
        "catch-up after missing intervals",
        (),
        "spread over the hole and kept as derived, by the register or by the meter's own maximum: "
        "`models/baseline/keep.py`; neither burst nor leak, and never learnt from",
    ),
    Covered("D8", "stale repeat", ("D8",), "the same start again is a duplicate and dropped: `models/state/ring.py`"),
    Covered(
        "D9",
        "duplicate, conflict",
        ("D9",),
        "equal: dropped and counted; another value: a revision, the better one wins",
    ),
    Covered("D10", "negative difference", ("D10",), "rollover where `dial_max` is known"),
    Covered(
        "D11",
        "days of 23 and 25 h",
        (),
        "slots are counted between local midnights: `models/state/ring.py`, `models/domain/localtime.py`",
    ),
    Covered("D12", "clock shift", ("D12",), "by the profile; readings carry no clock of the meter's own"),
    Covered("D13", "flat-estimate fingerprint", ("D13",)),
    Covered(
        "D14",
        "missing intervals",
        ("D14",),
        "left out, never filled; `meterwatch replay --substitutes` proposes values for bills",
    ),
    Covered("D15", "silent meter", ("D15",), "not in an outage"),
    Covered("D16", "copied day", ("D16",)),
    Covered("D17", "stuck at zero", ("D17",)),
)
"""Ids of the detection rules."""
ORACLE: Final = (
    Covered(
        "consecutive intervals", "no hole, no overlap", ("D14",), "two starts in one slot add up, the register decides"
    ),
    Covered("duplicate", "the same interval twice", ("D9",), "`models/state/ring.py`"),
    Covered("dynamic comparison", "against the meter's own past", ("S1", "E3", "W7", "W14", "W15", "G6")),
    Covered("sibling exists", "register beside the intervals", ("D19", "X1"), "X1 across the meters of a premise"),
    Covered("final replacement", "a better value comes later", ("D9",), "a revision of equal or better quality wins"),
    Covered("high/low", "use out of bounds", ("D4", "W7", "D18")),
    Covered("inactive", "use without an account", ("E5",)),
    Covered(
        "interval size",
        "another interval than the meter's",
        (),
        "a dead letter, `wrong_interval`",
    ),
    Covered("spike", "one interval far too large", ("D3",)),
    Covered("multiplier", "the meter's multiplier left out or applied twice", ("D5",), "`multiplier` of METERS"),
    Covered("negative", "negative use", ("D10", "W9", "E2")),
    Covered("prolonged estimation", "estimates that run on", ("D1",)),
    Covered("missing quantity", "an interval without value", ("D14", "D15"), "missing is never zero"),
    Covered("sum check", "intervals against the register", ("D2", "D8")),
    Covered("unit of measure", "another unit than the meter's", (), "a dead letter, `unknown_unit` or `unit_mismatch`"),
    Covered("zero consumption", "no use at all", ("D17", "E4", "G5")),
)
"""Oracle's sixteen validation rules."""
