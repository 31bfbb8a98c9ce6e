"""What a worker tells of itself: its parts say what happened, and the metrics of the catalogue follow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from faust.types import TP
from prometheus_client import CollectorRegistry, ProcessCollector

from models.acting.losses import Loss
from models.contracts import AnomalyEvent, AnomalySaid, Meter
from models.domain.times import HOUR, SECOND, to_us
from streams.metrics.families import families
from streams.metrics.heard import Heard
from streams.metrics.labels import FATE
from streams.records import Said, kind_of

_INCIDENT: Final = "several"
_A_DAY: Final = 25 * HOUR
"""What must run for 24 h to show, begun within an interval."""


class Metrics:
    """The metrics of one worker, in a registry of its own. Counted is what is acked, once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.heard = Heard()
        self._of = families(registry)
        ProcessCollector(registry=registry)

    # The loop ---------------------------------------------------------------------------------------------------------

    def batch(self, stage: str, messages: int, seconds: float) -> None:
        """A batch of a stage is acked."""
        self._of["meterwatch_messages_total"].add(messages, stage)
        self._of["meterwatch_batch_messages"].observe(messages, stage)
        self._of["meterwatch_batch_duration_seconds"].observe(seconds, stage)

    def readings(self, said: Iterable[Said]) -> None:
        """Readings of a batch that is acked, their scores, rules in shadow, and the drifts of days that it closed."""
        for one in said:
            for fate in FATE.values:
                self._of["meterwatch_readings_total"].add(one.counts[fate], fate)
            for service, readings in one.services.items():
                self._of["meterwatch_readings_decoded_total"].add(readings, service)
            for letter in one.rejected if one.counts else ():
                self._of["meterwatch_readings_rejected_total"].add(letter.readings, letter.reason)
            for service, (*counts, total) in one.scored.items():
                self._scored(service, counts, total)
            for drift in one.drifts:
                self._of["meterwatch_drift_events_total"].add(1, drift.service, drift.detector)
            for rule, openings in one.shadow.items():
                self._of["meterwatch_shadow_openings_total"].add(openings, rule)
            for service, fell in one.fell.items():
                self._of["meterwatch_drift_events_total"].add(fell, service, "page_hinkley")

    def _scored(self, service: str, counts: Sequence[float], total: float) -> None:
        self._of["meterwatch_readings_scored_total"].add(sum(counts), service)
        self._of["meterwatch_score_ratio"].tally(counts, total, service)

    def abandoned(self) -> None:
        """A batch was dropped unacked."""
        self._of["meterwatch_abandoned_batches_total"].add(1)

    # What is said -----------------------------------------------------------------------------------------------------

    def said(self, said: Iterable[Said], now: float) -> None:
        """What a batch has published, every record acked by `now`, seconds since 1970."""
        for one in said:
            for time in one.decided_by:
                self._of["meterwatch_event_latency_seconds"].observe(max(0.0, now - time))
            for lost in one.lost:
                self._lost(lost)
            for letter in one.rejected:
                self._of["meterwatch_dead_letters_total"].add(1, letter.reason)
            for action in one.actions:
                self._of["meterwatch_actions_total"].add(1, kind_of(action), getattr(action, "status", "due"))
            for decision in one.decisions:
                if decision.decision == "action.review":
                    self._of["meterwatch_reviews_total"].add(1, decision.inputs["anomaly"]["cause"])
            for record in (*one.groups, *one.cases):
                self._of["meterwatch_passed_on_records_total"].add(1, record.kind)
            for record in one.cases:
                if isinstance(record, AnomalySaid):
                    self._line(record.event, record.meter)
            for event in one.events:
                if event.meter_id is None:
                    self._of["meterwatch_anomaly_events_total"].add(1, _INCIDENT, event.cause, event.status)

    def _line(self, event: AnomalyEvent, meter: Meter) -> None:
        self._of["meterwatch_anomaly_events_total"].add(1, meter.service, event.cause, event.status)
        if event.status == "opened":
            delay = to_us(event.detected_at) - to_us(event.start)
            self._of["meterwatch_detection_delay_seconds"].observe(delay / SECOND, meter.service)
            self._of["meterwatch_anomalies_found_total"].add(1, event.cause)
            if delay <= _A_DAY + (meter.upload_s or 0) * SECOND:
                self._of["meterwatch_anomalies_found_same_day_total"].add(1, event.cause)

    def _lost(self, lost: Loss) -> None:
        self._of[f"meterwatch_ended_loss_{lost.unit}_total"].add(lost.amount, lost.service, lost.cause)
        if lost.currency:
            self._of["meterwatch_ended_loss_money_total"].add(lost.money, lost.currency, lost.cause)

    # State ------------------------------------------------------------------------------------------------------------

    def recovered(self, stage: str, seconds: float, records: int) -> None:
        """Partitions of a stage are recovered, from so many changelog records."""
        self._of["meterwatch_recovery_duration_seconds"].observe(seconds, stage)
        self._of["meterwatch_recovered_records_total"].add(records, stage)

    def progress(self, *, ready: bool, commit_age: float) -> None:
        """Whether input flows, and seconds since the last ack while there was lag."""
        self._of["meterwatch_ready"].set(ready)
        self._of["meterwatch_commit_age_seconds"].set(commit_age)

    def partitions(self, lag: Mapping[TP, int], parked: Mapping[int, int], meters: Mapping[int, int]) -> None:
        """State of the partitions owned now; those of others are no longer told of."""
        self.refill("meterwatch_lag_messages", {(tp.topic, str(tp.partition)): count for tp, count in lag.items()})
        for name, values in (("meterwatch_parked_blocks", parked), ("meterwatch_meters", meters)):
            self.refill(name, {(str(number),): value for number, value in values.items()})

    def refill(self, name: str, values: Mapping[tuple[str, ...], float]) -> None:
        """All series of a gauge of the catalogue, by their labels in its order; others of it are gone."""
        self._of[name].refill(values)
