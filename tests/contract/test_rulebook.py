"""docs/rules.md is the registry's."""

from cli.rulebook import PAGE, page


def test_the_page_is_that_of_the_registry() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "a rule changed: run `python -m cli.rulebook`"
