"""What the pages for receiving systems quote is what the samples do."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "receivers").glob("*.md"))
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "simulators" / "receivers").glob("*.py")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_excerpts_are_of_the_samples(page: Path) -> None:
    excerpts = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    assert excerpts
    for excerpt in excerpts:
        assert excerpt.rstrip() in CODE


def test_every_receiver_has_a_page() -> None:
    shared = {"__init__", "consumer", "journal"}
    samples = {path.stem for path in (ROOT / "simulators" / "receivers").glob("*.py")} - shared
    assert {page.stem.replace("-", "_") for page in PAGES} - {"README"} == samples
