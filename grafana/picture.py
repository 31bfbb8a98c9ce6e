"""A picture of a dashboard: its panels where they stand, drawn from what Prometheus answers their queries.

Not a screenshot: Grafana has no part in it, and the picture says so.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grafana.parts import WIDTH
from grafana.queries import panels

_COLOURS: Final = {"green": "#56a64b", "yellow": "#e0b400", "red": "#e02f44", "blue": "#3274d9"}
_PALETTE: Final = ("#56a64b", "#e0b400", "#3274d9", "#ff780a", "#e02f44", "#8f3bb8", "#37872d", "#6ed0e0", "#705da0")
_INK: Final = "#24292e"
_FAINT: Final = "#8e8e8e"
_UNITS: Final = {"litre": "L", "kwatth": "Wh", "ops": "/s", "bytes": "B", "short": ""}
_SIZES: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_COLUMN_IN: Final = 0.66
_ROW_IN: Final = 0.36
_HEAD_IN: Final = 0.8
_GAP_IN: Final = 0.08
_MOST: Final = 12
"""Series or bars that a panel of the picture shows."""
_LEGEND: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Drawn(NamedTuple):
    """A series of a panel."""

    name: str
    points: Sequence[tuple[float, float]]
    """(seconds since the beginning, value)"""


Ask = Callable[[str, bool], Sequence[tuple[Mapping[str, str], Sequence[tuple[float, float]]]]]
"""(A query as the dashboard has it, whether for one moment) -> labels and points of each series."""


def draw(board: Mapping[str, Any], ask: Ask, seconds: float, about: str, path: Path) -> None:
    """Writes a PNG of so much time; `about` says what it was drawn from."""
    places = [panel["gridPos"] for panel in board["panels"]]
    rows = max(place["y"] + place["h"] for place in places)
    wide, high = WIDTH * _COLUMN_IN, rows * _ROW_IN + _HEAD_IN
    with mpl.rc_context({"font.size": 8, "text.color": _INK, "axes.edgecolor": "#d0d0d0", "text.parse_math": False}):
        figure = Figure(figsize=(wide, high), dpi=100, facecolor="#f4f5f5")
        figure.text(0.008, 1 - 0.28 / high, f"Meterwatch: {board['title']}", size=15, weight="bold", va="center")
        figure.text(0.008, 1 - 0.58 / high, about, size=9, color=_FAINT, va="center")
        for panel in board["panels"]:
            if panel["type"] == "row":
                top = 1 - (_HEAD_IN + (panel["gridPos"]["y"] + 0.65) * _ROW_IN) / high
                figure.text(0.008, top, panel["title"], size=11, weight="bold", va="center")
        for panel in panels(board):
            _draw(_axes(figure, panel["gridPos"], high), panel, _series(panel, ask), seconds)
        figure.savefig(path, metadata={"Software": None})


def _axes(figure: Figure, place: Mapping[str, int], high: float) -> Axes:
    """The panel's box, in inches from the top left, with a gap around."""
    wide = WIDTH * _COLUMN_IN
    left, top = place["x"] * _COLUMN_IN + _GAP_IN / 2, _HEAD_IN + place["y"] * _ROW_IN + _GAP_IN / 2
    width, height = place["w"] * _COLUMN_IN - _GAP_IN, place["h"] * _ROW_IN - _GAP_IN
    return figure.add_axes((left / wide, 1 - (top + height) / high, width / wide, height / high))


def _series(panel: Mapping[str, Any], ask: Ask) -> list[Drawn]:
    """In the order of Grafana's legend."""
    found = []
    for target in panel["targets"]:
        legend = target.get("legendFormat") or ""
        for labels, points in ask(target["expr"], target["instant"]):
            held = [(when, value) for when, value in points if math.isfinite(value)]
            if held:
                found.append(Drawn(_LEGEND.sub(lambda name: labels.get(name[1], ""), legend), held))  # noqa: B023
    return found


def _draw(box: Axes, panel: Mapping[str, Any], series: Sequence[Drawn], seconds: float) -> None:
    box.set(facecolor="white", xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    kind, defaults = panel["type"], panel["fieldConfig"]["defaults"]
    height = box.get_window_extent().height / box.figure.dpi
    coloured = kind == "stat" and len(defaults["thresholds"]["steps"]) > 1 and series
    box.text(
        0.5 if kind == "stat" else 0.02,
        1 - 0.14 / height,
        panel["title"],
        weight="bold",
        va="center",
        ha="center" if kind == "stat" else "left",
        color="white" if coloured else _INK,
        size=8.5,
    )
    if not series:
        box.text(0.5, 0.45, "No data", ha="center", va="center", color=_FAINT)
    elif kind == "stat":
        _stat(box, series, defaults)
    elif kind == "bargauge":
        _bars(box, series, defaults, height)
    else:
        _lines(box, series, panel, height, seconds)


def _stat(box: Axes, series: Sequence[Drawn], defaults: Mapping[str, Any]) -> None:
    steps = defaults["thresholds"]["steps"]
    named = any(one.name for one in series)
    for number, one in enumerate(series[:_MOST]):
        value = one.points[-1][1]
        colour = _COLOURS[_step(steps, value)["color"]]
        if len(steps) > 1:
            box.set_facecolor(colour)
        words = _shown(value, defaults) + (f"\n{one.name}" if named else "")
        box.text(
            (number + 0.5) / len(series),
            0.45,
            words,
            ha="center",
            va="center",
            weight="bold",
            size=11 if len(series) > 2 else 14 if named else 18,
            color="white" if len(steps) > 1 else colour,
        )


def _bars(box: Axes, series: Sequence[Drawn], defaults: Mapping[str, Any], height: float) -> None:
    shown = sorted(series, key=lambda one: -one.points[-1][1])[:_MOST]
    left = min(0.55, 0.05 + 0.017 * max(len(one.name) for one in shown))
    inner = box.inset_axes((left, 0.03, 0.85 - left, 1 - 0.33 / height))
    values = [one.points[-1][1] for one in shown]
    steps = defaults["thresholds"]["steps"]
    inner.barh(range(len(shown)), values, height=0.7, color=[_COLOURS[_step(steps, v)["color"]] for v in values])
    inner.set(xlim=(0, max(*values, 1e-9)), ylim=(max(len(shown), 5) - 0.5, -0.5), xticks=[])
    inner.set_yticks(range(len(shown)), [one.name for one in shown])
    inner.tick_params(length=0, pad=3)
    inner.spines[:].set_visible(False)
    for place, value in enumerate(values):
        inner.text(1.03, place, _shown(value, defaults), transform=inner.get_yaxis_transform(), va="center")


def _lines(box: Axes, series: Sequence[Drawn], panel: Mapping[str, Any], height: float, seconds: float) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    shown = sorted(series, key=lambda one: -max(value for _, value in one.points))[:_MOST]
    shown.sort(key=lambda one: one.name)
    columns = 3
    legend_in = 0.17 * math.ceil(len(shown) / columns) + 0.05
    left = 0.6 / (panel["gridPos"]["w"] * _COLUMN_IN)
    inner = box.inset_axes((left, (legend_in + 0.2) / height, 0.97 - left, 1 - (legend_in + 0.55) / height))
    if defaults["custom"].get("stacking", {}).get("mode") == "normal":
        _stack(inner, shown)
    else:
        for number, one in enumerate(shown):
            minutes = [when / 60 for when, _ in one.points]
            values = [value for _, value in one.points]
            inner.plot(minutes, values, linewidth=1.1, color=_PALETTE[number % len(_PALETTE)], label=one.name or None)
    top = max(inner.get_ylim()[1], max(value for one in shown for _, value in one.points), 1e-9)
    for step in defaults["thresholds"]["steps"][1:]:
        if step["value"] <= 1.5 * top:
            inner.axhline(step["value"], color=_COLOURS[step["color"]], linestyle="--", linewidth=0.8)
            top = max(top, 1.05 * step["value"])
    inner.set(xlim=(0, seconds / 60), ylim=(0, top))
    inner.grid(color="#e8e8e8", linewidth=0.6)
    inner.set_axisbelow(True)
    inner.spines[["top", "right"]].set_visible(False)
    inner.tick_params(labelsize=7, length=0, colors=_FAINT)
    inner.xaxis.set_major_formatter(lambda value, _: f"{value:g} min")
    inner.yaxis.set_major_formatter(lambda value, _: _shown(value, {**defaults, "decimals": None}))
    if any(one.name for one in shown):
        box.legend(
            *inner.get_legend_handles_labels(),
            loc="lower left",
            ncols=columns,
            fontsize=7,
            frameon=False,
            handlelength=1.2,
            columnspacing=1.2,
            labelspacing=0.2,
            borderpad=0.1,
        )


def _stack(inner: Axes, shown: Sequence[Drawn]) -> None:
    """Over all moments that any of them has; what a series lacks counts as 0, as it does in Grafana."""
    moments = sorted({when for one in shown for when, _ in one.points})
    held = [dict(one.points) for one in shown]
    heights = [[one.get(when, 0.0) for when in moments] for one in held]
    minutes = [when / 60 for when in moments]
    colours = [_PALETTE[number % len(_PALETTE)] for number in range(len(shown))]
    inner.stackplot(minutes, *heights, labels=[one.name for one in shown], colors=colours, alpha=0.75)


def _step(steps: Sequence[Mapping[str, Any]], value: float) -> Mapping[str, Any]:
    """The last one whose value is reached."""
    return [step for step in steps if step.get("value") is None or value >= step["value"]][-1]


def _shown(value: float, defaults: Mapping[str, Any]) -> str:
    unit, decimals = defaults.get("unit", "locale"), defaults.get("decimals")
    if unit == "percentunit":
        return f"{100 * value:.{decimals or 0}f} %"
    if unit == "s":
        return _lasting(value)
    if unit == "locale":
        return f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.5g}"
    size, letter = next(((size, letter) for size, letter in _SIZES if abs(value) >= size), (1.0, ""))
    if unit == "kwatth":
        letter = {"": "k", "k": "M", "M": "G", "G": "T"}[letter]
    return f"{value / size:.3g} {letter}{_UNITS.get(unit, unit)}".rstrip()


def _lasting(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if abs(seconds) >= 2 * size or (name == "s" and abs(seconds) >= 1):
            return f"{seconds / size:.3g} {name}"
    return f"{1000 * seconds:.3g} ms" if seconds else "0 s"
