"""`python -m cli.metricbook`: the catalogue of metrics into `docs/metrics.md`."""

from pathlib import Path
from typing import Final

from streams.metrics.catalogue import METRICS, SECTIONS, Metric
from streams.metrics.labels import Label

PAGE: Final = Path(__file__).parents[1] / "docs" / "metrics.md"
_HEAD: Final = """\
# Metrics

Generated from `streams/metrics/catalogue.py` by `python -m cli.metricbook`. A worker exposes them on `/metrics` of its
health port, with those of its process (`process_resident_memory_bytes`, `process_cpu_seconds_total` and the like).

Each worker tells of the partitions that it owns: add up over workers (`sum`), take the largest of ages and times
behind (`max`). Counters count what is acked, in a batch that was killed and read again only once. Gauges of cases,
losses, episodes and actions are counted every `affairs_every_s`; all other gauges at each scrape.
"""
_LABELS: Final = """\
## Labels

No label names a meter, a premise or an account. Each has as many values as stand here; what is beyond them is `other`.
"""
_LOSSES: Final = """\
## What is lost

Of leaks and bursts the flow beyond what is usual (`rate` of the anomaly, or what its day was over the expected one),
of theft and faulty meters what the expected day was over the one read, as last said, times how long it has lasted from
its onset as judged. Other causes lose nothing. It is an estimate, to set priorities by, and no invoice.
"""


def page() -> str:
    """The page as it ought to stand."""
    sections = [_section(title, metrics) for title, metrics in SECTIONS]
    return "\n".join([_HEAD, *sections, _LOSSES, _labels()])


def _section(title: str, metrics: tuple[Metric, ...]) -> str:
    lines = [f"## {title}", "", "| metric | type | labels | unit | meaning |", "|---|---|---|---|---|"]
    for m in metrics:
        labels = ", ".join(f"`{label.name}` ({label.bound})" for label in m.labels) or "-"
        buckets = f". Buckets up to {', '.join(f'{bound:g}' for bound in m.buckets)}" if m.buckets else ""
        lines.append(f"| `{m.name}` | {m.type} | {labels} | {m.unit} | {m.meaning}{buckets} |")
    return "\n".join([*lines, ""])


def _labels() -> str:
    lines = [_LABELS, "| label | values |", "|---|---|"]
    lines += list(dict.fromkeys(_label(label) for metric in METRICS for label in metric.labels))
    return "\n".join([*lines, ""])


def _label(label: Label) -> str:
    values = ", ".join(f"`{value}`" for value in label.values) or f"up to {label.most}, then `other`"
    return f"| `{label.name}` | {values}{f': {label.meaning}' if label.meaning else ''} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
