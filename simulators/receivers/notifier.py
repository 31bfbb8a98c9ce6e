"""The notifier: the only place that knows who an account is. It sends each notice once.

python -m simulators.receivers.notifier --state build/notifier.db
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.contracts import Notification
from simulators.receivers.consumer import Receiver, main


def made_up(account_id: str, channel: str) -> str:
    """An address that cannot exist, for every account."""
    return f"{account_id}@{channel}.example"


class Notifier(Receiver[Notification]):
    """Puts each notice into an outbox once; `directory` knows the address of an account on a channel, if there is one.

    The outbox is in the journal's transaction. What empties it hands the id on as the provider's idempotency key.
    """

    name = "notifier"
    topic = "customer.notifications"
    tables = (
        "CREATE TABLE IF NOT EXISTS outbox"
        " (id TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL);"
    )
    contract = Notification

    def __init__(
        self,
        bootstrap_servers: str,
        state: Path,
        *,
        directory: Callable[[str, str], str | None] = made_up,
        **names: Any,
    ) -> None:
        super().__init__(bootstrap_servers, state, **names)
        self._directory = directory

    def take(self, line: Notification, seen: int) -> str:
        """One text per id, whatever later lines say."""
        if seen:
            return "not sent again"
        address = self._directory(line.account_id, line.channel)
        if address is None:
            return "undeliverable"
        letter = (line.id, line.channel, address, line.language, line.text)
        self.journal.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?)", letter)
        return "sent"

    def outbox(self) -> list[tuple[str, str, str, str, str]]:
        """(id, channel, address, language, text) of all that was sent, in order."""
        return self.journal.execute("SELECT * FROM outbox ORDER BY rowid")


if __name__ == "__main__":
    main(Notifier)
