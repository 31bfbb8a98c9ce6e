"""`meterwatch.groups` -> `ami.anomalies` and `meterwatch.cases`: what can only be seen across meters."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import pydantic

from models.contracts import GroupRecord
from models.deciding.groups import Groups as State
from streams.codecs.documents import read_all
from streams.codecs.json import Message
from streams.deps import Deps
from streams.records import Said
from streams.settings import Settings
from streams.steps import StageOf

_CONTRACT: Final[pydantic.TypeAdapter[GroupRecord]] = pydantic.TypeAdapter(GroupRecord)


@dataclasses.dataclass(frozen=True, slots=True)
class Groups:
    """What becomes of messages of `meterwatch.groups`."""

    settings: Settings
    deps: Deps

    def stage(self) -> StageOf[State]:
        """As the loop runs it."""
        topics = self.settings.topics
        return StageOf("groups", topics.groups, topics.state_groups, self.new, self.work, (topics.cases,))

    def new(self, number: int) -> State:
        """A partition of which nothing is known."""
        return State(number, sources("detect", self.settings))

    def work(self, state: State, messages: Sequence[Message]) -> Said:
        """Records in, what is final by now out."""
        records, rejected = read_all(messages, _CONTRACT)
        outcome = self.deps.balance(records, state, self.deps.policy)
        if messages:
            state.offset = messages[-1].offset
        return Said(
            self.settings.topics.groups,
            state.number,
            state.event_time,
            events=outcome.events,
            rejected=rejected,
            cases=outcome.cases,
            decisions=outcome.decisions,
        )


def sources(stage: str, settings: Settings) -> list[str]:
    """Names of all partitions of a stage, as they sign what they say."""
    return [f"{stage}-{number}" for number in range(settings.partitions)]
