"""What dashboards are made of: panels in one look, rows of them, a frame around."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, text, timeseries
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as schema
from grafana_foundation_sdk.models.text import TextMode

WIDTH: Final = 24
"""Of Grafana's grid."""
_Made = stat.Panel | timeseries.Panel | bargauge.Panel
_SOURCE: Final = schema.DataSourceRef(type_val="prometheus", uid="${datasource}")
_OVER_ALL: Final = "$__range"
"""Stands in queries over all of the time shown: they are asked once."""
_COLOURS: Final = ("green", "yellow", "red")


class Query(NamedTuple):
    """PromQL, and how its series are called in the legend: `{{label}}` stands for a label's value."""

    expr: str
    legend: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """One question, its answer and what to do about it."""

    kind: Literal["stat", "lines", "areas", "bars"]
    """A number of now; lines over time; areas over time, one upon the other; a bar each of now"""
    title: str
    help: str
    """What it says, and what to do when it looks bad"""
    queries: Sequence[Query]
    unit: str = "locale"
    """Grafana's name of it; `locale` is a plain number"""
    limits: Sequence[float] = ()
    """Where green ends; where yellow ends"""
    more_is_better: bool = False
    """Whether it is red below the limits, and green above"""


class Row(NamedTuple):
    """Panels of one size under a title, side by side."""

    title: str
    width: int
    height: int
    panels: Sequence[Panel]


class Choice(NamedTuple):
    """A drop-down over the values of a label, all of them at first. Labels are bounded, so it is short."""

    label: str
    metric: str
    title: str


@dataclasses.dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    help: str
    since: str
    """Where it begins to show, such as `now-6h`"""
    rows: Sequence[Row]
    choices: Sequence[Choice] = ()


def build(board: Board, others: Sequence[tuple[str, str]]) -> schema.Dashboard:
    """As Grafana reads it, with links to `others` (uid, title)."""
    frame = _frame(board.uid, board.title, board.help, others).time(board.since, "now").refresh("30s")
    frame.with_variable(dashboard.DatasourceVariable("datasource").label("Data from").type("prometheus"))
    for choice in board.choices:
        frame.with_variable(_variable(choice))
    number = 0
    for row in board.rows:
        frame.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            number += 1
            frame.with_panel(_panel(panel).id(number).span(row.width).height(row.height))
    return frame.build()


def page(uid: str, title: str, help_: str, markdown: str, others: Sequence[tuple[str, str]]) -> schema.Dashboard:
    """A dashboard that is only to be read."""
    words = text.Panel().mode(TextMode.MARKDOWN).content(markdown).transparent(True).id(1).span(WIDTH).height(40)
    return _frame(uid, title, help_, others).with_panel(words).build()


def _frame(uid: str, title: str, help_: str, others: Sequence[tuple[str, str]]) -> dashboard.Dashboard:
    frame = dashboard.Dashboard(title).uid(uid).description(help_).tags(["meterwatch"]).readonly()
    frame.timezone("browser").tooltip(schema.DashboardCursorSync.CROSSHAIR)
    for other, name in others:
        link = dashboard.DashboardLink(name).type(schema.DashboardLinkType.LINK).url(f"/d/{other}")
        frame.link(link.keep_time(True).icon("dashboard"))
    return frame


def _variable(choice: Choice) -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable(choice.label).label(choice.title).datasource(_SOURCE)
    variable.query({"query": f"label_values({choice.metric}, {choice.label})", "refId": choice.label})
    variable.refresh(schema.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(schema.VariableSort.NATURAL_ASC)
    variable.multi(True).allow_custom_value(False).include_all(True).all_value(".*")
    return variable.current(schema.VariableOption(selected=True, text="All", value="$__all"))


def _panel(panel: Panel) -> _Made:
    makers: dict[str, Callable[[Panel], _Made]] = {"stat": _stat, "lines": _lines, "areas": _lines, "bars": _bars}
    made = makers[panel.kind](panel)
    made.title(panel.title).description(panel.help).datasource(_SOURCE)
    made.unit(panel.unit).thresholds(_thresholds(panel))
    if panel.unit == "locale" and panel.kind in ("stat", "bars"):
        made.decimals(0)  # of a counter's increase Prometheus has an estimate
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter)
        made.with_target(target.instant() if _once(panel, query) else target.range())
    return made


def _once(panel: Panel, query: Query) -> bool:
    """Whether it is asked for one moment: over time, groups that come and go would all be shown."""
    return panel.kind == "bars" or (panel.kind == "stat" and bool(query.legend or _OVER_ALL in query.expr))


def _stat(panel: Panel) -> stat.Panel:
    made = stat.Panel().graph_mode(look.BigValueGraphMode.AREA).reduce_options(_latest())
    if any(query.legend for query in panel.queries):
        made.text_mode(look.BigValueTextMode.VALUE_AND_NAME)
    coloured = look.BigValueColorMode.BACKGROUND if panel.limits else look.BigValueColorMode.VALUE
    return made.color_mode(coloured).color_scheme(_colour(schema.FieldColorModeId.THRESHOLDS))


def _bars(panel: Panel) -> bargauge.Panel:
    made = bargauge.Panel().orientation(look.VizOrientation.HORIZONTAL).reduce_options(_latest()).min(0)
    made.display_mode(look.BarGaugeDisplayMode.BASIC).value_mode(look.BarGaugeValueMode.TEXT)
    return made.color_scheme(_colour(schema.FieldColorModeId.THRESHOLDS))


def _lines(panel: Panel) -> timeseries.Panel:
    made = timeseries.Panel().min(0).line_width(1).show_points(look.VisibilityMode.NEVER)
    made.color_scheme(_colour(schema.FieldColorModeId.PALETTE_CLASSIC))
    legend = common.VizLegendOptions().placement(look.LegendPlacement.BOTTOM).show_legend(True)
    made.legend(legend.display_mode(look.LegendDisplayMode.LIST).calcs([]))
    made.tooltip(common.VizTooltipOptions().mode(look.TooltipDisplayMode.MULTI).sort(look.SortOrder.DESCENDING))
    if panel.kind == "areas":
        made.fill_opacity(60).stacking(common.StackingConfig().mode(look.StackingMode.NORMAL))
    if panel.limits:
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(look.GraphThresholdsStyleMode.DASHED))
    return made


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _colour(mode: schema.FieldColorModeId) -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(mode)


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    last = len(panel.limits)
    colours = ("blue",) if not last else _COLOURS if last == 2 else ("green", "red")
    if panel.more_is_better:
        colours = colours[::-1]
    steps = [
        schema.Threshold(color=colour, value=limit)
        for colour, limit in zip(colours, (None, *panel.limits), strict=True)
    ]
    return dashboard.ThresholdsConfig().mode(schema.ThresholdsMode.ABSOLUTE).steps(steps)
