"""Dashboards, rules and alerts ask for what workers write, all of it is looked at, and each alert is explained."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest
import yaml

from grafana.__main__ import files
from grafana.parts import WIDTH
from grafana.queries import BOARDS, HERE, Asked, asked, boards, names, panels, rules
from streams.metrics.catalogue import METRICS
from tests.support.prometheus import CONFIG, program, promtool

RUNBOOK: Final = HERE.parent / "docs" / "runbook.md"
CASES: Final = sorted((HERE / "prometheus" / "tests").glob("*.yml"))
SEVERITIES: Final = {"critical", "warning", "info"}
NOT_ON_A_PANEL: Final[dict[str, str]] = {}
"""Metric -> why nobody looks at it."""
OF_OTHERS: Final[dict[str, set[str]]] = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
}
"""Series of Prometheus and of every process, with their labels."""
ALERTS: Final = [rule for rule in rules() if "alert" in rule]
needs_promtool = pytest.mark.skipif(program("promtool") is None, reason="needs promtool: make prometheus")


def written() -> dict[str, set[str]]:
    """Every series that there is, with its labels: of the catalogue, of others, and what rules record of them."""
    known = dict(OF_OTHERS)
    for metric in METRICS:
        labels = {label.name for label in metric.labels}
        if metric.type == "histogram":
            known |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
            known[f"{metric.name}_bucket"] = labels | {"le"}
        else:
            known[metric.name] = labels
    for rule in rules():
        if "record" in rule:
            known[rule["record"]] = names(rule["expr"], known).labels
    return known


KNOWN: Final = written()


def everything() -> Iterator[Asked]:
    """Every query of panels, drop-downs, rules and alerts."""
    for board in boards():
        yield from asked(board)
    for rule in rules():
        yield Asked(rule.get("alert") or rule["record"], rule["expr"])


@pytest.mark.parametrize("path", list(files()), ids=lambda path: path.name)
def test_the_dashboards_are_those_of_the_code(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == files()[path], "run: python -m grafana"


def test_there_are_no_dashboards_but_those() -> None:
    assert set(BOARDS.iterdir()) == set(files())


@pytest.mark.parametrize("query", list(everything()), ids=lambda query: query.place)
def test_queries_parse_and_ask_for_series_and_labels_that_are_written(query: Asked) -> None:
    promql_parser.parse(query.plain())
    found = names(query.plain(), KNOWN)
    assert found.problems == []
    assert query.legend_labels <= found.labels | {"job", "instance"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_each_metric_is_on_a_panel(metric: Any) -> None:
    recorded = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    of_panels = {name for board in boards() for query in asked(board) for name in names(query.plain(), KNOWN).metrics}
    of_rules = {name for one in of_panels & recorded.keys() for name in names(recorded[one], KNOWN).metrics}
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in of_panels | of_rules}
    assert (metric.name in shown) != (metric.name in NOT_ON_A_PANEL)


def test_drop_downs_are_of_labels_that_their_metric_has() -> None:
    for board in boards():
        for variable in board.get("templating", {}).get("list", ()):
            if variable["type"] == "query":
                metric, label = re.findall(r"\w+", variable["query"]["query"])[1:]
                assert label in KNOWN[metric]
                assert variable["name"] == label


def test_panels_say_what_they_show_and_stand_side_by_side() -> None:
    for board in boards():
        taken: set[tuple[int, int]] = set()
        for panel in panels(board):
            assert panel["title"]
            assert len(panel["description"]) > 30, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"]
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            assert all(x < WIDTH for x, _ in cells), panel["title"]
            taken |= cells


def test_boards_lead_to_each_other_and_to_the_runbook() -> None:
    every = {f"/d/{board['uid']}" for board in boards()}
    for board in boards():
        assert {link["url"] for link in board["links"]} == every - {f"/d/{board['uid']}"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_is_explained(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in SEVERITIES
    page, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert HERE.parent / page == RUNBOOK
    title = section.replace("-", " ").capitalize()
    text = RUNBOOK.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert text.strip().startswith(f"`{alert['alert']}`, {alert['labels']['severity']}")
    assert "- Look: " in text
    assert "- Do: " in text


def test_the_runbook_explains_nothing_that_is_no_alert() -> None:
    told = set(re.findall(r"^`(Meterwatch\w+)`, ", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_has_a_case_that_fires_and_one_that_does_not(alert: dict[str, Any]) -> None:
    cases = [test for path in CASES for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    fires = [
        bool(one["exp_alerts"])
        for case in cases
        for one in case.get("alert_rule_test", ())
        if one["alertname"] == alert["alert"]
    ]
    assert set(fires) == {True, False}


@needs_promtool
def test_prometheus_takes_the_configuration() -> None:
    done = promtool("check", "config", str(CONFIG))
    assert done.returncode == 0, done.stderr


@needs_promtool
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_rules_and_alerts_do_as_their_cases_say(path: Path) -> None:
    done = promtool("test", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_provisioning_fits_the_dashboards() -> None:
    (source,) = yaml.safe_load((HERE / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    scraped = yaml.safe_load(CONFIG.read_text())["global"]
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == scraped["scrape_interval"]
    (provider,) = yaml.safe_load((HERE / "provisioning/dashboards/meterwatch.yml").read_text())["providers"]
    assert provider["options"]["path"]
    assert not provider["allowUiUpdates"]
