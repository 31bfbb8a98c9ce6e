"""The queries of dashboards, rules and alerts, as Prometheus' grammar reads them."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import yaml

HERE: Final = Path(__file__).parent
BOARDS: Final = HERE / "dashboards"
RULES: Final = (HERE / "prometheus" / "recording.yml", HERE / "prometheus" / "alerts.yml")
FROM_SCRAPING: Final = frozenset({"job", "instance"})
"""Labels that Prometheus puts on all series of a target."""
_VARIABLE: Final = re.compile(r"\$(?!__)\w+|\$\{(?!__)\w+\}")
_LEGEND: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One query, and where it stands."""

    place: str
    expr: str
    legend: str = ""
    once: bool = False
    """Whether it is asked for one moment, and not over time"""

    def plain(self, window: str = "5m", span: str = "6h") -> str:
        """With Grafana's variables filled in: all of the drop-downs, rates over `window`, ranges over `span`."""
        expr = self.expr.replace("$__rate_interval", window).replace("$__range", span).replace("$__interval", window)
        return _VARIABLE.sub(".*", expr)

    @property
    def legend_labels(self) -> set[str]:
        """Labels that its legend names."""
        return set(_LEGEND.findall(self.legend))


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """What a query takes from the series it asks for."""

    metrics: set[str]
    problems: list[str]
    labels: set[str]
    """Of the series that come out"""


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of a dashboard as JSON, those with queries."""
    yield from (panel for panel in board["panels"] if panel.get("targets"))


def asked(board: Mapping[str, Any]) -> Iterator[Asked]:
    """Every query of a dashboard."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield Asked(
                f"{board['title']} / {panel['title']}", target["expr"], target["legendFormat"], target["instant"]
            )


def boards() -> list[dict[str, Any]]:
    """All dashboards, as checked in."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(BOARDS.glob("*.json"))]


def rules() -> list[dict[str, Any]]:
    """Recording rules and alerts, in order."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def names(expr: str, known: Mapping[str, set[str]]) -> Names:
    """Reads a query over `known` series, name -> labels."""
    found = Names(set(), [], set())
    found.labels.update(_labels(promql.parse(expr), known, found))
    return found


def _labels(node: promql.Expr, known: Mapping[str, set[str]], found: Names) -> set[str]:
    """Labels of what `node` gives. A name or label that nobody has is a problem."""
    match node:
        case promql.VectorSelector():
            return _selected(node, known, found)
        case promql.MatrixSelector():
            return _selected(node.vector_selector, known, found)
        case promql.AggregateExpr():
            return _aggregated(node, known, found)
        case promql.BinaryExpr():
            return _joined(node, known, found)
        case promql.Call():
            sides = [_labels(one, known, found) for one in node.args]
            less = {"le"} if node.func.name == "histogram_quantile" else set()
            return set().union(*sides) - less
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return _labels(node.expr, known, found)
    return set()


def _selected(node: promql.VectorSelector, known: Mapping[str, set[str]], found: Names) -> set[str]:
    name = str(node.name)
    found.metrics.add(name)
    if name not in known:
        found.problems.append(f"nobody writes {name}")
        return set()
    labels = known[name] | FROM_SCRAPING if ":" not in name else known[name]
    _need({matcher.name for matcher in node.matchers.matchers}, labels, f"{name} has no label", found)
    return set(labels)


def _aggregated(node: promql.AggregateExpr, known: Mapping[str, set[str]], found: Names) -> set[str]:
    below = _labels(node.expr, known, found)
    if node.modifier is None:
        return below if str(node.op) in ("topk", "bottomk") else set()
    named = set(node.modifier.labels)
    _need(named, below, "cannot group by", found)
    return named if node.modifier.type == promql.AggModifierType.By else below - named


def _joined(node: promql.BinaryExpr, known: Mapping[str, set[str]], found: Names) -> set[str]:
    left, right = _labels(node.lhs, known, found), _labels(node.rhs, known, found)
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return left or right
    matching = set(modifier.matching.labels)
    for side in (left, right):
        _need(matching, side, "cannot match on", found)
    if modifier.card == promql.VectorMatchCardinality.OneToOne:
        return matching if modifier.matching.type == promql.LabelModifierType.Include else left - matching
    return left | set(modifier.group_labels or ())


def _need(wanted: set[str], there: set[str], complaint: str, found: Names) -> None:
    found.problems.extend(f"{complaint} {label}" for label in sorted(wanted - there))
