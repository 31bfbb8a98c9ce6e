"""Every metric of a worker. `docs/metrics.md` is made from this list, and so is the registry."""

import dataclasses
from typing import Final, Literal

from streams.metrics import labels as by
from streams.metrics.labels import Label

Type = Literal["counter", "gauge", "histogram"]
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_ACTION_LINES: Final = (
    *(("work_order", status) for status in ("open", "cancelled", "completed")),
    ("notification", "due"),
    *(("hold", status) for status in ("draft", "approved", "rejected", "released", "expired")),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is exposed."""

    name: str
    type: Type
    labels: tuple[Label, ...]
    unit: str
    """What it counts or measures in; its name says so, too. `0 or 1` for a state"""
    meaning: str
    buckets: tuple[float, ...] = ()
    """Upper bounds, of histograms"""
    begins: tuple[tuple[str, ...], ...] | None = None
    """Labels of which a counter says 0 from the beginning; none = all that can be listed"""


INPUT: Final = (
    Metric("meterwatch_messages_total", "counter", (by.STAGE,), "messages", "Messages done and acked"),
    Metric(
        "meterwatch_readings_total",
        "counter",
        (by.FATE,),
        "readings",
        "Readings by what became of them; parked ones count when they are released",
    ),
    Metric(
        "meterwatch_readings_decoded_total",
        "counter",
        (by.SERVICE,),
        "readings",
        "Readings of known meters, whatever became of them",
    ),
    Metric(
        "meterwatch_readings_rejected_total", "counter", (by.REASON,), "readings", "Readings in dead letters, by reason"
    ),
    Metric("meterwatch_readings_scored_total", "counter", (by.SERVICE,), "readings", "Readings that got a score"),
    Metric("meterwatch_dead_letters_total", "counter", (by.REASON,), "letters", "Messages of any topic set aside"),
    Metric(
        "meterwatch_passed_on_records_total",
        "counter",
        (by.PASSED_ON,),
        "records",
        "Records for the stages across meters, marks left out",
    ),
    Metric(
        "meterwatch_abandoned_batches_total",
        "counter",
        (),
        "batches",
        "Batches dropped unacked as the partitions might have gone to another worker; often means stalls: too little "
        "CPU, or swapping",
    ),
    Metric(
        "meterwatch_batch_messages",
        "histogram",
        (by.STAGE,),
        "messages",
        "Size of batches; near `batch_messages` there is a backlog",
        buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
    ),
    Metric(
        "meterwatch_batch_duration_seconds",
        "histogram",
        (by.STAGE,),
        "seconds",
        "A batch from its messages to its acks",
        buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    ),
    Metric(
        "meterwatch_event_latency_seconds",
        "histogram",
        (),
        "seconds",
        "From the time of the record in Kafka that brought an anomaly event about to the event's ack",
        buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, _MINUTE, 300, _HOUR),
    ),
    Metric("meterwatch_lag_messages", "gauge", (by.TOPIC, by.PARTITION), "messages", "Messages that wait to be acked"),
    Metric(
        "meterwatch_commit_age_seconds",
        "gauge",
        (),
        "seconds",
        "Since the last ack while there is lag, of the stage that is worst off; else 0. Above `stalled_after_s` the "
        "worker exits",
    ),
    Metric(
        "meterwatch_input_age_seconds",
        "gauge",
        (by.TOPIC,),
        "seconds",
        "Since the last record of a topic that others write, in any owned partition; ticks left out",
    ),
    Metric(
        "meterwatch_input_stopped",
        "gauge",
        (by.TOPIC,),
        "0 or 1",
        "1 when a partition of readings with known meters has had no record for longer than `input_stopped_after_s`",
    ),
    Metric(
        "meterwatch_event_time_seconds",
        "gauge",
        (by.STATEFUL,),
        "seconds",
        "Event time since 1970 of the partition that is furthest behind",
    ),
    Metric("meterwatch_ready", "gauge", (), "0 or 1", "1 once recovered and input flows"),
)
STATE: Final = (
    Metric("meterwatch_meters", "gauge", (by.PARTITION,), "meters", "Meters known, a row each"),
    Metric(
        "meterwatch_parked_blocks",
        "gauge",
        (by.PARTITION,),
        "blocks",
        "Blocks of meters that `ami.meters` has not told of",
    ),
    Metric(
        "meterwatch_recovery_duration_seconds",
        "histogram",
        (by.STATEFUL,),
        "seconds",
        "From partitions given to a worker to their input flowing",
        buckets=(0.3, 1, 3, 10, 30, _MINUTE, 120, 300),
    ),
    Metric(
        "meterwatch_recovered_records_total",
        "counter",
        (by.STATEFUL,),
        "records",
        "Changelog records read to recover partitions",
    ),
    Metric(
        "meterwatch_snapshot_age_seconds",
        "gauge",
        (by.STATEFUL,),
        "seconds",
        "Since a snapshot was known to have all of a partition, of the partition that is worst off",
    ),
)
MODELS: Final = (
    Metric(
        "meterwatch_score_ratio",
        "histogram",
        (by.SERVICE,),
        "ratio",
        "Calibrated scores of readings; of sound readings a share of 0.001 lies above 0.999",
        buckets=(0.5, 0.9, 0.99, 0.999, 1),
    ),
    Metric(
        "meterwatch_drift_events_total",
        "counter",
        (by.SERVICE, by.DETECTOR),
        "events",
        "Drifts: of a cohort (`adwin`, `kswin`), and falls of single meters by their own measure (`page_hinkley`)",
    ),
    Metric(
        "meterwatch_model_age_seconds",
        "gauge",
        (by.SERVICE,),
        "seconds",
        "Event time since the end of the last day that a service's models have learnt from, of the oldest",
    ),
    Metric(
        "meterwatch_model_samples", "gauge", (by.SERVICE,), "samples", "Readings that a service's models are made of"
    ),
)
ANOMALIES: Final = (
    Metric(
        "meterwatch_anomaly_events_total",
        "counter",
        (by.SAID_OF, by.CAUSE, by.STATUS),
        "events",
        "Lines written to `ami.anomalies`; `several` = incidents of many meters",
    ),
    Metric(
        "meterwatch_shadow_openings_total",
        "counter",
        (by.RULE,),
        "openings",
        "What rules in shadow would have said: how often one began to fire, on a meter at most once a local day",
        begins=(),
    ),
    Metric(
        "meterwatch_anomalies_found_total", "counter", (by.CAUSE,), "anomalies", "Anomalies of single meters opened"
    ),
    Metric(
        "meterwatch_anomalies_found_same_day_total",
        "counter",
        (by.CAUSE,),
        "anomalies",
        "Of them, those detected within 25 h and an upload of their meter (`upload_s` of `ami.meters`, 0 where it "
        "does not say) of their onset as judged: what must run for 24 h to show is found with the upload after that",
    ),
    Metric(
        "meterwatch_detection_delay_seconds",
        "histogram",
        (by.SERVICE,),
        "seconds",
        "Event time from onset as judged to detection, of anomalies opened",
        buckets=(900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 30 * _DAY),
    ),
    Metric(
        "meterwatch_open_episodes", "gauge", (by.SERVICE, by.CAUSE), "episodes", "Episodes open in the rows of meters"
    ),
    Metric(
        "meterwatch_open_incidents",
        "gauge",
        (by.CAUSE,),
        "incidents",
        "Open incidents of a head-end, model or firmware",
    ),
)
CASES: Final = (
    Metric(
        "meterwatch_open_cases",
        "gauge",
        (by.CAUSE, by.DISTRICT, by.AGE),
        "cases",
        "Open anomalies of premises, those left out that are part of an incident",
    ),
    Metric(
        "meterwatch_open_loss_litres",
        "gauge",
        (by.SERVICE, by.CAUSE, by.DISTRICT),
        "litres",
        "Lost so far by open cases",
    ),
    Metric(
        "meterwatch_open_loss_kilowatt_hours",
        "gauge",
        (by.SERVICE, by.CAUSE, by.DISTRICT),
        "kilowatt_hours",
        "Lost so far by open cases",
    ),
    Metric(
        "meterwatch_open_loss_money",
        "gauge",
        (by.CURRENCY, by.CAUSE, by.DISTRICT),
        "money",
        "Lost so far by open cases, by the accounts' tariffs; without a tariff nothing is counted",
    ),
    Metric(
        "meterwatch_ended_loss_litres_total",
        "counter",
        (by.SERVICE, by.CAUSE),
        "litres",
        "Lost by cases from onset to end, once they are closed",
    ),
    Metric(
        "meterwatch_ended_loss_kilowatt_hours_total",
        "counter",
        (by.SERVICE, by.CAUSE),
        "kilowatt_hours",
        "Lost by cases from onset to end, once they are closed",
    ),
    Metric(
        "meterwatch_ended_loss_money_total",
        "counter",
        (by.CURRENCY, by.CAUSE),
        "money",
        "Lost by cases from onset to end, once they are closed, by the accounts' tariffs",
    ),
    Metric(
        "meterwatch_actions_total",
        "counter",
        (by.ACTION, by.LINE),
        "actions",
        "Lines of orders, notices and holds written",
        begins=_ACTION_LINES,
    ),
    Metric(
        "meterwatch_reviews_total",
        "counter",
        (by.CAUSE,),
        "reviews",
        "Times that an order, notice or hold was left to a person: what it rests on is too old, or said too often here",
    ),
    Metric(
        "meterwatch_open_actions",
        "gauge",
        (by.ACTION, by.OPEN),
        "actions",
        "Open orders, notices that wait for their time, holds that are drafts or approved",
    ),
    Metric(
        "meterwatch_held_money",
        "gauge",
        (by.OPEN, by.CURRENCY),
        "money",
        "At stake in holds that are drafts or approved",
    ),
)
SECTIONS: Final = (
    ("Input and work", INPUT),
    ("State", STATE),
    ("Models", MODELS),
    ("Anomalies", ANOMALIES),
    ("Cases, losses, actions", CASES),
)
METRICS: Final = tuple(metric for _, section in SECTIONS for metric in section)
