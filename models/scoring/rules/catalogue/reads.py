"""Reads against one another: register and intervals, estimates, days and clocks."""

from typing import Final

from models.scoring.rules.rule import ALL, FLOW, Rule, Setting

RULES: Final = (
    Rule(
        "D1",
        "prolonged estimation",
        "estimated_read_error",
        ALL,
        0.9,
        "medium",
        24,
        "nothing but estimates for {value:.1f} days, {threshold:.0f} days are let pass",
        "days",
        (Setting("days", "days", 7, "detection rules D1; Oracle's method, days ours"),),
    ),
    Rule(
        "D2",
        "register against intervals",
        "data_error",
        ALL,
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
        explains=("D3", "W6", "W15"),
    ),
    Rule(
        "D6",
        "true-up jump",
        "estimated_read_error",
        ALL,
        0.85,
        "medium",
        24,
        "the first actual read is off by {value:.0f} % of what was estimated, {threshold:.0f} % are let pass",
        "%",
        (
            Setting("share", "share", 0.3, "detection rules D6"),
            Setting("grid_steps", "x resolution", 20, "ours: of registers that are read coarsely"),
            Setting("hours", "h", 48, "ours: the estimate of a single day may well be off by as much"),
        ),
        explains=("D3", "D10", *FLOW),
    ),
    Rule(
        "D12",
        "clock shift",
        "data_error",
        ALL,
        0.7,
        "medium",
        30,
        "the profile of the last days fits best when moved by {value:.0f} h, {threshold:.0f} h are told from chance",
        "h",
        (Setting("hours", "h", 3, "design study: 1 h is not usable; ours: 2 h is a new habit more often"),),
    ),
    Rule(
        "D16",
        "copied day",
        "estimated_read_error",
        ALL,
        0.9,
        "medium",
        30,
        "{value:.0f} days equal to the last digit to one of the 28 days before",
        "days",
        (),
        explains=("D2",),
    ),
)
