"""*Operations*: whether workers keep up, what stops them, and how the models are."""

from typing import Final

from grafana.insides import MODELS, PARTITION, SERVICE, SET_ASIDE, STATE, WINDOW
from grafana.parts import Board, Choice, Panel, Query, Row

_NOW: Final = Row(
    "Now",
    3,
    4,
    (
        Panel(
            "stat",
            "Workers ready",
            "Recovered and reading. Fewer than you run: the runbook, Worker down and Recovery slow.",
            (Query("sum(meterwatch_ready) or vector(0)"),),
            limits=(1,),
            more_is_better=True,
        ),
        Panel(
            "stat",
            "Readings",
            "Of known meters, all services. Zero in daytime: Input stopped.",
            (Query("sum(service:meterwatch_readings_decoded:rate5m) or vector(0)"),),
            unit="ops",
        ),
        Panel(
            "stat",
            "Messages waiting",
            "Over all inputs. Rising for a quarter of an hour: the runbook, Lag grows.",
            (Query("sum(topic:meterwatch_lag_messages:sum) or vector(0)"),),
            limits=(1000, 50_000),
        ),
        Panel(
            "stat",
            "Without progress",
            "Since the last ack while messages wait, of the worker that is worst off. Above two minutes it exits.",
            (Query("max(meterwatch_commit_age_seconds) or vector(0)"),),
            unit="s",
            limits=(30, 60),
        ),
        Panel(
            "stat",
            "Read to event, 95 %",
            "From the record in Kafka to the ack of the anomaly that it brought about, last 15 minutes.",
            (Query("max(meterwatch:event_latency_seconds:p95_15m >= 0) or vector(0)"),),
            unit="s",
            limits=(10, 60),
        ),
        Panel(
            "stat",
            "Dead letters",
            "In the time shown. `meterwatch dlq list` says why; the runbook, Dead letters.",
            (Query("sum(increase(meterwatch_dead_letters_total[$__range])) or vector(0)"),),
            limits=(10, 1000),
        ),
        Panel(
            "stat",
            "Inputs stopped",
            "Topics that should bring readings and do not. Red: the runbook, Input stopped; call the head-end.",
            (Query("sum(max by (topic) (meterwatch_input_stopped)) or vector(0)"),),
            limits=(1,),
        ),
        Panel(
            "stat",
            "Alerts firing",
            "Each has a section in the runbook: what it means, what to look at, what to do.",
            (Query('count(ALERTS{alertname=~"Meterwatch.*",alertstate="firing"}) or vector(0)'),),
            limits=(1, 3),
        ),
    ),
)

_THROUGHPUT: Final = Row(
    "Throughput",
    6,
    8,
    (
        Panel(
            "areas",
            "Readings by service",
            "A service that falls to nothing has lost its head-end.",
            (Query(f"sum by (service) (rate(meterwatch_readings_decoded_total{{{SERVICE}}}{WINDOW}))", "{{service}}"),),
            unit="ops",
        ),
        Panel(
            "areas",
            "Readings by what became of them",
            "Many duplicates: somebody sends again. Many late: event time ran ahead, or a head-end catches up.",
            (Query(f"sum by (fate) (rate(meterwatch_readings_total{WINDOW}))", "{{fate}}"),),
            unit="ops",
        ),
        Panel(
            "lines",
            "Messages by stage",
            "`detect` without `respond` for long: the stages across meters wait for a partition that stands still.",
            (Query(f"sum by (stage) (rate(meterwatch_messages_total{WINDOW}))", "{{stage}}"),),
            unit="ops",
        ),
        Panel(
            "lines",
            "Passed on to the stages across meters",
            "By kind. `anomaly` far above its usual pace is a storm.",
            (Query(f"sum by (kind) (rate(meterwatch_passed_on_records_total{WINDOW}))", "{{kind}}"),),
            unit="ops",
        ),
    ),
)

_LAG: Final = Row(
    "Lag and latency",
    6,
    8,
    (
        Panel(
            "areas",
            "Messages waiting, by topic",
            "Of the chosen partitions. One topic alone: its stage is slow. All: the worker is, or the broker.",
            (Query(f"sum by (topic) (meterwatch_lag_messages{{{PARTITION}}})", "{{topic}}"),),
        ),
        Panel(
            "lines",
            "Read to event",
            "Half, 95 and 99 % of anomaly events. Above a minute: look at batches on the right, then at lag.",
            tuple(
                Query(
                    f"histogram_quantile({share}, sum by (le) (rate(meterwatch_event_latency_seconds_bucket{WINDOW})))",
                    legend,
                )
                for share, legend in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
            ),
            unit="s",
            limits=(60,),
        ),
        Panel(
            "lines",
            "Batch duration, 95 %",
            "From messages to acks, by stage. Slow with small batches: the broker or the disk. Slow with large: CPU.",
            (
                Query(
                    "histogram_quantile(0.95, sum by (stage, le) "
                    f"(rate(meterwatch_batch_duration_seconds_bucket{WINDOW})))",
                    "{{stage}}",
                ),
            ),
            unit="s",
            limits=(5,),
        ),
        Panel(
            "lines",
            "Batch size, mean",
            "Near the setting `batch_messages` there is a backlog.",
            (
                Query(
                    f"sum by (stage) (rate(meterwatch_batch_messages_sum{WINDOW})) / "
                    f"(sum by (stage) (rate(meterwatch_batch_messages_count{WINDOW})) > 0)",
                    "{{stage}}",
                ),
            ),
        ),
        Panel(
            "lines",
            "Without progress, by worker",
            "Since the last ack while there is lag. After `stalled_after_s` (120) the worker exits.",
            (Query("max by (instance) (meterwatch_commit_age_seconds)", "{{instance}}"),),
            unit="s",
            limits=(60,),
        ),
        Panel(
            "lines",
            "Since the last record, by input",
            "Of the partition that waited longest. Readings: at most the time between two uploads.",
            (Query("max by (topic) (meterwatch_input_age_seconds)", "{{topic}}"),),
            unit="s",
        ),
        Panel(
            "lines",
            "Event time behind `detect`",
            "`groups` and `respond` decide once every partition has got as far: hours mean that one stands still.",
            (
                Query(
                    'clamp_min(scalar(min(meterwatch_event_time_seconds{stage="detect"})) - '
                    'min by (stage) (meterwatch_event_time_seconds{stage=~"groups|respond"}), 0)',
                    "{{stage}}",
                ),
            ),
            unit="s",
            limits=(7200,),
        ),
        Panel(
            "lines",
            "Batches abandoned",
            "Dropped unacked as ownership was in doubt: now and then with a rebalance. Often: too little CPU.",
            (Query("sum by (instance) (increase(meterwatch_abandoned_batches_total[1h]))", "{{instance}}"),),
            limits=(3,),
        ),
    ),
)

BOARD: Final = Board(
    "meterwatch-operations",
    "Operations",
    "Whether workers keep up, what stops them, and how the models are.",
    "now-6h",
    (_NOW, _THROUGHPUT, _LAG, SET_ASIDE, STATE, MODELS),
    (
        Choice("service", "meterwatch_readings_decoded_total", "Service"),
        Choice("partition", "meterwatch_meters", "Partition"),
    ),
)
