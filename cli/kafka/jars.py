"""The jars of Kafka, fetched from Maven Central once per version."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from models.domain.errors import MeterwatchError

VERSION = "4.4.0"
CACHE = Path("build/kafka")

_POM = Path(__file__).with_name("pom.xml")


class LocalKafkaError(MeterwatchError):
    """The local Kafka cannot be had; the message says why and what to do."""


def missing_tools() -> list[str]:
    """What a local Kafka needs and this machine lacks, in words; empty when it can start."""
    missing = []
    if _java_release() < 17:
        missing.append("Java 17 or newer (on Debian: apt-get install openjdk-17-jre-headless)")
    if not shutil.which("mvn") and not _jars(CACHE).exists():
        missing.append("Maven (on Debian: apt-get install maven)")
    return missing


def install(cache: Path = CACHE) -> Path:
    """The directory with Kafka's jars, fetched on the first call; safe from several processes at once."""
    jars = _jars(cache)
    if jars.exists():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as scratch:
                _fetch(Path(scratch) / "jars")
                (Path(scratch) / "jars").rename(jars)
    return jars


def _jars(cache: Path) -> Path:
    return cache / VERSION


def _fetch(jars: Path) -> None:
    pom = ["--file", str(_POM), f"-Dkafka.version={VERSION}"]
    copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars.resolve()}"]
    command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", *pom, *copy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalKafkaError(f"Maven could not fetch Kafka {VERSION}:\n{(done.stdout + done.stderr)[-2000:]}")


def _java_release() -> int:
    """Major version of the `java` on the PATH, 0 without one."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
