"""*Utility manager*: what is wrong out there, what it costs, and what is being done about it."""

from typing import Final

from grafana.parts import Board, Choice, Panel, Query, Row

_CHOSEN: Final = 'cause=~"$cause",district=~"$district"'
_CAUSE: Final = 'cause=~"$cause"'
_FOUND: Final = f"meterwatch_anomalies_found_total{{{_CAUSE}}}"
_FOUND_SAME_DAY: Final = f"meterwatch_anomalies_found_same_day_total{{{_CAUSE}}}"
_ENDED: Final = "meterwatch_ended_loss"


def _over_time(gauge: str, causes: str = ".*") -> str:
    """By cause, with 0 for those of `causes` of which there are none: their counters are there from the beginning."""
    return (
        f"sum by (cause) ({gauge}) "
        f'or 0 * sum by (cause) (meterwatch_anomalies_found_total{{{_CAUSE},cause=~"{causes}"}})'
    )


_NOW: Final = Row(
    "Today",
    3,
    4,
    (
        Panel(
            "stat",
            "Open cases",
            "Anomalies of premises that are not over; those of an incident of many meters are left out. Rising for "
            "days: more crews, or too many of one cause; see the row below.",
            (Query(f"sum(meterwatch_open_cases{{{_CHOSEN}}}) or vector(0)"),),
        ),
        Panel(
            "stat",
            "Older than a week",
            "Open cases that were detected more than seven days ago, event time. Red: ask field operations why.",
            (Query(f'sum(meterwatch_open_cases{{age=~"7-30d|>30d",{_CHOSEN}}}) or vector(0)'),),
            limits=(5, 25),
        ),
        Panel(
            "stat",
            "Found the same day",
            "Of the anomalies opened in the time shown, how many were detected within a day of their onset and the "
            "next upload of their meter: a leak shows once it has run for 24 h. Low when reads come late (Operations), "
            "and where theft prevails, which takes days to show.",
            (Query(f"sum(increase({_FOUND_SAME_DAY}[$__range])) / (sum(increase({_FOUND}[$__range])) > 0)"),),
            unit="percentunit",
        ),
        Panel(
            "stat",
            "Water lost by open cases",
            "Leaks and bursts, from onset as judged until now: an estimate to set priorities by. By district below.",
            (Query(f"sum(meterwatch_open_loss_litres{{{_CHOSEN}}}) or vector(0)"),),
            unit="litre",
        ),
        Panel(
            "stat",
            "Energy lost by open cases",
            "Theft and faulty meters, from onset as judged until now: an estimate to set priorities by.",
            (Query(f"sum(meterwatch_open_loss_kilowatt_hours{{{_CHOSEN}}}) or vector(0)"),),
            unit="kwatth",
        ),
        Panel(
            "stat",
            "Money lost by open cases",
            "By the accounts' tariffs, each currency on its own; what has no tariff is not counted.",
            (Query(f"sum by (currency) (meterwatch_open_loss_money{{{_CHOSEN}}}) or on () vector(0)", "{{currency}}"),),
        ),
        Panel(
            "stat",
            "Work orders open",
            "Sent to crews and not answered yet. More than crews can do in a week, and often for nothing: put your own "
            "rates of faults into the policy's `[prior]`, and what is said beyond them goes to a person first.",
            (Query('sum(meterwatch_open_actions{kind="work_order"}) or vector(0)'),),
            limits=(50, 200),
        ),
        Panel(
            "stat",
            "Bills held",
            "Holds that wait for a decision or were approved. Each is a bill that does not go out: drafts first.",
            (Query('sum(meterwatch_open_actions{kind="hold"}) or vector(0)'),),
            limits=(50, 200),
        ),
    ),
)

_CASES: Final = Row(
    "Open cases",
    6,
    8,
    (
        Panel(
            "bars",
            "By cause",
            "Bursts and leaks want a crew today, theft an inspection, read and data errors the metering department.",
            (Query(_over_time(f"meterwatch_open_cases{{{_CHOSEN}}}"), "{{cause}}"),),
        ),
        Panel(
            "bars",
            "By district",
            "The ten with most. Many in one: look at its main or transformer before sending crews to each home. "
            "`none`: `ami.meters` names no district.",
            (
                Query(
                    f"topk(10, sum by (district) (meterwatch_open_cases{{{_CHOSEN}}})) or on () vector(0)",
                    "{{district}}",
                ),
            ),
        ),
        Panel(
            "bars",
            "By age",
            "Event time since detection. What is older than a week is stuck: no crew, or nobody who decides.",
            (Query(f"sum by (age) (meterwatch_open_cases{{{_CHOSEN}}}) or on () vector(0)", "{{age}}"),),
        ),
        Panel(
            "areas",
            "By cause, over time",
            "A step up within minutes is an incident or a false-alarm storm: see the runbook, Anomaly storm.",
            (Query(_over_time(f"meterwatch_open_cases{{{_CHOSEN}}}"), "{{cause}}"),),
        ),
    ),
)

_LOSSES: Final = Row(
    "Losses",
    6,
    8,
    (
        Panel(
            "areas",
            "Water lost by open cases",
            "It goes on until somebody closes the valve: the steepest cause first.",
            (Query(_over_time(f"meterwatch_open_loss_litres{{{_CHOSEN}}}", "leak|burst|meter_fault"), "{{cause}}"),),
            unit="litre",
        ),
        Panel(
            "areas",
            "Energy lost by open cases",
            "Electricity and gas: stolen, or not counted by a faulty meter.",
            (Query(_over_time(f"meterwatch_open_loss_kilowatt_hours{{{_CHOSEN}}}", "theft|meter_fault"), "{{cause}}"),),
            unit="kwatth",
        ),
        Panel(
            "bars",
            "Money lost by open cases, by district",
            "The ten with most: where a crew is worth most.",
            (
                Query(
                    f"topk(10, sum by (district, currency) (meterwatch_open_loss_money{{{_CHOSEN}}})) "
                    "or on () vector(0)",
                    "{{district}} {{currency}}",
                ),
            ),
        ),
        Panel(
            "stat",
            "Lost by cases closed in this time",
            "From onset to end. Water and energy grow less with every day that cases close sooner.",
            (
                Query(f"sum(increase({_ENDED}_litres_total{{{_CAUSE}}}[$__range])) or vector(0)", "L"),
                Query(f"sum(increase({_ENDED}_kilowatt_hours_total{{{_CAUSE}}}[$__range])) or vector(0)", "kWh"),
                Query(
                    f"sum by (currency) (increase({_ENDED}_money_total{{{_CAUSE}}}[$__range])) or on () vector(0)",
                    "{{currency}}",
                ),
            ),
        ),
    ),
)

_ACTIONS: Final = Row(
    "What is being done",
    6,
    8,
    (
        Panel(
            "bars",
            "Open orders, notices and holds",
            "Drafts of holds wait for a billing clerk, notices for the morning, orders for a crew.",
            (
                Query(
                    "sum by (kind, status) (meterwatch_open_actions) "
                    'or 0 * sum by (kind, status) (meterwatch_actions_total{status=~"open|draft|approved"})',
                    "{{kind}}, {{status}}",
                ),
            ),
        ),
        Panel(
            "areas",
            "Orders, notices and holds written",
            "In the hour before. Five times the usual, and more than twenty: the runbook, Action storm.",
            (Query("kind:meterwatch_actions:increase1h", "{{kind}}"),),
        ),
        Panel(
            "bars",
            "How they ended",
            "In the time shown. Many cancelled orders or rejected holds: false alarms. Left to a person: on the audit "
            "trail as `action.review`; if many of them are true, the policy's prior of their cause is too low.",
            (
                Query(
                    "sum by (kind, status) (increase(meterwatch_actions_total{"
                    'status=~"cancelled|completed|rejected|released|expired"}[$__range]))',
                    "{{kind}}, {{status}}",
                ),
                Query("sum(increase(meterwatch_reviews_total[$__range]))", "left to a person"),
            ),
        ),
        Panel(
            "stat",
            "Money on hold",
            "At stake in holds: `draft` waits for a decision, `approved` for its end.",
            (
                Query(
                    "sum by (status, currency) (meterwatch_held_money) or on () vector(0)",
                    "{{status}} {{currency}}",
                ),
            ),
        ),
    ),
)

_QUALITY: Final = Row(
    "How soon, how many",
    6,
    8,
    (
        Panel(
            "bars",
            "Found the same day, by cause",
            "In the time shown: within a day of onset and an upload. Bursts and steady leaks should be near 100 %; "
            "what leaks now and then takes more, theft several days.",
            (
                Query(
                    f"sum by (cause) (increase({_FOUND_SAME_DAY}[$__range])) / "
                    f"(sum by (cause) (increase({_FOUND}[$__range])) > 0)",
                    "{{cause}}",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "lines",
            "From onset to detection, median",
            "Event time, by service. Rising: reads come later than they used to.",
            (
                Query(
                    "histogram_quantile(0.5, sum by (service, le) "
                    "(rate(meterwatch_detection_delay_seconds_bucket[$__rate_interval])))",
                    "{{service}}",
                ),
            ),
            unit="s",
            limits=(86_400,),
        ),
        Panel(
            "areas",
            "Anomalies opened",
            "In the hour before, by cause, incidents of many meters among them.",
            (
                Query(
                    f'sum by (cause) (increase(meterwatch_anomaly_events_total{{status="opened",{_CAUSE}}}[1h]))',
                    "{{cause}}",
                ),
            ),
        ),
        Panel(
            "areas",
            "Incidents open",
            "The same fault in many meters of a head-end, model or firmware. Their meters get no orders, notices or "
            "holds: call whoever runs the head-end.",
            (Query(_over_time(f"meterwatch_open_incidents{{{_CAUSE}}}"), "{{cause}}"),),
        ),
    ),
)

BOARD: Final = Board(
    "meterwatch-manager",
    "Utility manager",
    "What is wrong out there, what it costs, and what is being done about it.",
    "now-7d",
    (_NOW, _CASES, _LOSSES, _ACTIONS, _QUALITY),
    (
        Choice("cause", "meterwatch_anomalies_found_total", "Cause"),
        Choice("district", "meterwatch_open_cases", "District"),
    ),
)
