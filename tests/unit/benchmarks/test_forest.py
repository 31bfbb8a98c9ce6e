"""The forest's case runs from start to end."""

from benchmarks.forest import forest


def test_the_forest_case() -> None:
    figures = list(forest(day=500, single=20, runs=1))
    assert [figure.case for figure in figures] == [
        "forest_as_used",
        "forest_half_space_as_used",
        "forest_learns_every_row",
        "forest_sklearn_refit_daily",
        "forest_river_half_space",
        "forest_rebuilt_ms",
    ]
    assert all(figure.value > 0 for figure in figures)
