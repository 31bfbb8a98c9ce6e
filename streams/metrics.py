"""What a worker counts. Labels are bounded: reasons, causes, statuses, and the partitions that it owns."""

from collections.abc import Iterable, Mapping

from faust.types import TP
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.domain.causes import CAUSES
from streams.codecs.json import REASONS
from streams.records import Said, kind_of

KINDS = ("accepted", "rejected", "duplicates", "revisions", "late")
"""Of `Outcome.counts`, each reading in one of them; parked ones count when they are released."""


class Metrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._readings = Counter("meterwatch_readings", "Readings by what became of them", ["fate"], registry=registry)
        self._messages = Counter("meterwatch_messages", "Messages handled, by stage", ["stage"], registry=registry)
        self._anomalies = Counter(
            "meterwatch_anomaly_events", "Anomaly events published", ["cause", "status"], registry=registry
        )
        self._actions = Counter(
            "meterwatch_actions", "Lines of orders, notices and holds published", ["kind", "status"], registry=registry
        )
        self._passed_on = Counter(
            "meterwatch_passed_on", "Records for the stages across meters", ["kind"], registry=registry
        )
        self._letters = Counter("meterwatch_dead_letters", "Messages set aside", ["reason"], registry=registry)
        self._abandoned = Counter(
            "meterwatch_abandoned_batches", "Batches dropped unacked as ownership was in doubt", registry=registry
        )
        self._lag = Gauge(
            "meterwatch_lag_messages", "Messages not acked yet", ["topic", "partition"], registry=registry
        )
        self._parked = Gauge(
            "meterwatch_parked_blocks", "Blocks that wait for ami.meters", ["partition"], registry=registry
        )
        self._meters = Gauge("meterwatch_meters", "Meters in memory", ["partition"], registry=registry)
        self.commit_age = Gauge(
            "meterwatch_commit_age_seconds", "Since the last ack, while there is lag; else 0", registry=registry
        )
        self.ready = Gauge("meterwatch_ready", "1 when recovered and reading", registry=registry)
        sizes = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
        self._batch_messages = Histogram(
            "meterwatch_batch_messages", "Messages in a batch", ["stage"], buckets=sizes, registry=registry
        )
        self._batch_seconds = Histogram(
            "meterwatch_batch_seconds", "A batch, from its messages to its acks", ["stage"], registry=registry
        )
        for reason in REASONS:
            self._letters.labels(reason)

    def batch(self, stage: str, messages: int, seconds: float) -> None:
        """A batch of a stage is acked."""
        self._messages.labels(stage).inc(messages)
        self._batch_messages.labels(stage).observe(messages)
        self._batch_seconds.labels(stage).observe(seconds)

    def readings(self, counts: Iterable[Mapping[str, int]]) -> None:
        """Readings of a batch that is acked."""
        for count in counts:
            for kind in KINDS:
                self._readings.labels(kind).inc(count.get(kind, 0))

    def said(self, said: Iterable[Said]) -> None:
        """What a batch published."""
        for one in said:
            for event in one.events:
                self._anomalies.labels(event.cause if event.cause in CAUSES else "other", event.status).inc()
            for letter in one.rejected:
                self._letters.labels(letter.reason if letter.reason in REASONS else "other").inc()
            for action in one.actions:
                self._actions.labels(kind_of(action), getattr(action, "status", "due")).inc()
            for record in (*one.groups, *one.cases):
                self._passed_on.labels(record.kind).inc()

    def abandoned(self) -> None:
        """A batch was dropped unacked."""
        self._abandoned.inc()

    def partitions(self, lag: Mapping[TP, int], parked: Mapping[int, int], meters: Mapping[int, int]) -> None:
        """State of the partitions owned now; those of others are no longer told of."""
        self._lag.clear()
        for tp, messages in lag.items():
            self._lag.labels(tp.topic, str(tp.partition)).set(messages)
        for gauge, values in ((self._parked, parked), (self._meters, meters)):
            gauge.clear()
            for number, value in values.items():
                gauge.labels(str(number)).set(value)
