"""What the models say of days: S1 where no rule of the trade speaks, S2 what looks like theft."""

from typing import Final

from models.scoring.rules.rule import Rule, Setting

RULES: Final = (
    Rule(
        "S1",
        "unlike its own past",
        "unusual_use",
        ("electricity",),
        "size of use",
        "low",
        24,
        "its days depart from its own past and from its peers as one reading in {value:.3g} does{named}; one in "
        "{threshold:.3g} is let pass",
        "readings",
        (
            Setting(
                "one_in",
                "readings",
                20_000,
                "ours: no rule speaks, so it has to be rare; only with 30 peers of its class and a forest",
            ),
            Setting("days", "days", 1, "ours: before a departure over a week is so rare"),
        ),
    ),
    Rule(
        "S2",
        "like theft",
        "theft",
        ("electricity",),
        "size of use",
        "medium",
        24,
        "two days on end look like theft to the trees trained on it: log odds {value:.1f}, {threshold:.3g} is let pass",
        "log odds",
        (
            Setting("log_odds", "log odds", 2.8, "ours: measured on homes that the trees were not shown"),
            Setting("one_in", "readings", 150, "ours: and as rare as that in the fleet at hand"),
        ),
    ),
)
