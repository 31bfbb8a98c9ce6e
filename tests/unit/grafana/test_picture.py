"""Pictures show what queries returned, and say when it is nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from matplotlib.image import imread

from grafana.picture import _shown, draw
from grafana.queries import boards

Points = Sequence[tuple[float, float]]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.456, "percentunit", "46 %"),
        (0.0123, "s", "12.3 ms"),
        (90.0, "s", "90 s"),
        (172_800.0, "s", "2 d"),
        (1_234_567.0, "litre", "1.23 ML"),
        (3057.0, "kwatth", "3.06 MWh"),
        (12.0, "kwatth", "12 kWh"),
        (1_234.0, "locale", "1,234"),
        (25_000.0, "ops", "25 k/s"),
        (3.0, "short", "3"),
        (1226.0, "short", "1.23 k"),
        (0.0, "s", "0 s"),
    ],
)
def test_numbers_read_as_in_grafana(value: float, unit: str, words: str) -> None:
    assert _shown(value, {"unit": unit}) == words


@pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
def test_all_is_drawn_whether_there_is_data_or_none(board: dict[str, object], tmp_path: Path) -> None:
    def some(_query: str, _once: bool) -> list[tuple[Mapping[str, str], Points]]:
        return [({"cause": name}, [(0.0, 1.0), (60.0, float("nan")), (120.0, 4.0)]) for name in ("leak", "theft")]

    def nothing(_query: str, _once: bool) -> list[tuple[Mapping[str, str], Points]]:
        return []

    draw(board, some, 180.0, "made up", tmp_path / "some.png")
    draw(board, nothing, 180.0, "made up", tmp_path / "nothing.png")
    one, other = imread(tmp_path / "some.png"), imread(tmp_path / "nothing.png")
    assert one.shape == other.shape
