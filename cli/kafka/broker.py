"""Start a broker, know that it is ours that answers, and stop exactly that one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.kafka.jars import VERSION, LocalKafkaError, install, missing_tools

_LOGGING = Path(__file__).with_name("log4j2.properties")
_HOST = "127.0.0.1"
_HEAP = "512m"
_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 20.0
_FOR_EVER = 2**63 - 1

# Below the range that the system takes the near ends of connections from. Inside it, a client that retries while the
# broker is down can take the broker's own port, and the broker cannot come back.
_PORTS = range(20_000, 32_000)

# Outlives this process by a moment: when its input closes, because this process is gone, it does what `stop` would.
_WATCHDOG = """
import os, shutil, sys, time
sys.stdin.read()
os.killpg(int(sys.argv[1]), 9)
time.sleep(1)
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""


class LocalKafka:
    """One broker on free ports of the loopback address, with storage of its own.

    `kill` and `restart` keep storage and ports, `stop` (and leaving the context) removes the storage.
    """

    version = VERSION

    def __init__(self) -> None:
        self._port, self._controller_port = free_ports(2)
        self._cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"{_HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        if self._process is None:
            raise LocalKafkaError("the local Kafka is not running")
        return self._process.pid

    def start(self) -> None:
        """Start, on the storage of before if there is one; returns when the broker answers as this very cluster."""
        if missing := missing_tools():
            raise LocalKafkaError(
                f"a local Kafka needs {' and '.join(missing)}; or set KAFKA_BOOTSTRAP_SERVERS to a cluster"
            )
        command = self._java(install())
        try:
            if self._scratch is None:
                self._scratch = tempfile.TemporaryDirectory(prefix="meterwatch-kafka-")
                self._format(command)
            self._launch(command)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Return when the broker has ended."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End the broker and remove its storage: what is thrown away is not put in order first."""
        self._end(signal.SIGKILL)
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def kill(self) -> None:
        """End the broker as a crash would; `start` brings it back."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """End the broker in good order and start it again."""
        self._end(signal.SIGTERM)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _directory(self) -> Path:
        assert self._scratch is not None  # noqa: S101 - `start` made it
        return Path(self._scratch.name)

    def _java(self, jars: Path) -> list[str]:
        return [
            "java",
            f"-Xmx{_HEAP}",
            f"-Dlog4j2.configurationFile={_LOGGING}",
            "-cp",
            f"{jars.resolve()}/*",
        ]

    def _format(self, command: list[str]) -> None:
        settings = properties(self._port, self._controller_port)
        (self._directory / "server.properties").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        cluster = f"--cluster-id={self._cluster_id}"  # one word, for the id may begin with a hyphen
        tool = ["kafka.tools.StorageTool", "format", cluster, "--config=server.properties"]
        done = subprocess.run([*command, *tool], cwd=self._directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LocalKafkaError(f"formatting the storage failed:\n{done.stdout}{done.stderr}")

    def _launch(self, command: list[str]) -> None:
        with (self._directory / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "kafka.Kafka", "server.properties"],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            [sys.executable, "-c", _WATCHDOG, str(self._process.pid), str(self._directory)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while (answer := cluster_id(self._port)) != self._cluster_id:
            if answer is not None:
                raise LocalKafkaError(f"{self.bootstrap} is taken: cluster {answer} answers there, not the one started")
            if self._process.poll() is not None:
                raise LocalKafkaError(f"Kafka ended with exit code {self._process.returncode}:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise LocalKafkaError(f"Kafka does not answer after {_START_TIMEOUT_S:.0f} s:\n{self._last_words()}")
            time.sleep(0.1)

    def _end(self, how: signal.Signals) -> None:
        if self._watchdog is not None:  # before the broker, whose process id is free for others once it is gone
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _last_words(self) -> str:
        logs = [self._directory / name for name in ("kafka.log", "output.log")]
        return "".join(log.read_text()[-2000:] for log in logs if log.exists())


def cluster_id(port: int) -> str | None:
    """Id of the Kafka cluster that listens on a port of this machine; None if no Kafka answers there."""
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
        return asyncio.run(_cluster_id(f"{_HOST}:{port}"))
    except (OSError, KafkaError):
        return None


async def _cluster_id(bootstrap: str) -> str:
    async with asyncio.timeout(5):
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
            return str((await admin.describe_cluster())["cluster_id"])
        finally:
            await admin.close()


def properties(port: int, controller_port: int) -> dict[str, object]:
    """The broker's settings; docs/kafka.md lists them and says why."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{_HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{_HOST}:{port},CONTROLLER://{_HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{_HOST}:{port}",
        "log.dirs": "data",
        # One node holds everything, and its own topics stay small.
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "log.cleaner.dedupe.buffer.size": 16 << 20,  # of 128 MiB, in a heap of 512
        # A group forms at once, and a test may notice a dead member sooner than in 6 s.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A killed broker may come back at once: the controller forgets the one before it after 3 s, of 9.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # A topic is created on purpose or not at all.
        "auto.create.topics.enable": "false",
        # Reads of years ago are replayed with their own timestamps, and stay.
        "log.retention.ms": -1,
        "log.message.timestamp.before.max.ms": _FOR_EVER,
        "log.message.timestamp.after.max.ms": _FOR_EVER,
    }


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now, below the range of clients' own."""
    free = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((_HOST, port))
            free.append(port)
        if len(free) == count:
            return free
    raise LocalKafkaError(f"no free port from {_PORTS.start} to {_PORTS.stop}")
