"""docs/metrics.md is the catalogue's, and the catalogue is what is exposed."""

from prometheus_client import CollectorRegistry

from cli.metricbook import PAGE, page
from streams.metrics import Metrics
from streams.metrics.catalogue import METRICS


def test_the_page_is_that_of_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "a metric changed: run `python -m cli.metricbook`"


def test_the_catalogue_is_what_is_exposed() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    exposed = {
        (family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation)
        for family in registry.collect()
        if family.name.startswith("meterwatch_")
    }
    assert exposed == {(metric.name, metric.type, metric.meaning) for metric in METRICS}
