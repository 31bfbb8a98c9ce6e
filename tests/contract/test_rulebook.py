"""docs/rules.md is the registry's."""

from cli.rulebook import PAGE, page
from models.deciding.catalogue import GROUP_RULES
from models.deciding.coverage import FIELD, ORACLE
from models.scoring.policy import ACROSS
from models.scoring.rules.registry import RULES


def test_the_page_is_that_of_the_registry() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "a rule changed: run `python -m cli.rulebook`"


def test_every_rule_of_the_field_has_its_place() -> None:
    ours = {rule.id for rule in RULES} | {rule.id for rule in GROUP_RULES}
    water = ["1", "2", "2b", "3", "4", "5", "6", "7", "8", "9", "10", "12", "13", "14", "15", "16"]
    wanted = [f"W{n}" for n in water] + [f"G{n}" for n in range(1, 6)]
    wanted += [f"E{n}" for n in range(1, 10)] + [f"D{n}" for n in range(1, 18)]
    assert [entry.name for entry in FIELD] == wanted
    assert len(ORACLE) == len({entry.name for entry in ORACLE}) == 16
    for entry in (*FIELD, *ORACLE):
        assert entry.rules or entry.how
        assert set(entry.rules) <= ours
        assert entry.name not in ours or entry.name in entry.rules


def test_rules_across_meters_can_be_turned_off() -> None:
    assert tuple(rule.id for rule in GROUP_RULES) == ACROSS
