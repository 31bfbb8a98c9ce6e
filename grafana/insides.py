"""Rows of *Operations* on what is inside workers: what is set aside, state, models."""

from typing import Final

from grafana.parts import Panel, Query, Row

SERVICE: Final = 'service=~"$service"'
PARTITION: Final = 'partition=~"$partition"'
WINDOW: Final = "[$__rate_interval]"

SET_ASIDE: Final = Row(
    "Set aside",
    8,
    8,
    (
        Panel(
            "bars",
            "Dead letters, by reason",
            "Messages in the time shown. `meterwatch dlq show` has their bytes; the sender is who can mend them.",
            (Query("sum by (reason) (increase(meterwatch_dead_letters_total[$__range]))", "{{reason}}"),),
        ),
        Panel(
            "bars",
            "Readings in dead letters, by reason",
            "In the time shown. They are missing from bills until they come again: `meterwatch dlq replay`.",
            (Query("sum by (reason) (increase(meterwatch_readings_rejected_total[$__range]))", "{{reason}}"),),
        ),
        Panel(
            "lines",
            "Blocks that wait for their meter",
            "`ami.meters` has not told of it. After 24 h they are dead letters `unknown_meter`: ask the MDM.",
            (Query(f"sum by (partition) (meterwatch_parked_blocks{{{PARTITION}}})", "partition {{partition}}"),),
            limits=(5000,),
        ),
    ),
)

STATE: Final = Row(
    "State",
    8,
    8,
    (
        Panel(
            "bars",
            "Meters, by partition",
            "A row each. One partition far above the others: a producer with another partitioner.",
            (Query(f"sum by (partition) (meterwatch_meters{{{PARTITION}}})", "partition {{partition}}"),),
        ),
        Panel(
            "lines",
            "Snapshot age, by stage",
            "Of the partition that is worst off. Old ones only make recovery slow: look at the disk under `state_dir`.",
            (Query("max by (stage) (meterwatch_snapshot_age_seconds)", "{{stage}}"),),
            unit="s",
            limits=(3600,),
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
            unit="short",
        ),
        Panel(
            "lines",
            "Memory, by worker",
            "Resident. It grows with meters (3 KiB each) and levels off; steady growth without new meters is a bug.",
            (Query('sum by (instance) (process_resident_memory_bytes{job="meterwatch"})', "{{instance}}"),),
            unit="bytes",
        ),
        Panel(
            "lines",
            "CPU, by worker",
            "Cores. A worker uses one, a little more while it sends: near 1 with lag means that it takes more workers.",
            (
                Query(
                    f'sum by (instance) (rate(process_cpu_seconds_total{{job="meterwatch"}}{WINDOW}))', "{{instance}}"
                ),
            ),
        ),
        Panel(
            "bars",
            "Episodes open, by service and cause",
            "In the rows of meters, before cases and incidents are made of them.",
            (
                Query(
                    f"topk(10, sum by (service, cause) (meterwatch_open_episodes{{{SERVICE}}})) or on () vector(0)",
                    "{{service}} {{cause}}",
                ),
            ),
        ),
    ),
)

MODELS: Final = Row(
    "Models",
    8,
    8,
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
        ),
        Panel(
            "areas",
            "Readings scored, by service",
            "Fewer than come in while meters warm up: two weeks of days each.",
            (Query(f"sum by (service) (rate(meterwatch_readings_scored_total{{{SERVICE}}}{WINDOW}))", "{{service}}"),),
            unit="ops",
        ),
        Panel(
            "lines",
            "Share of readings that are scored",
            "Little while meters warm up, then nearly all. It falls where readings are estimates.",
            (
                Query(
                    f"sum by (service) (rate(meterwatch_readings_scored_total{{{SERVICE}}}{WINDOW})) / "
                    f"(sum by (service) (rate(meterwatch_readings_decoded_total{{{SERVICE}}}{WINDOW})) > 0)",
                    "{{service}}",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "bars",
            "Drifts, by service and detector",
            "In the time shown. `adwin`, `kswin`: weather or a tariff moved all of a cohort, scores are recalibrated. "
            "`page_hinkley`: meters whose own use fell for good, evidence for theft and faults. Nothing to do.",
            (
                Query(
                    f"sum by (service, detector) (increase(meterwatch_drift_events_total{{{SERVICE}}}[$__range])) > 0 "
                    "or on () vector(0)",
                    "{{service}} {{detector}}",
                ),
            ),
        ),
        Panel(
            "lines",
            "Model age, by service",
            "Event time since the oldest last learnt: about a day. Three: the runbook, Model old.",
            (Query(f"max by (service) (meterwatch_model_age_seconds{{{SERVICE}}})", "{{service}}"),),
            unit="s",
            limits=(259_200,),
        ),
        Panel(
            "lines",
            "Readings that models hold",
            "By service; it fills in the first days and then stays.",
            (Query(f"sum by (service) (meterwatch_model_samples{{{SERVICE}}})", "{{service}}"),),
        ),
        Panel(
            "bars",
            "Rules in shadow",
            "What they would have opened in the time shown. Few, and where crews find something: let the rule "
            "speak, `shadow = false` in the policy.",
            (
                Query(
                    "sum by (rule) (increase(meterwatch_shadow_openings_total[$__range])) > 0 or on () vector(0)",
                    "{{rule}}",
                ),
            ),
        ),
    ),
)
