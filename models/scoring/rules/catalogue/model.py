"""What the models say of closed days, where no rule of the trade speaks."""

from typing import Final

from models.scoring.rules.rule import Rule, Setting

RULES: Final = (
    Rule(
        "S1",
        "unlike its own past",
        "unusual_use",
        ("electricity",),
        0.4,
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
            Setting("days", "days", 2, "ours: before a departure over a week is so rare"),
        ),
    ),
)
