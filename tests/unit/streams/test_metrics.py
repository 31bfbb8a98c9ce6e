"""The catalogue's conventions and bounds, and what the parts of a worker say into it."""

import itertools
import string
from typing import Any

import numpy as np
import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry, generate_latest

from models.acting.losses import Loss
from models.contracts import AnomalyEvent, AnomalySaid, Decision
from models.domain.blocks import Rejected
from models.domain.drifts import CohortDrift
from models.pipeline import SCORE_BOUNDS
from streams.metrics import Metrics
from streams.metrics.catalogue import METRICS, Metric
from streams.metrics.families import Family
from streams.metrics.heard import Heard
from streams.metrics.labels import OTHER
from streams.records import Said
from tests.unit.models.acting.story import at, meter, said

IDS = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
NEVER_LABELS = {"meter_id", "meter", "account", "account_id", "premise", "premise_id"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"meterwatch_{name}", labels)


@IDS
def test_names_are_conventional(metric: Metric) -> None:
    assert metric.name.startswith("meterwatch_")
    assert set(metric.name) <= {*string.ascii_lowercase, "_"}
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert not metric.name.endswith(("_count", "_sum", "_bucket"))
    words = metric.name.removesuffix("_total")
    if metric.unit in ("seconds", "ratio", "litres", "kilowatt_hours", "money"):
        assert words.endswith(f"_{metric.unit}")
    elif metric.unit != "0 or 1":
        assert metric.unit in words
    assert not any(f"_{wrong}" in words for wrong in ("ms", "minutes", "hours_", "kwh", "percent"))
    assert (metric.type == "histogram") == bool(metric.buckets)
    assert list(metric.buckets) == sorted(metric.buckets)


@IDS
def test_help_is_a_sentence_without_its_full_stop(metric: Metric) -> None:
    assert metric.meaning[0].isupper() or metric.meaning[0].isdigit()
    assert not metric.meaning.endswith((".", " "))
    assert "|" not in metric.meaning
    assert "\n" not in metric.meaning


@IDS
def test_labels_are_bounded_whatever_is_said_of_them(metric: Metric) -> None:
    assert not NEVER_LABELS & {label.name for label in metric.labels}
    registry = CollectorRegistry()
    family = Family(metric, registry)
    for place, n in itertools.product(range(len(metric.labels)), range(1500)):
        labels = [f"absurd {n}" if at == place else "absurd" for at in range(len(metric.labels))]
        if metric.type == "counter":
            family.add(1, *labels)
        elif metric.type == "gauge":
            family.set(1, *labels)
        elif metric.unit == "ratio":
            family.tally([1] * len(metric.buckets), 1.0, *labels)
        else:
            family.observe(1, *labels)
    samples = [sample for found in registry.collect() for sample in found.samples]
    for label in metric.labels:
        values = {sample.labels[label.name] for sample in samples if label.name in sample.labels}
        assert len(values) <= label.bound
        assert OTHER in values


def test_labels_of_the_same_name_say_what_the_page_says_of_them() -> None:
    for metric in METRICS:
        assert len({label.name for label in metric.labels}) == len(metric.labels)


def test_a_gauge_forgets_what_is_gone_and_adds_up_what_is_other(metrics: Metrics) -> None:
    metrics.refill("meterwatch_open_cases", {("leak", f"D{n}", "<1d"): 1 for n in range(500)})
    assert value(metrics, "open_cases", cause="leak", district=OTHER, age="<1d") == 500 - 201
    metrics.refill("meterwatch_open_cases", {("leak", "E", "<1d"): 2})
    assert value(metrics, "open_cases", cause="leak", district="E", age="<1d") == 2
    assert value(metrics, "open_cases", cause="leak", district="D0", age="<1d") is None


def test_a_counter_is_there_before_it_counts(metrics: Metrics) -> None:
    assert value(metrics, "readings_scored_total", service="gas") == 0
    assert value(metrics, "actions_total", kind="hold", status="draft") == 0
    assert value(metrics, "actions_total", kind="notification", status="draft") is None


def test_what_is_left_to_a_person_is_counted(metrics: Metrics) -> None:
    about = {"anomaly": {"id": "a", "cause": "data_error"}}
    reviewed, none = (Decision(0, name, "a", about, {}) for name in ("action.review", "action.none"))
    metrics.said([Said("meterwatch.cases", 0, decisions=[reviewed, none, reviewed])], 0.0)
    assert value(metrics, "reviews_total", cause="data_error") == 2
    assert value(metrics, "reviews_total", cause="leak") == 0


def scored(*tally: float) -> Said:
    return Said("ami.readings", 0, scored={"water": np.array(tally)})


def test_scores_come_counted(metrics: Metrics) -> None:
    metrics.readings([scored(90, 5, 3, 1, 1, 30.0), scored(1, 0, 0, 0, 0, 0.25)])
    assert value(metrics, "readings_scored_total", service="water") == 101
    for le, up_to in {"0.5": 91, "0.9": 96, "0.99": 99, "0.999": 100, "1.0": 101, "+Inf": 101}.items():
        assert value(metrics, "score_ratio_bucket", service="water", le=le) == up_to
    assert value(metrics, "score_ratio_count", service="water") == 101
    assert value(metrics, "score_ratio_sum", service="water") == 30.25


def test_scores_are_counted_as_they_are_exposed() -> None:
    (metric,) = [metric for metric in METRICS if metric.name == "meterwatch_score_ratio"]
    assert metric.buckets == SCORE_BOUNDS


def test_drifts_of_cohorts_and_falls_of_meters(metrics: Metrics) -> None:
    drift = CohortDrift("UTC", "water", None, "level", "adwin", 19_817)
    metrics.readings([Said("ami.readings", 0, drifts=[drift], fell={"gas": 3})])
    assert value(metrics, "drift_events_total", service="water", detector="adwin") == 1
    assert value(metrics, "drift_events_total", service="gas", detector="page_hinkley") == 3
    assert value(metrics, "drift_events_total", service="gas", detector="kswin") == 0


def line(name: str, hour: float, cause: Any, **changes: Any) -> AnomalySaid:
    return said(name, hour, cause, of=meter(f"m-{name}"), **changes)


def told(metrics: Metrics, *lines: AnomalySaid, **more: Any) -> None:
    events: list[AnomalyEvent] = [record.event for record in lines]
    metrics.said([Said("ami.readings", 0, events=events, cases=lines, **more)], now=1000.0)


def test_anomalies_count_by_service_cause_and_status_and_what_is_found_by_its_delay(metrics: Metrics) -> None:
    told(metrics, line("a", 24, "leak", start=at(-1)), line("b", 24, "leak", start=at(-2)))
    told(metrics, line("a", 30, "leak", status="closed", sequence=2))
    events = {"service": "water", "cause": "leak"}
    assert value(metrics, "anomaly_events_total", **events, status="opened") == 2
    assert value(metrics, "anomaly_events_total", **events, status="closed") == 1
    assert value(metrics, "anomalies_found_total", cause="leak") == 2
    assert value(metrics, "anomalies_found_same_day_total", cause="leak") == 1
    assert value(metrics, "detection_delay_seconds_sum", service="water") == 51 * 3600
    assert value(metrics, "detection_delay_seconds_bucket", service="water", le="86400.0") == 0


@pytest.mark.parametrize(("upload_h", "found"), [(None, 0), (4, 0), (24, 1)])
def test_a_meter_that_uploads_once_a_day_is_given_its_upload(
    metrics: Metrics, upload_h: float | None, found: int
) -> None:
    of = meter("m", upload_s=None if upload_h is None else upload_h * 3600)
    told(metrics, said("a", 48, "leak", of=of, start=at(0)))
    assert value(metrics, "anomalies_found_same_day_total", cause="leak") == found


def test_an_incident_is_of_several_services_and_found_is_what_it_consists_of(metrics: Metrics) -> None:
    event = line("i", 24, "data_error").event.model_copy(update={"meter_id": None})
    metrics.said([Said("meterwatch.groups", 0, events=[event])], now=0.0)
    assert value(metrics, "anomaly_events_total", service="several", cause="data_error", status="opened") == 1
    assert value(metrics, "anomalies_found_total", cause="data_error") == 0


def test_latency_is_from_the_record_to_the_ack(metrics: Metrics) -> None:
    told(metrics, line("a", 24, "leak"), decided_by=[999.25])
    told(metrics, line("b", 24, "leak"), decided_by=[1000.5])  # clocks differ
    assert value(metrics, "event_latency_seconds_sum") == 0.75
    assert value(metrics, "event_latency_seconds_count") == 2


def test_losses_of_ended_cases_add_up_in_their_own_units(metrics: Metrics) -> None:
    lost = [
        Loss("water", "leak", "litres", 100.0, "EUR", 0.5),
        Loss("water", "leak", "litres", 50.0, "", 0.0),
        Loss("electricity", "theft", "kilowatt_hours", 7.0, "EUR", 2.0),
    ]
    metrics.said([Said("meterwatch.cases", 0, lost=lost)], now=0.0)
    assert value(metrics, "ended_loss_litres_total", service="water", cause="leak") == 150
    assert value(metrics, "ended_loss_kilowatt_hours_total", service="electricity", cause="theft") == 7
    assert value(metrics, "ended_loss_money_total", currency="EUR", cause="theft") == 2
    assert value(metrics, "ended_loss_money_total", currency="", cause="leak") is None


def test_rejected_readings_are_those_of_the_topic_of_readings(metrics: Metrics) -> None:
    letters = [Rejected(3, "schema", "", readings=96)]
    metrics.readings([Said("meterwatch.groups", 0, rejected=letters)])
    assert value(metrics, "readings_rejected_total", reason="schema") == 0
    readings = Said("ami.readings", 0, rejected=letters)
    readings.counts.update(rejected=96, accepted=4)
    readings.services.update(gas=4)
    metrics.readings([readings])
    assert value(metrics, "readings_rejected_total", reason="schema") == 96
    assert value(metrics, "readings_total", fate="accepted") == 4
    assert value(metrics, "readings_decoded_total", service="gas") == 4


def test_input_is_waited_for_from_when_a_partition_is_ours() -> None:
    heard, one, two = Heard(), TP("ami.readings", 0), TP("ami.readings", 1)
    assert heard.ages([one, two], 100.0) == {one: 0.0, two: 0.0}
    heard.came(one, 104.0)
    assert heard.ages([one, two], 110.0) == {one: 6.0, two: 10.0}
    assert heard.ages([one], 120.0) == {one: 16.0}
    assert heard.ages([one, two], 130.0) == {one: 26.0, two: 0.0}


def test_the_process_is_measured_too(metrics: Metrics) -> None:
    assert b"process_resident_memory_bytes" in generate_latest(metrics.registry)
