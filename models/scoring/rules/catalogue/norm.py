"""Use against the meter's own norm and its peers."""

from typing import Final

from models.scoring.rules.rule import Rule, Setting

RULES: Final = (
    Rule(
        "D4",
        "high or low",
        "unusual_use",
        ("electricity", "heat"),
        "size of use",
        "low",
        24,
        "a day of {value:+.0f} % against what is expected, {threshold:+.0f} % are let pass",
        "%",
        (
            Setting("high", "%", 70, "SAP: below 100 kWh a bill"),
            Setting("low", "%", 40, "SAP"),
            Setting("middle_kwh", "kWh", 100, "SAP; of 30 days as expected"),
            Setting("middle_high", "%", 60, "SAP"),
            Setting("middle_low", "%", 30, "SAP"),
            Setting("large_kwh", "kWh", 1000, "SAP"),
            Setting("large_high", "%", 50, "SAP"),
            Setting("large_low", "%", 20, "SAP"),
        ),
        shadow="ours: 260 openings per 1,000 meter-days of 10 real homes",
    ),
    Rule(
        "W7",
        "high use",
        "unusual_use",
        ("water",),
        "size of use",
        "low",
        24,
        "a day of {value:.3g} times what is expected, and a week of twice the usual of meters like it; {threshold:.3g} "
        "are let pass",
        "ratio",
        (Setting("ratio", "x the norm", 2, "WaterSmart: twice the seasonal norm"),),
        shadow="ours: 10 openings per 1,000 meter-days of 46 real homes",
    ),
    Rule(
        "E7",
        "voltage falls too steeply with use",
        "theft",
        ("electricity",),
        "voltage",
        "medium",
        24,
        "a kilowatt more pulls the voltage down {value:.2f} times as far as usual, {threshold:.2f} are let pass: some "
        "current is not metered",
        "ratio",
        (
            Setting("ratio", "x own slope", 1.5, "ours; method US11079417: half of the use past the meter doubles it"),
            Setting("volts_kw", "V/kW", 0.3, "ours: a slope below it is lost in the grid's own ups and downs"),
            Setting("days", "days", 21, "ours: days learnt before it is judged"),
        ),
        shadow="ours: no real series with voltage to measure it on",
    ),
    Rule(
        "E8",
        "flat within noise",
        "theft",
        ("electricity",),
        "size of use",
        "medium",
        24,
        "for 24 h no hour and no interval is {value:.3g} times off the mean, {threshold:.3g} is for noise; the meter's "
        "days are not like that",
        "ratio",
        (
            Setting("within", "x the mean", 1.1, "ours"),
            Setting("same_h", "h", 6, "OpenSTEF: equal for 360 min is no noise, and a matter of D13"),
            Setting("peak", "x own level", 2, "ours: of a usual day's largest interval at least"),
            Setting("least", "x own level", 0.5, "ours: at least; less is a home on standby"),
            Setting("days", "days", 7, "ours: days learnt before it is judged"),
        ),
        shadow="ours: 0.3 openings per 1,000 meter-days of 10 real homes",
    ),
    Rule(
        "G5",
        "dead gas meter",
        "meter_fault",
        ("gas",),
        "size of use",
        "high",
        0,
        "no gas for {value:.0f} h while meters like it are heating, {threshold:.0f} h are let pass",
        "h",
        (
            Setting("hours", "h", 336, "detection rules G5: 14 days"),
            Setting("zeros", "deviations", 1.2, "ours: of the share of zeros, over 7 days; with 30 peers that use gas"),
        ),
    ),
)
