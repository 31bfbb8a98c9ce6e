"""*Operations*: whether workers keep up, what stops them, and how the models are."""

from typing import Final

from grafana.parts import Board, Choice, Panel, Query, Row

_SERVICE: Final = 'service=~"$service"'
_PARTITION: Final = 'partition=~"$partition"'
_WINDOW: Final = "[$__rate_interval]"

_NOW: Final = Row(
    "Now",
    (
        Panel(
            "stat",
            "Workers ready",
            "Recovered and reading. Fewer than you run: the runbook, Worker down and Recovery slow.",
            (Query("sum(meterwatch_ready) or vector(0)"),),
            limits=(1,),
            more_is_better=True,
            decimals=0,
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Readings",
            "Of known meters, all services. Zero in daytime: Input stopped.",
            (Query("sum(service:meterwatch_readings_decoded:rate5m) or vector(0)"),),
            unit="ops",
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Messages waiting",
            "Over all inputs. Rising for a quarter of an hour: the runbook, Lag grows.",
            (Query("sum(topic:meterwatch_lag_messages:sum) or vector(0)"),),
            limits=(1000, 50_000),
            decimals=0,
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Without progress",
            "Since the last ack while messages wait, of the worker that is worst off. Above two minutes it exits.",
            (Query("max(meterwatch_commit_age_seconds) or vector(0)"),),
            unit="s",
            limits=(30, 60),
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Read to event, 95 %",
            "From the record in Kafka to the ack of the anomaly that it brought about, last 15 minutes.",
            (Query("meterwatch:event_latency_seconds:p95_15m >= 0 or vector(0)"),),
            unit="s",
            limits=(10, 60),
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Dead letters",
            "In the time shown. `meterwatch dlq list` says why; the runbook, Dead letters.",
            (Query("sum(increase(meterwatch_dead_letters_total[$__range])) or vector(0)"),),
            limits=(10, 1000),
            decimals=0,
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Inputs stopped",
            "Topics that should bring readings and do not. Red: the runbook, Input stopped; call the head-end.",
            (Query("sum(max by (topic) (meterwatch_input_stopped)) or vector(0)"),),
            limits=(1,),
            decimals=0,
            width=3,
            height=4,
        ),
        Panel(
            "stat",
            "Alerts firing",
            "Each has a section in the runbook: what it means, what to look at, what to do.",
            (Query('count(ALERTS{alertname=~"Meterwatch.*",alertstate="firing"}) or vector(0)'),),
            limits=(1, 3),
            decimals=0,
            width=3,
            height=4,
        ),
    ),
)

_THROUGHPUT: Final = Row(
    "Throughput",
    (
        Panel(
            "areas",
            "Readings by service",
            "A service that falls to nothing has lost its head-end.",
            (
                Query(
                    f"sum by (service) (rate(meterwatch_readings_decoded_total{{{_SERVICE}}}{_WINDOW}))", "{{service}}"
                ),
            ),
            unit="ops",
            width=6,
        ),
        Panel(
            "areas",
            "Readings by what became of them",
            "Many duplicates: somebody sends again. Many late: event time ran ahead, or a head-end catches up.",
            (Query(f"sum by (fate) (rate(meterwatch_readings_total{_WINDOW}))", "{{fate}}"),),
            unit="ops",
            width=6,
        ),
        Panel(
            "lines",
            "Messages by stage",
            "`detect` without `respond` for long: the stages across meters wait for a partition that stands still.",
            (Query(f"sum by (stage) (rate(meterwatch_messages_total{_WINDOW}))", "{{stage}}"),),
            unit="ops",
            width=6,
        ),
        Panel(
            "lines",
            "Passed on to the stages across meters",
            "By kind. `anomaly` far above its usual pace is a storm.",
            (Query(f"sum by (kind) (rate(meterwatch_passed_on_records_total{_WINDOW}))", "{{kind}}"),),
            unit="ops",
            width=6,
        ),
    ),
)

_LAG: Final = Row(
    "Lag and latency",
    (
        Panel(
            "areas",
            "Messages waiting, by topic",
            "Of the chosen partitions. One topic alone: its stage is slow. All: the worker is, or the broker.",
            (Query(f"sum by (topic) (meterwatch_lag_messages{{{_PARTITION}}})", "{{topic}}"),),
            width=6,
        ),
        Panel(
            "lines",
            "Read to event",
            "Half, 95 and 99 % of anomaly events. Above a minute: look at batches on the right, then at lag.",
            tuple(
                Query(
                    f"histogram_quantile({share}, "
                    f"sum by (le) (rate(meterwatch_event_latency_seconds_bucket{_WINDOW})))",
                    legend,
                )
                for share, legend in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
            ),
            unit="s",
            limits=(60,),
            width=6,
        ),
        Panel(
            "lines",
            "Batch duration, 95 %",
            "From messages to acks, by stage. Slow with small batches: the broker or the disk. Slow with large: CPU.",
            (
                Query(
                    "histogram_quantile(0.95, sum by (stage, le) "
                    f"(rate(meterwatch_batch_duration_seconds_bucket{_WINDOW})))",
                    "{{stage}}",
                ),
            ),
            unit="s",
            limits=(5,),
            width=6,
        ),
        Panel(
            "lines",
            "Batch size, mean",
            "Near the setting `batch_messages` there is a backlog.",
            (
                Query(
                    f"sum by (stage) (rate(meterwatch_batch_messages_sum{_WINDOW})) / "
                    f"(sum by (stage) (rate(meterwatch_batch_messages_count{_WINDOW})) > 0)",
                    "{{stage}}",
                ),
            ),
            width=6,
        ),
        Panel(
            "lines",
            "Without progress, by worker",
            "Since the last ack while there is lag. After `stalled_after_s` (120) the worker exits.",
            (Query("max by (instance) (meterwatch_commit_age_seconds)", "{{instance}}"),),
            unit="s",
            limits=(60,),
            width=6,
        ),
        Panel(
            "lines",
            "Since the last record, by input",
            "Of the partition that waited longest. Readings: at most the time between two uploads.",
            (Query("max by (topic) (meterwatch_input_age_seconds)", "{{topic}}"),),
            unit="s",
            width=6,
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
            width=6,
        ),
        Panel(
            "lines",
            "Batches abandoned",
            "Dropped unacked as ownership was in doubt: now and then with a rebalance. Often: too little CPU.",
            (Query("sum by (instance) (increase(meterwatch_abandoned_batches_total[1h]))", "{{instance}}"),),
            limits=(3,),
            width=6,
        ),
    ),
)

_STATE: Final = Row(
    "State",
    (
        Panel(
            "bars",
            "Meters, by partition",
            "A row each. One partition far above the others: a producer with another partitioner.",
            (Query(f"sum by (partition) (meterwatch_meters{{{_PARTITION}}})", "partition {{partition}}"),),
            decimals=0,
            width=6,
        ),
        Panel(
            "lines",
            "Blocks that wait for their meter",
            "`ami.meters` has not told of it. After 24 h they are dead letters `unknown_meter`: ask the MDM.",
            (Query(f"sum by (partition) (meterwatch_parked_blocks{{{_PARTITION}}})", "partition {{partition}}"),),
            limits=(5000,),
            width=6,
        ),
        Panel(
            "lines",
            "Snapshot age, by stage",
            "Of the partition that is worst off. Old ones only make recovery slow: look at the disk under `state_dir`.",
            (Query("max by (stage) (meterwatch_snapshot_age_seconds)", "{{stage}}"),),
            unit="s",
            limits=(3600,),
            width=6,
        ),
        Panel(
            "stat",
            "Recovery, 95 %, and records read for it",
            "In the time shown, from partitions given to input flowing. Minutes: snapshots are lost or old.",
            (
                Query(
                    "histogram_quantile(0.95, sum by (stage, le) "
                    "(increase(meterwatch_recovery_duration_seconds_bucket[$__range])))",
                    "{{stage}}, s",
                ),
                Query("sum(increase(meterwatch_recovered_records_total[$__range]))", "records"),
            ),
            decimals=1,
            width=6,
        ),
        Panel(
            "lines",
            "Memory, by worker",
            "Resident. It grows with meters (3 KiB each) and levels off; steady growth without new meters is a bug.",
            (Query('sum by (instance) (process_resident_memory_bytes{job="meterwatch"})', "{{instance}}"),),
            unit="bytes",
            width=6,
        ),
        Panel(
            "lines",
            "CPU, by worker",
            "Cores. A worker uses one, a little more while it sends: near 1 with lag means that it takes more workers.",
            (
                Query(
                    f'sum by (instance) (rate(process_cpu_seconds_total{{job="meterwatch"}}{_WINDOW}))', "{{instance}}"
                ),
            ),
            width=6,
        ),
        Panel(
            "bars",
            "Episodes open, by service and cause",
            "In the rows of meters, before cases and incidents are made of them.",
            (
                Query(
                    f"topk(10, sum by (service, cause) (meterwatch_open_episodes{{{_SERVICE}}})) or on () vector(0)",
                    "{{service}} {{cause}}",
                ),
            ),
            decimals=0,
            width=6,
        ),
        Panel(
            "bars",
            "Dead letters, by reason",
            "Messages in the time shown; readings in them on the second scale. `meterwatch dlq show` has the bytes.",
            (
                Query(
                    "sum by (reason) (increase(meterwatch_dead_letters_total[$__range])) > 0 or on () vector(0)",
                    "{{reason}}",
                ),
                Query(
                    "sum by (reason) (increase(meterwatch_readings_rejected_total[$__range])) > 0 or on () vector(0)",
                    "{{reason}}, readings",
                ),
            ),
            decimals=0,
            width=6,
        ),
    ),
)

_MODELS: Final = Row(
    "Models",
    (
        Panel(
            "lines",
            "Scores above 0.99 and 0.999",
            "Share of readings, by service. Calibrated, so about 1 in 100 and 1 in 1,000 of sound readings: far more "
            "for hours without anomalies is a drift that nobody told of.",
            (
                Query("service:meterwatch_score_above_99:ratio_rate5m", "{{service}}, 0.99"),
                Query("service:meterwatch_score_above_999:ratio_rate5m", "{{service}}, 0.999"),
            ),
            unit="percentunit",
            decimals=2,
            width=6,
        ),
        Panel(
            "areas",
            "Readings scored, by service",
            "Fewer than come in while meters warm up: two weeks of days each.",
            (
                Query(
                    f"sum by (service) (rate(meterwatch_readings_scored_total{{{_SERVICE}}}{_WINDOW}))", "{{service}}"
                ),
            ),
            unit="ops",
            width=6,
        ),
        Panel(
            "bars",
            "Drifts of cohorts, by service and detector",
            "In the time shown. Weather or a tariff moves all of a cohort: nothing to do, scores are recalibrated.",
            (
                Query(
                    f"sum by (service, detector) (increase(meterwatch_drift_events_total{{{_SERVICE}}}[$__range])) > 0 "
                    "or on () vector(0)",
                    "{{service}} {{detector}}",
                ),
            ),
            decimals=0,
            width=6,
        ),
        Panel(
            "lines",
            "Model age, by service",
            "Event time since the oldest last learnt: about a day. Three: the runbook, Model old.",
            (Query(f"max by (service) (meterwatch_model_age_seconds{{{_SERVICE}}})", "{{service}}"),),
            unit="s",
            limits=(259_200,),
            width=6,
        ),
        Panel(
            "lines",
            "Readings that models hold",
            "By service; it fills in the first days and then stays.",
            (Query(f"sum by (service) (meterwatch_model_samples{{{_SERVICE}}})", "{{service}}"),),
            width=6,
        ),
    ),
)

BOARD: Final = Board(
    "meterwatch-operations",
    "Operations",
    "Whether workers keep up, what stops them, and how the models are.",
    "now-6h",
    (_NOW, _THROUGHPUT, _LAG, _STATE, _MODELS),
    (
        Choice("service", "meterwatch_readings_decoded_total", "Service"),
        Choice("partition", "meterwatch_meters", "Partition"),
    ),
)
