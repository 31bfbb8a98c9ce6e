"""Metrics of the catalogue in a registry. Whatever is said of a label, there are no more series than its bound."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.core import Metric as Collected
from prometheus_client.registry import Collector

from streams.metrics.catalogue import METRICS, Metric
from streams.metrics.labels import OTHER


class Family:
    """The series of one metric, by their labels in the order of the catalogue."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = metric
        self._seen: list[set[str]] = [set() for _ in metric.labels]
        names = [label.name for label in metric.labels]
        self._of: Any
        if metric.type == "counter":
            self._of = Counter(metric.name, metric.meaning, names, registry=registry)
        elif metric.type == "gauge":
            self._of = Gauge(metric.name, metric.meaning, names, registry=registry)
        else:
            self._of = Tallies(metric, registry) if metric.unit == "ratio" else _histogram(metric, registry)
        if metric.type != "gauge":
            for values in _begins(metric):
                self._child(values)

    def add(self, amount: float, *labels: str) -> None:
        """To a counter."""
        self._child(labels).inc(amount)

    def observe(self, value: float, *labels: str) -> None:
        """Into a histogram."""
        self._child(labels).observe(value)

    def tally(self, counts: Sequence[float], total: float, *labels: str) -> None:
        """Many values at once into a histogram of ratios, see `Tallies`."""
        self._child(labels).add(counts, total)

    def set(self, value: float, *labels: str) -> None:
        """A gauge."""
        self._child(labels).set(value)

    def refill(self, values: Mapping[tuple[str, ...], float]) -> None:
        """All of a gauge with labels: what is not among them is gone. Values that meet in `other` are added up."""
        self._of.clear()
        for seen in self._seen:
            seen.clear()
        for labels, value in values.items():
            self._child(labels).inc(value)

    def _child(self, labels: Sequence[str]) -> Any:
        if not self.metric.labels:
            return self._of
        return self._of.labels(*(self._bounded(place, value) for place, value in enumerate(labels)))

    def _bounded(self, place: int, value: str) -> str:
        label, seen = self.metric.labels[place], self._seen[place]
        if label.values:
            return value if value in label.values else OTHER
        if value not in seen and len(seen) >= label.most:
            return OTHER
        seen.add(value)
        return value


class Tallies(Collector):
    """A histogram whose values come counted: a million scores are one addition an array."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._metric = metric
        self._tallies: dict[tuple[str, ...], Tally] = {}
        registry.register(self)

    def labels(self, *values: str) -> "Tally":
        """The histogram with these labels."""
        return self._tallies.setdefault(values, Tally(len(self._metric.buckets)))

    def collect(self) -> Iterator[Collected]:
        """As a scrape finds it."""
        names = [label.name for label in self._metric.labels]
        family = HistogramMetricFamily(self._metric.name, self._metric.meaning, labels=names)
        bounds = [*(str(float(bound)) for bound in self._metric.buckets), "+Inf"]
        for labels, tally in self._tallies.items():
            up_to = list(itertools.accumulate(tally.counts))
            family.add_metric(labels, list(zip(bounds, [*up_to, up_to[-1]], strict=True)), tally.total)
        yield family


class Tally:
    """One histogram of `Tallies`: a count for each bucket of the catalogue, no value being above the last."""

    def __init__(self, buckets: int) -> None:
        self.counts = [0.0] * buckets
        self.total = 0.0

    def add(self, counts: Sequence[float], total: float) -> None:
        """How many values lie in each bucket (above the bound before it, not above its own), and their sum."""
        self.counts = [a + float(b) for a, b in zip(self.counts, counts, strict=True)]
        self.total += float(total)


def families(registry: CollectorRegistry) -> dict[str, Family]:
    """All metrics of the catalogue by name."""
    return {metric.name: Family(metric, registry) for metric in METRICS}


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    names = [label.name for label in metric.labels]
    return Histogram(metric.name, metric.meaning, names, buckets=metric.buckets, registry=registry)


def _begins(metric: Metric) -> Iterable[tuple[str, ...]]:
    """A rate needs a 0 to rise from."""
    if metric.begins is not None:
        return metric.begins
    values = [[value for value in label.values if value != OTHER] for label in metric.labels]
    return itertools.product(*values)
