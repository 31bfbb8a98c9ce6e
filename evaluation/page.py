"""Figures of labelled data as one page of HTML that needs nothing else."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from evaluation import plots
from evaluation.record import Plain

_STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .6rem 0 1.4rem } td, th { padding: .15rem .7rem; text-align: right }
th { border-bottom: 1px solid #999; font-weight: 600 } td:first-child, th:first-child { text-align: left }
tr:nth-child(even) td { background: #f6f6f4 } td:not(:first-child) { white-space: nowrap }
small { color: #777 } svg text { font: 11px system-ui, sans-serif }
"""
_CURVES: Final = 8
"""In one plot, at most"""


def page(result: Plain, command: str) -> str:
    """The whole page; `command` is what made it."""
    body = "\n".join(
        [*_about(result, command), *_services(result["services"]), *_over_all(result), *_side_by_side(result)]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Meterwatch, evaluated</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _about(result: Plain, command: str) -> Iterator[str]:
    yield "<h1>Meterwatch, evaluated</h1>"
    yield f"<p>Written by <code>{escape(command)}</code>: {result['events']:,} events, {result['meters']:,} meters.</p>"
    yield "<p>In brackets the middle 95 % of a bootstrap over meters. docs/evaluation.md says what figures mean.</p>"
    yield "<h2>Asked for first</h2>"
    yield _table(["", "", "figure"], [[f["name"], f["service"], cell(f, 3)] for f in result["figures"]])


def _services(services: Plain) -> Iterator[str]:
    for name, figures in services.items():
        yield f"<h2>{escape(name.capitalize())}</h2>"
        faults = {**figures["kinds"], **figures["groups"]}
        if faults:
            yield "<h3>Found</h3>"
            yield _table(_FOUND, [[kind, *_found(one)] for kind, one in faults.items()])
            yield "<h3>By the score of days</h3>"
            yield _table(_SCORED, [[kind, *_scored(one["days"])] for kind, one in faults.items()])
            yield from _curves({kind: one["days"]["curve"] for kind, one in faults.items() if one["days"]["curve"]})
            yield "<h3>How soon</h3>"
            yield plots.delays({k: one["delay_h"]["each"] for k, one in faults.items() if one["delay_h"]["each"]})
        if figures["look_alikes"]:
            yield "<h3>Look-alikes</h3>"
            yield _table(_ALIKE, [[kind, *_alike(one)] for kind, one in figures["look_alikes"].items()])
        yield from _alarms(figures["false_alarms"])


_FOUND: Final = (
    *("kind", "events", "right cause", "any cause", "clean meters, same windows", "median delay"),
    *("in 2 h", "in 25 h", "in 2 days", "in 7 days", "expected"),
)
_SCORED: Final = ("kind", "days", "ROC", "AP", "in 7 days at 1 %", "at 0.1 %", "in 14 days at 1 %")
_ALIKE: Final = ("kind", "events", "called a fault", "called theft", "acted upon", "score above 1 %", "said")


def _found(one: Plain) -> list[str]:
    delay = one["delay_h"]["median"]
    within = [cell(one["within_h"][hours], short=True) for hours in ("2", "25", "48", "168")]
    return [
        str(one["events"]),
        cell(one["right"]),
        cell(one["any"]),
        cell(one["placebo"]["right"]),
        "" if delay is None else f"{delay:.0f} h",
        *within,
        one["expected_cause"],
    ]


def _scored(days: Plain) -> list[str]:
    found = [cell(days.get(f"found_{name}")) for name in ("7_at_1", "7_at_0_1", "14_at_1")]
    return [f"{days['odd_days']:,}", cell(days["roc"], 3), cell(days["ap"]), *found]


def _alike(one: Plain) -> list[str]:
    said = ", ".join(f"{cause} {count}" for cause, count in one["said"].items())
    shares = [cell(one[name]) for name in ("flagged", "theft", "visible")]
    return [str(one["events"]), *shares, cell(one["days"].get("found_14_at_1")), said]


def _curves(curves: dict[str, Any]) -> Iterator[str]:
    names = list(curves)
    for begin in range(0, len(names), _CURVES):
        some = {name: curves[name] for name in names[begin : begin + _CURVES]}
        yield plots.unit_square(some, "share of clean days", "share of days with an event")


def _alarms(alarms: Plain) -> Iterator[str]:
    yield "<h3>On meters with nothing labelled</h3>"
    yield f"<p>{alarms['clean_days']:,} days of {alarms['clean_meters']:,} meters; per 1,000 days:</p>"
    rows = [["anomalies", cell(alarms["any"])], ["orders, notices and holds", cell(alarms["visible"])]]
    rows += [[f"called {cause}", cell(rate)] for cause, rate in alarms["by_cause"].items()]
    if leaks := alarms["leaks_without_own"]:
        rows += [[f"{name}, of {leaks['meters']} without a leak", cell(leaks[name])] for name in ("leak", "burst")]
        rows.append(["notices to them", cell(leaks["notices"])])
    yield _table(["", "per 1,000 days"], rows)
    if alarms["by_rule"]:
        yield plots.bars(alarms["by_rule"], "per 1,000 days")


def _over_all(result: Plain) -> Iterator[str]:
    said = result["calibration"]
    if said["anomalies"]:
        yield "<h2>How sure, and how often so</h2>"
        rows = [
            [cause, str(one["anomalies"]), cell(one["said"]), cell(one["so"]), cell(one["ece"])]
            for cause, one in said["by_cause"].items()
        ]
        rows.append(["all", str(said["anomalies"]), "", "", cell(said["ece"])])
        yield _table(["cause", "anomalies", "said", "so", "error"], rows)
        bins = {"": [(sure, so) for sure, so, _ in said["bins"]]}
        yield plots.unit_square(bins, "confidence", "share that is so", dots=True)
    if result["fleet_faults"]:
        yield "<h2>Faults of a fleet</h2>"
        rows = [
            [one["kind"], str(one["meters"]), str(one["right"]), *(str(count) for count in one["actions"].values())]
            for one in result["fleet_faults"]
        ]
        yield _table(["kind", "meters", "right cause", "orders", "notices", "holds"], rows)


def _side_by_side(result: Plain) -> Iterator[str]:
    """Of `--ablate`: without each stage, and baselines."""
    for part, title in (("stages", "Without a stage"), ("baselines", "Beside baselines")):
        for service, sides in result.get(part, {}).items():
            yield f"<h2>{title}: {escape(service)}</h2>"
            for what, words in _SIDES[part]:
                yield f"<p>{words}</p>"
                yield _table(["", *sides["ways"]], list(_side(sides["kinds"], sides["ways"], what)))
            if sides["alarms"]:
                yield "<p>Per 1,000 clean days.</p>"
                yield _table(["", *sides["ways"]], list(_side(sides["alarms"], sides["ways"])))


_NAMED: Final = ("named", "Share of events with the right cause; of look-alikes, share called a fault.")
_ROC: Final = ("roc", "ROC over days.")
_ANY: Final = ("any", "Share of events with an anomaly of any cause.")
_SIDES: Final = {"stages": (_NAMED, _ANY, _ROC), "baselines": (_ROC, ("found_7_at_1", "Found within 7 days at 1 %."))}


def _side(rows: Plain, ways: Sequence[str], what: str | None = None) -> Iterator[list[str]]:
    for name, one in rows.items():
        yield [name, *(cell(one[way] if what is None else one[way][what], short=True) for way in ways)]


def cell(figure: Any, digits: int = 2, *, short: bool = False) -> str:
    """A figure with its interval, where it has one and there is room for it."""
    if figure is None:
        return ""
    if not isinstance(figure, dict):
        return f"{figure:.{digits}f}"
    text = f"{figure['value']:.{digits}f}"
    if short or "low" not in figure:
        return text
    return f"{text} <small>({figure['low']:.{digits}f}-{figure['high']:.{digits}f})</small>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = ["".join(f"<td>{_safe(text)}</td>" for text in row) for row in rows]
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _safe(text: str) -> str:
    """Kinds come out of a file; only our own tags pass."""
    return escape(text, quote=False).replace("&lt;small&gt;", "<small>").replace("&lt;/small&gt;", "</small>")
