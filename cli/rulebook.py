"""`python -m cli.rulebook`: the rule catalogue into `docs/rules.md`, as the registry has it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from models.deciding.catalogue import GROUP_RULES, GroupRule
from models.deciding.coverage import FIELD, ORACLE, Covered
from models.scoring.policy import GROUPS
from models.scoring.rules.measured import openings
from models.scoring.rules.registry import RULES
from models.scoring.rules.rule import Rule

PAGE: Final = Path(__file__).parents[1] / "docs" / "rules.md"
_HEAD: Final = """\
# Rules

Generated from `models/scoring/rules/catalogue/` by `python -m cli.rulebook`. A policy file changes any figure here,
see `meterwatch policy show`. A source of "ours" is a first guess, to be tuned on data. `on = false` turns a rule off;
`shadow = true` leaves it counted (`shadow` in a replay's summary, `meterwatch_shadow_openings_total` of a worker) while
it opens nothing. How often a rule opens, on sound meters and for each event of a cause, is what confidence is made of:
`models/scoring/rules/measured.py`, [ADR 16](adr/0016-confidence-by-bayes.md).

# Where each rule of the field is
"""
_FIELD: Final = """\
The published rules of the trade for water (W), gas (G), electricity (E) and data (D):
"""
_ORACLE: Final = """\
The sixteen validation rules of Oracle's meter data management:
"""
_RULES: Final = """\
# Of a meter's readings
"""
_ACROSS: Final = """\
# Across meters

What the stage `groups` judges, from closed days and from the anomalies of single meters (`models/deciding/`). The
settings are in the table `[groups]` of a policy file; `on` and `shadow` in a table of the rule's own, as those above.
What one in shadow would have said is in the audit trail alone.
"""


def page() -> str:
    """The page as it ought to stand."""
    lists = [_FIELD, _where(FIELD), _ORACLE, _where(ORACLE)]
    return "\n".join([_HEAD, *lists, _RULES, *map(_section, RULES), _ACROSS, *map(_across, GROUP_RULES)])


def _where(entries: Iterable[Covered]) -> str:
    lines = ["| | what it is | rules here | |", "|---|---|---|---|"]
    lines += [f"| {e.name} | {e.title} | {', '.join(e.rules) or '-'} | {e.how} |" for e in entries]
    return "\n".join([*lines, ""])


def _section(rule: Rule) -> str:
    lines = [
        f"## {rule.id}: {rule.title}",
        "",
        f"Says `{rule.cause}` of {', '.join(rule.services)}, severity {rule.severity}: *{_plain(rule.text)}*.",
        f"Looks at: {rule.sees}. " + " ".join(_openings(rule)),
    ]
    if rule.firm:
        lines.append("Firm: somebody may be sent for theft by it alone.")
    if rule.shadow:
        lines.append(f"In shadow by default; {rule.shadow}.")
    if rule.needs:
        lines.append(f"Off for meters without {', '.join(f'`{column}`' for column in rule.needs)}.")
    if rule.explains:
        lines.append(f"Accounts for what {', '.join(rule.explains)} find on the same readings.")
    lines.append(
        f"Over once reads have spoken against it for {rule.clear_h:g} h."
        if rule.clear_h
        else "Over at the first read that speaks against it."
    )
    lines += ["", "| setting | default | unit | source |", "|---|---|---|---|"]
    lines += [f"| `{s.name}` | {s.default:g} | {s.unit} | {s.source} |" for s in rule.settings]
    return "\n".join([*lines, ""])


def _openings(rule: Rule) -> Iterator[str]:
    """By services that the figures are the same of."""
    services: dict[str, list[str]] = {}
    for service in rule.services:
        known = openings(rule.id, service)
        shares = ", ".join(f"{share:g} of `{cause}`" for cause, share in known.of.items())
        text = f"{known.false_rate:g} in 1,000 sound meter-days, {shares} ({known.source})"
        services.setdefault(text, []).append(service)
    for text, names in services.items():
        yield f"Opens, {', '.join(names)}: {text}."


def _across(rule: GroupRule) -> str:
    lines = [f"## {rule.id}: {rule.title}", "", f"Says {rule.says}. Source: {rule.source}.", ""]
    lines += ["| setting | default | unit | source |", "|---|---|---|---|"]
    lines += [f"| `{n}` | {GROUPS[n][0]:g} | {GROUPS[n][1]} | {GROUPS[n][2]} |" for n in rule.settings]
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", r"[\1]", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
