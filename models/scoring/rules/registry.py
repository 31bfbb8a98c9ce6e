"""The rule catalogue: every rule with its id, what it says, and its settings with unit, default and source.

The order is the rule's bit in findings and state rows: new rules go to the end. Kernels take settings as one array;
`at` gives a setting's place in it.
"""

import dataclasses
from typing import Final

from models.domain.causes import Cause, Severity


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """A threshold: `source` names where the figure was read; "ours" is a first guess to be tuned on data."""

    name: str
    unit: str
    default: float
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the trade.

    `text` is the evidence sentence, with {value}, {threshold} and {unit}. `needs` are columns of METERS without which
    the rule is off. `explains` are the rules whose findings on the same readings this one accounts for. The anomaly
    stays open until the rule has been silent for `clear_h` hours of valid reads.
    """

    id: str
    title: str
    cause: Cause
    services: tuple[str, ...]
    confidence: float
    severity: Severity
    clear_h: float
    text: str
    unit: str
    settings: tuple[Setting, ...]
    needs: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()


_ALL = ("electricity", "water", "gas", "heat")
_PIPE = ("water", "gas")
_FLOW = ("W1", "W4", "W6", "W14", "W15", "W16", "G3", "G6")

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "D5",
        "multiplier or unit step",
        "data_error",
        _ALL,
        0.9,
        "high",
        24,
        "the last 24 h are {value:.3g} times what is usual, base and peak alike",
        "ratio",
        (
            Setting("tolerance", "ratio", 2.0, "ours: a day differs from the mean day by less than this"),
            Setting("days", "days", 7, "ours: days learnt before it is judged"),
            Setting("coarse", "intervals", 6, "ours: as many on a grid ten times as coarse, and none off it"),
        ),
        explains=("D3", "D17", "E3", *_FLOW),
    ),
    Rule(
        "D9",
        "conflicting duplicates",
        "data_error",
        _ALL,
        0.7,
        "medium",
        24,
        "{value:.0f} valid reads came again with another value within 24 h, at most {threshold:.0f} are let pass",
        "reads",
        (Setting("reads", "reads", 2, "ours"),),
    ),
    Rule(
        "D10",
        "negative interval",
        "data_error",
        _ALL,
        0.7,
        "medium",
        24,
        "an interval of {value:.6g} {unit}, below {threshold:.6g}: neither rollover nor jitter of the register",
        "unit",
        (
            Setting("grid_steps", "x resolution", 10, "ours: register jitter of real water meters is 1 to 7 steps"),
            Setting("dial_share", "share", 0.1, "detection rules D10: rollover from > 90 % to < 10 % of the dial"),
        ),
    ),
    Rule(
        "D3",
        "spike",
        "data_error",
        _ALL,
        0.7,
        "medium",
        24,
        "one interval of {value:.6g} {unit}, more than {threshold:.6g}, with usual ones about it",
        "unit",
        (
            Setting("ratio", "x own maximum", 6.0, "ours; method Oracle, whose 180 % fits bills and not intervals"),
            Setting("days", "days", 7, "ours: days learnt before it is judged"),
        ),
    ),
    Rule(
        "D13",
        "flat-estimate fingerprint",
        "estimated_read_error",
        _ALL,
        0.85,
        "medium",
        24,
        "{value:.0f} intervals equal to the last digit and not zero, {threshold:.0f} are enough",
        "intervals",
        (
            Setting("intervals", "intervals", 24, "design study: at least 24 slots, no false alarm on real homes"),
            Setting("hours", "h", 12, "design study: its slots are half-hours; a home on standby is flat for a night"),
            Setting("grid_steps", "x resolution", 20, "replay contract: water and gas only above 20 x resolution"),
        ),
        explains=("D17", "E3", *_FLOW),
    ),
    Rule(
        "W6",
        "burst by size",
        "burst",
        _PIPE,
        0.85,
        "critical",
        4,
        "two hours of at least {value:.6g} L/h, the meter's size allows {threshold:.6g}",
        "L/h",
        (
            Setting("share", "share of size", 0.2, "Kamstrup: 5, 10 or 20 % of Q3"),
            Setting("gas_share", "share of size", 1.1, "Osaka Gas cuts off at 1.1 to 1.9 times the size"),
            Setting("past", "x own two-hour maximum", 1.33, "ours: a works may be fitted with a small meter"),
        ),
        needs=("size",),
        explains=("W1", "W4", "W14", "G3", "G6"),
    ),
    Rule(
        "W15",
        "burst beyond the meter's own past",
        "burst",
        _PIPE,
        0.75,
        "high",
        4,
        "two hours of at least {value:.6g} {unit}/h, the most so far allows {threshold:.6g}",
        "unit/h",
        (
            Setting("ratio", "x own two-hour maximum", 1.77, "design study, hourly water"),
            Setting("gas_ratio", "x own two-hour maximum", 2.5, "ours: a cold snap is no burst"),
            Setting("floor_l_h", "L/h", 250, "ours: above a garden hose for two hours"),
            Setting("days", "days", 14, "ours: days learnt before it is judged"),
        ),
        explains=("W1", "W4", "W14", "G3", "G6"),
    ),
    Rule(
        "W1",
        "continuous flow",
        "leak",
        ("water",),
        0.8,
        "medium",
        0,
        "every hour of the last 24 at least {value:.6g} L, {threshold:.6g} L/h are enough",
        "L/h",
        (
            Setting("flow_l_h", "L/h", 3.8, "Badger: 1 gph"),
            Setting("size_m3_h", "m3/h", 4, "detection rules W1: residential up to Q3 4"),
            Setting("household_l_h", "L/h", 1000, "ours: a day's mean above it is no household"),
        ),
        explains=(),
    ),
    Rule(
        "W4",
        "no idle hour",
        "leak",
        ("water",),
        0.7,
        "low",
        0,
        "no hour of the last {value:.0f} without flow, {threshold:.0f} are enough",
        "h",
        (Setting("hours", "h", 48, "design study: finds 1 L/h in 47 h"),),
    ),
    Rule(
        "W14",
        "least hour above the meter's own level",
        "leak",
        ("water",),
        0.75,
        "medium",
        4,
        "the least hour of the last 24 is {value:.6g} {unit}/h, the meter's own level allows {threshold:.6g}",
        "unit/h",
        (
            Setting("ratio", "x own level", 1.33, "design study"),
            Setting("rise_l_h", "L/h", 2.5, "design study: at least 3 L/h is found; less half a litre of rounding"),
            Setting("past", "x own highest least hour", 1.1, "ours: of what is no household, for works have weekends"),
            Setting("others_h", "h", 72, "SFPUC, W2: of what is no household"),
            Setting("days", "days", 7, "ours: days learnt before it is judged"),
        ),
    ),
    Rule(
        "G3",
        "gas that never stops",
        "leak",
        ("gas",),
        0.6,
        "high",
        0,
        "no hour without flow for {value:.0f} h, {threshold:.0f} are enough",
        "h",
        (
            Setting("days", "days", 30, "Takahashi; days unverified"),
            Setting(
                "steady", "ratio", 3.0, "ours: the day's largest interval over its least; heating is no micro-leak"
            ),
        ),
    ),
    Rule(
        "D17",
        "stuck at zero",
        "meter_fault",
        _ALL,
        0.7,
        "high",
        0,
        "no use for {value:.0f} h, the longest such time so far allows {threshold:.0f} h",
        "h",
        (
            Setting("ratio", "x own longest", 2.0, "ours"),
            Setting("slots", "slots", 48, "detection rules D17"),
            Setting("electricity_h", "h", 24, "ours: a home in use draws something every day"),
            Setting("pipe_h", "h", 336, "detection rules W13, G5: 14 days, for a vacation is no fault"),
            Setting("days", "days", 7, "ours: days learnt before it is judged"),
        ),
        explains=("E3",),
    ),
    Rule(
        "D14",
        "gap",
        "communication_fault",
        _ALL,
        0.9,
        "low",
        24,
        "nothing of value for {value:.0f} h, {threshold:.0f} h are let pass",
        "h",
        (Setting("hours", "h", 24, "replay contract: a silent meter is never called under 24 h"),),
    ),
    Rule(
        "G6",
        "least hour of gas above all before",
        "leak",
        ("gas",),
        0.6,
        "high",
        4,
        "the least hour of the last 24 is {value:.6g} {unit}/h, the most so far allows {threshold:.6g}",
        "unit/h",
        (
            Setting("ratio", "x own highest least hour", 1.5, "ours"),
            Setting("rise_l_h", "L/h", 20, "ours"),
            Setting("hours", "h", 8, "ours: so many of 24 within a quarter of the least; heating comes and goes"),
            Setting("days", "days", 21, "ours: days learnt before it is judged"),
        ),
    ),
    Rule(
        "D15",
        "silent meter",
        "communication_fault",
        _ALL,
        0.9,
        "low",
        24,
        "not heard of for {value:.0f} h, {threshold:.0f} h are let pass",
        "h",
        (
            Setting("times", "x usual upload time", 2.0, "detection rules D15"),
            Setting("hours", "h", 24, "replay contract: a silent meter is never called under 24 h"),
        ),
    ),
    Rule(
        "D2",
        "register against intervals",
        "data_error",
        _ALL,
        0.85,
        "medium",
        49,
        "intervals of {value:.6g} {unit} while the register moved by {threshold:.6g}",
        "unit",
        (
            Setting("share", "share", 0.01, "detection rules D2; Oracle, California DASMMD"),
            Setting("grid_steps", "x resolution", 2, "detection rules D2"),
            Setting("hours", "h", 30, "ours: one register read may be a slip, and a copied day is known at its close"),
        ),
        explains=("D3", *_FLOW),
    ),
    Rule(
        "D6",
        "true-up jump",
        "estimated_read_error",
        _ALL,
        0.85,
        "medium",
        24,
        "the first actual read is off by {value:.0f} % of what was estimated, {threshold:.0f} % are let pass",
        "%",
        (
            Setting("share", "share", 0.3, "detection rules D6"),
            Setting("grid_steps", "x resolution", 20, "ours: of registers that are read coarsely"),
            Setting("hours", "h", 24, "ours: shorter estimates are bridged and not trued up"),
        ),
        explains=("D3", "D10", *_FLOW),
    ),
    Rule(
        "D1",
        "prolonged estimation",
        "estimated_read_error",
        _ALL,
        0.9,
        "medium",
        24,
        "nothing but estimates for {value:.1f} days, {threshold:.0f} days are let pass",
        "days",
        (Setting("days", "days", 7, "detection rules D1; Oracle's method, days ours"),),
    ),
    Rule(
        "D16",
        "copied day",
        "estimated_read_error",
        _ALL,
        0.9,
        "medium",
        30,
        "{value:.0f} days equal to the last digit to one of the 28 days before",
        "days",
        (),
        explains=("D2",),
    ),
    Rule(
        "D12",
        "clock shift",
        "data_error",
        _ALL,
        0.7,
        "medium",
        30,
        "the profile of the last days fits best when moved by {value:.0f} h, {threshold:.0f} h are told from chance",
        "h",
        (Setting("hours", "h", 2, "design study: 1 h is not usable"),),
    ),
    Rule(
        "E1",
        "tamper event",
        "unusual_use",
        _ALL,
        0.5,
        "medium",
        24,
        "the meter reported tampering {value:.0f} h ago; told for {threshold:.0f} h, a suspicion by itself and no more",
        "h",
        (Setting("hours", "h", 24, "detection rules E1"),),
    ),
    Rule(
        "E2",
        "reverse energy without generation",
        "theft",
        ("electricity",),
        0.8,
        "high",
        49,
        "{value:.3g} kWh received in a day without registered generation, {threshold:.3g} are let pass",
        "kWh",
        (
            Setting("kwh_day", "kWh/day", 0.1, "detection rules E2"),
            Setting("days", "days", 2, "detection rules E2"),
        ),
    ),
    Rule(
        "E3",
        "sustained drop",
        "theft",
        ("electricity",),
        0.6,
        "medium",
        0,
        "use has been {value:.0f} % of the usual for a week, base and level alike, while peers are steady",
        "%",
        (
            Setting("ratio", "share", 0.8, "ours; detection rules E3 have 50 % of a normalised baseline for 14 days"),
            Setting("days", "days", 3, "ours: since the level fell"),
            Setting("level", "deviations", 0.8, "ours: of the day's mean, over 7 days"),
            Setting("base", "deviations", 1.4, "ours: of the least two hours or the night, over 7 days"),
            Setting("both", "deviations", 3.5, "ours: the two together; a vacation hardly lowers the base"),
        ),
    ),
    Rule(
        "E4",
        "zero with voltage",
        "theft",
        ("electricity",),
        0.75,
        "high",
        0,
        "no energy for {value:.0f} h while there is voltage, {threshold:.0f} h are let pass",
        "h",
        (
            Setting("hours", "h", 72, "detection rules E4: 3 days"),
            Setting("volts", "V", 50, "ours: below it the supply is off"),
        ),
        explains=("D17",),
    ),
    Rule(
        "E5",
        "use on an inactive account",
        "theft",
        _ALL,
        0.8,
        "medium",
        0,
        "{value:.3g} in 24 h on an inactive account, {threshold:.3g} are let pass",
        "kWh or L",
        (
            Setting("kwh_day", "kWh/day", 1.0, "detection rules E5"),
            Setting("water_l_day", "L/day", 20, "ours: above a tap tried by a caretaker"),
            Setting("gas_l_day", "L/day", 200, "ours"),
            Setting("days", "days", 2, "detection rules E5; W13 has 3"),
        ),
    ),
    Rule(
        "E9",
        "tampering, then lower load",
        "theft",
        ("electricity",),
        0.85,
        "high",
        0,
        "after the meter reported tampering use fell to {value:.0f} % of the usual",
        "%",
        (
            Setting("days", "days", 7, "detection rules E3: stronger within 7 days of a tamper or outage"),
            Setting("ratio", "share", 0.75, "detection rules E9: 0.6 for a day; ours, for a mean that moves slowly"),
            Setting("level", "deviations", 2.0, "ours: of the day's mean, over 3 days"),
        ),
    ),
    Rule(
        "D18",
        "beyond capacity",
        "data_error",
        _PIPE,
        0.85,
        "high",
        24,
        "an interval of {value:.6g} L/h, the meter's size allows {threshold:.6g}",
        "L/h",
        (
            Setting("share", "share of size", 1.5, "ours: ISO 4064-1 has an overload flow of 1.25 x Q3"),
            Setting("gas_share", "share of size", 2.2, "ours: above the flows that Osaka Gas cuts off"),
        ),
        needs=("size",),
        explains=("D3", *_FLOW),
    ),
    Rule(
        "W16",
        "running toilet",
        "leak",
        ("water",),
        0.55,
        "low",
        30,
        "flow comes and goes all night, for {value:.0f} nights; {threshold:.0f} are enough, usual is none",
        "nights",
        (
            Setting("nights", "nights", 3, "ours: with flow in two of six hours at least"),
            Setting("of_late", "share", 0.45, "ours: of night hours with flow, over about three nights"),
            Setting("usual", "share", 0.25, "ours: of night hours that usually have flow, at most"),
        ),
    ),
)
NUMBER: Final = {rule.id: position for position, rule in enumerate(RULES)}
_PLACES: Final = {
    (rule.id, setting.name): place
    for place, (rule, setting) in enumerate((rule, setting) for rule in RULES for setting in rule.settings)
}
DEFAULTS: Final = tuple(setting.default for rule in RULES for setting in rule.settings)


def at(rule_id: str, setting: str) -> int:
    """Place of a setting in the array that kernels take."""
    return _PLACES[rule_id, setting]
