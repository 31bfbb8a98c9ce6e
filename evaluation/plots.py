"""A few plots as SVG text: what a report needs, and no more."""

import html
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

COLOURS: Final = ("#1f6f8b", "#c8553d", "#588157", "#8e6c8a", "#d4a017", "#444e5a", "#7fb069", "#b5838d")
_SIDE: Final = 280
_LEFT, _TOP, _RIGHT, _BELOW = 46, 10, 10, 36
_ROW: Final = 20
_NAMES: Final = 190
_WIDE: Final = 360
_HOURS: Final = (1, 2, 6, 12, 24, 48, 96, 168, 336)


def unit_square(curves: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, *, dots: bool = False) -> str:
    """Curves or dots in the unit square over its diagonal, with a legend where there are several."""
    parts = [*_axes(x, y), _line([(0.0, 0.0), (1.0, 1.0)], "#bbb", dashed=True)]
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        if dots:
            parts += [f'<circle cx="{_x(a):.1f}" cy="{_y(b):.1f}" r="4" fill="{colour}"/>' for a, b in points]
        parts.append(_line(points, colour))
        if len(curves) > 1:
            parts.append(_text(_LEFT + _SIDE + 12, _TOP + 12 + 16 * number, name, fill=colour))
    wide = _LEFT + _SIDE + _RIGHT + (170 if len(curves) > 1 else 0)
    return _svg(wide, _TOP + _SIDE + _BELOW, parts)


def bars(values: Mapping[str, float], unit: str) -> str:
    """A bar for each name, longest first."""
    most = max(values.values(), default=0.0) or 1.0
    parts = []
    for number, (name, value) in enumerate(sorted(values.items(), key=lambda item: -item[1])):
        y = _ROW * number
        parts.append(_text(_NAMES - 8, y + 14, name, anchor="end"))
        parts.append(_box(_NAMES, y + 4, _WIDE * value / most, _ROW - 8))
        parts.append(_text(_NAMES + _WIDE * value / most + 6, y + 14, f"{value:.2f} {unit}"))
    return _svg(_NAMES + _WIDE + 120, _ROW * len(values) + 4, parts)


def delays(of: Mapping[str, Sequence[float]]) -> str:
    """A row of hours, on a logarithmic scale, for each name: how many were found when."""
    high = 34
    edges = [0.5 * 2 ** (n / 2) for n in range(21)]
    parts: list[str] = []
    for number, (name, hours) in enumerate(of.items()):
        base = high * (number + 1)
        parts.append(_text(_NAMES - 8, base - 6, f"{name} ({len(hours)})", anchor="end"))
        parts.append(f'<path d="M{_NAMES} {base}h{_WIDE}" stroke="#ccc"/>')
        bins = list(itertools.pairwise(edges))
        counts = [sum(low <= max(h, edges[0]) < top for h in hours) for low, top in bins]
        for (low, top), count in zip(bins, counts, strict=True):
            tall = (high - 6) * count / max(counts) if count else 0.0
            parts.append(_box(_NAMES + _at(low), base - tall, _at(top) - _at(low) - 1, tall))
    bottom = high * len(of)
    for hour in _HOURS:
        parts.append(f'<path d="M{_NAMES + _at(hour):.1f} 0V{bottom}" stroke="#eee"/>')
        parts.append(_text(_NAMES + _at(hour), bottom + 14, f"{hour} h", anchor="middle"))
    return _svg(_NAMES + _WIDE + 30, bottom + 22, parts)


def _at(hours: float) -> float:
    return _WIDE * math.log2(max(hours, 0.5) / 0.5) / 10


def _axes(x: str, y: str) -> Iterator[str]:
    yield f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#ccc"/>'
    for tick in (0, 0.25, 0.5, 0.75, 1):
        yield _text(_x(tick), _TOP + _SIDE + 14, f"{tick:g}", anchor="middle")
        yield _text(_LEFT - 6, _y(tick) + 4, f"{tick:g}", anchor="end")
    yield _text(_LEFT + _SIDE / 2, _TOP + _SIDE + 30, x, anchor="middle")
    middle = _TOP + _SIDE / 2
    yield f'<g transform="rotate(-90 12 {middle})">{_text(12, middle, y, anchor="middle")}</g>'


def _x(share: float) -> float:
    return _LEFT + _SIDE * share


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - share)


def _line(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    path = "L".join(f"{_x(a):.1f} {_y(b):.1f}" for a, b in points)
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>' if path else ""


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{COLOURS[0]}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{html.escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    inside = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}">{inside}</svg>'
