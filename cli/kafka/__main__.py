"""`python -m cli.kafka`, which `make kafka` runs: a local Kafka in the foreground, until Ctrl-C."""

from __future__ import annotations

import signal
import sys

from cli.kafka import GIVEN, LocalKafka, LocalKafkaError


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(0))
    with LocalKafka() as kafka:
        sys.stdout.write(
            f"Kafka {kafka.version} answers at {kafka.bootstrap} (process {kafka.pid}). Ctrl-C stops it and removes "
            f"its data.\nTo use it, in another terminal:\n\n  export {GIVEN}={kafka.bootstrap}\n"
        )
        sys.stdout.flush()
        kafka.wait()
        raise LocalKafkaError("the broker has ended by itself")


if __name__ == "__main__":
    try:
        main()
    except LocalKafkaError as error:
        sys.exit(str(error))
