"""The documents name only what exists, and nothing in the tree belongs to one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
DOCUMENTS = [name for name in TRACKED if name.endswith(".md")]

# `path/to/file`, `directory/`, `path/*.py` or a file at the top, between backticks.
PATH = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)*/?)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

HERE_ONLY = re.compile(
    r"(?<![\w.])/(?:work|root|opt|home)/"
    r"|pypi[.]org|python[h]osted|repo1?[.]maven|(?:extra-)?index[-]url",
)

IN_CONTAINERS = ("Dockerfile", "docker-compose.yml", "docker/")
"""Their /opt is that of an image, the same on every machine."""


def prose(document: str) -> str:
    return FENCE.sub("", (ROOT / document).read_text())


def looks_like_ours(path: str) -> bool:
    """A path below one of our directories, or a document or build file at the top."""
    first = path.split("/")[0]
    if "/" in path:
        return any(name.startswith(f"{first}/") for name in TRACKED)
    return path.endswith((".md", ".toml", ".lock")) or path == "Makefile"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_named_exists(document: str) -> None:
    named = {path for path in PATH.findall(prose(document)) if looks_like_ours(path)}
    places = (ROOT, (ROOT / document).parent)
    assert [path for path in sorted(named) if not any(any(place.glob(path)) for place in places)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_resolves(document: str) -> None:
    links = {link for link in LINK.findall(prose(document)) if "://" not in link}
    assert [link for link in sorted(links) if not (ROOT / document).parent.joinpath(link).exists()] == []


def test_readme_begins_with_the_two_commands() -> None:
    block = FENCE.search((ROOT / "README.md").read_text())
    assert block is not None
    commands = [line.split("#")[0].strip() for line in block[0].splitlines()[1:-1]]
    assert commands[:2] == ["make demo", "make test"]


def test_nothing_tracked_belongs_to_one_machine() -> None:
    found = []
    for name in TRACKED:
        if (ROOT / name) == Path(__file__) or not (ROOT / name).is_file():
            continue
        for number, line in enumerate((ROOT / name).read_text(errors="replace").splitlines(), 1):
            if name.startswith(IN_CONTAINERS):
                line = line.replace("/opt/", "")
            if HERE_ONLY.search(line):
                found.append(f"{name}:{number}: {line.strip()[:80]}")
    assert found == []
