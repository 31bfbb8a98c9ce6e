"""A worker's log is read by people."""

import logging

from cli.logs import Seldom


def said(line: int, at: float) -> logging.LogRecord:
    record = logging.LogRecord("aiokafka", logging.ERROR, "client.py", line, "no broker", None, None)
    record.created = at
    return record


def test_a_line_of_code_speaks_once_a_minute() -> None:
    seldom = Seldom()
    heard = [seldom.filter(said(7, 1000.0 + second)) for second in range(0, 130, 10)]
    assert [second * 10 for second, yes in enumerate(heard) if yes] == [0, 60, 120]
    assert seldom.filter(said(8, 1005.0)), "another line has its own say"
