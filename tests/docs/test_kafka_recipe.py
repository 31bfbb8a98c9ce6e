"""The recipe of docs/kafka.md is what the program does."""

import re
from pathlib import Path

from cli.kafka.broker import properties
from cli.kafka.jars import VERSION

PAGE = (Path(__file__).parents[2] / "docs" / "kafka.md").read_text()


def test_settings_are_those_of_the_program() -> None:
    block = re.search(r"```properties\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    written = dict(line.split("=", 1) for line in block[1].splitlines())
    assert written == {key: str(value) for key, value in properties(19092, 19093).items()}


def test_version_is_that_of_the_program() -> None:
    assert set(re.findall(r"\b4\.\d+\.\d+\b", PAGE)) == {VERSION}
