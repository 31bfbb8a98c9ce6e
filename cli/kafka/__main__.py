"""`python -m cli.kafka`: what `make kafka` runs."""

from __future__ import annotations

import contextlib
import signal
import sys

from cli.kafka import GIVEN, LocalKafka, LocalKafkaError


def main() -> None:
    """A local Kafka in the foreground, until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt), LocalKafka() as kafka:
        sys.stdout.write(
            f"Kafka {kafka.version} answers at {kafka.bootstrap} (process {kafka.pid}). Ctrl-C stops it and removes "
            f"its data.\nTo use it, in another terminal:\n\n  export {GIVEN}={kafka.bootstrap}\n"
        )
        sys.stdout.flush()
        kafka.wait()


if __name__ == "__main__":
    try:
        main()
    except LocalKafkaError as error:
        sys.exit(str(error))
