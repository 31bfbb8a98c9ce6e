"""A Prometheus of Debian's for one test: as its own process, on a port of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from cli.kafka.broker import free_ports
from grafana.queries import HERE

ROOT: Final = Path(__file__).parents[2]
GIVEN: Final = "PROMETHEUS"
"""Environment variable with the path of a `prometheus`, its `promtool` beside it."""
FETCHED: Final = ROOT / "build" / "prometheus" / "usr" / "bin" / "prometheus"
CONFIG: Final = HERE / "prometheus" / "prometheus.yml"
_READY_S: Final = 30.0


class Series(NamedTuple):
    """What a query gives."""

    labels: dict[str, str]
    points: list[tuple[float, float]]
    """(Unix time in s, value)"""


def program(name: str = "prometheus") -> str | None:
    """Path of `prometheus` or `promtool`: the one named, the one installed, the one that `make prometheus` fetched."""
    for found in (os.environ.get(GIVEN), shutil.which("prometheus"), FETCHED):
        if found and Path(found).with_name(name).exists():
            return str(Path(found).with_name(name))
    return None


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    tool = program("promtool")
    assert tool is not None
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)


class Prometheus:
    """One that runs."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid

    def query(self, expr: str, at: float | None = None) -> list[Series]:
        """As it is now, or was at a Unix time in s."""
        found = self.api("query", {"query": expr} | ({} if at is None else {"time": at}))
        if found["resultType"] == "scalar":
            return [Series({}, [_point(found["result"])])]
        return [Series(one["metric"], [_point(one["value"])]) for one in found["result"]]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """From `start` to `end`, seconds."""
        found = self.api("query_range", {"query": expr, "start": start, "end": end, "step": step})
        return [Series(one["metric"], [_point(value) for value in one["values"]]) for one in found["result"]]

    def api(self, path: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """`data` of an answer of `/api/v1/`."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(arguments or {})}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]


@contextlib.contextmanager
def running(folder: Path, target: str) -> Iterator[Prometheus]:
    """With the rules that are checked in, looking at `target` (host:port) every second."""
    binary = program()
    assert binary is not None
    port = free_ports(1)[0]
    log = folder / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                binary,
                f"--config.file={_config(folder, target)}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ],
            stdout=output,
            stderr=output,
        )
    try:
        _until_ready(process, port, log)
        yield Prometheus(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(pid: int, port: int) -> bool:
    """Whether it is that process which listens on that port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    inodes = {f"socket:[{line[9]}]" for line in lines if line[3] == "0A" and int(line[1].split(":")[1], 16) == port}
    return any(str(fd.readlink()) in inodes for fd in Path(f"/proc/{pid}/fd").iterdir())


def _config(folder: Path, target: str) -> Path:
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(CONFIG.parent / name) for name in config["rule_files"]]
    del config["alerting"]
    config["scrape_configs"] = [
        {"job_name": one["job_name"], "static_configs": [{"targets": [target]}]}
        for one in config["scrape_configs"]
        if one["job_name"] == "meterwatch"
    ]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _READY_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"Prometheus is not ready after {_READY_S:g} s: {log.read_text(errors='replace')}")


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    return pair[0], float(pair[1])
