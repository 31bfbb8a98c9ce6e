"""What a query asks for is read from its grammar; what nobody writes is a problem."""

import pytest

from grafana.queries import Asked, names

KNOWN = {"cases": {"cause", "district"}, "found_total": {"cause"}, "took_bucket": {"stage", "le"}, "a:b:c": {"cause"}}


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("sum(cases)", set()),
        ("sum by (cause) (cases) or 0 * sum by (cause) (found_total)", {"cause"}),
        ("sum without (cause) (cases)", {"district", "job", "instance"}),
        ("topk(3, sum by (district) (cases)) or on () vector(0)", {"district"}),
        ("histogram_quantile(0.9, sum by (stage, le) (rate(took_bucket[5m])))", {"stage"}),
        (
            "sum by (cause, district) (cases) / on (cause) group_left () sum by (cause) (found_total)",
            {"cause", "district"},
        ),
        ("sum by (cause) (cases) / on (cause) sum by (cause) (found_total)", {"cause"}),
        ("1 - (sum by (cause) (cases) > 0)", {"cause"}),
        ("max_over_time(sum by (cause) (found_total)[1h:1m])", {"cause"}),
        ("a:b:c", {"cause"}),
    ],
)
def test_labels_that_are_left(expr: str, labels: set[str]) -> None:
    found = names(expr, KNOWN)
    assert found.labels == labels
    assert found.problems == []


@pytest.mark.parametrize(
    ("expr", "problem"),
    [
        ("sum(case)", "nobody writes case"),
        ('cases{service="water"}', "cases has no label service"),
        ("sum by (district) (found_total)", "cannot group by district"),
        ("sum by (cause) (cases) / on (district) sum by (cause) (found_total)", "cannot match on district"),
        ('a:b:c{instance="worker-1"}', "a:b:c has no label instance"),
    ],
)
def test_what_nobody_writes_is_a_problem(expr: str, problem: str) -> None:
    assert problem in names(expr, KNOWN).problems


def test_variables_are_filled_in() -> None:
    query = Asked(
        "", 'rate(cases{cause=~"$cause",district=~"${district}"}[$__rate_interval]) + increase(cases[$__range])'
    )
    assert query.plain("1m", "2h") == 'rate(cases{cause=~".*",district=~".*"}[1m]) + increase(cases[2h])'
