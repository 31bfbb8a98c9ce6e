"""`meterwatch.cases` -> `field.work-orders`, `customer.notifications`, `billing.holds`: what is done about it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import pydantic

from models.acting.cases import Cases
from models.contracts import Account, CaseRecord
from streams.agents.groups import sources
from streams.codecs.documents import read_all
from streams.codecs.json import Message
from streams.deps import Deps
from streams.records import Said
from streams.settings import Settings
from streams.steps import StageOf

_CONTRACT: Final[pydantic.TypeAdapter[CaseRecord]] = pydantic.TypeAdapter(CaseRecord)


@dataclasses.dataclass(frozen=True, slots=True)
class Respond:
    """What becomes of messages of `meterwatch.cases`."""

    settings: Settings
    deps: Deps
    accounts: Mapping[str, Account]

    def stage(self) -> StageOf[Cases]:
        """As the loop runs it."""
        topics = self.settings.topics
        return StageOf("respond", topics.cases, topics.state_cases, self.new, self.work)

    def new(self, number: int) -> Cases:
        """A partition of which nothing is known."""
        return Cases(number, [*sources("detect", self.settings), *sources("groups", self.settings)])

    def work(self, state: Cases, messages: Sequence[Message]) -> Said:
        """Records in, what is to be done by now out."""
        records, rejected = read_all(messages, _CONTRACT)
        actions = self.deps.respond(records, state, self.deps.policy, self.accounts)
        if messages:
            state.offset = messages[-1].offset
        return Said(
            self.settings.topics.cases,
            state.number,
            state.event_time,
            rejected=rejected,
            actions=[*actions.orders, *actions.notifications, *actions.holds],
            decisions=actions.decisions,
            lost=actions.lost,
        )
