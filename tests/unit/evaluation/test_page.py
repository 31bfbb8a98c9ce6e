"""The report: one page of well-formed HTML that needs nothing else, whatever labels are called."""

import xml.etree.ElementTree as ET

from evaluation import plots
from evaluation.labelled import figures
from evaluation.page import page
from evaluation.side import side_by_side
from tests.support.records import event, line, record

DAYS = {"t": [0.9] * 10, "a": [0.1] * 10, "b": [0.2] * 10}


def test_every_part_of_the_page_is_well_formed() -> None:
    kind = "<script>&"
    of = record(
        DAYS,
        [event("t", kind, 3, 10, "theft"), event("b", "vacation", 3, 5)],
        [line("x", "t", "theft", 4), line("y", "a", "leak", 4)],
    )
    result = figures([of])
    result |= {"stages": side_by_side({"all": result}), "baselines": side_by_side({"score": result}, said=False)}
    text = page(result, "meterwatch evaluate <FOLDER>")
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    root = ET.fromstring(text.removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', ""))  # noqa: S314
    titles = [one.text for one in root.iter() if one.tag in ("h1", "h2", "h3")]
    assert titles[:3] == ["Meterwatch, evaluated", "Asked for first", "Electricity"]
    assert "Without a stage: electricity" in titles
    assert sum("svg" in one.tag and one.tag.endswith("}svg") for one in root.iter()) == 4


def test_bars_are_as_long_as_their_values() -> None:
    svg = ET.fromstring(plots.bars({"low": 1.0, "high": 4.0}, "a day"))  # noqa: S314
    widths = [float(box.get("width", 0)) for box in svg if box.tag.endswith("rect")]
    assert widths[0] == 4 * widths[1]
    assert [text.text for text in svg if text.tag.endswith("text")] == ["high", "4.00 a day", "low", "1.00 a day"]


def test_every_delay_is_in_a_bar() -> None:
    svg = ET.fromstring(plots.delays({"burst": [0.0, 2.0, 2.0], "leak": [400.0]}))  # noqa: S314
    tall = [float(box.get("height", 0)) for box in svg if box.tag.endswith("rect")]
    assert sum(height > 0 for height in tall) == 3
