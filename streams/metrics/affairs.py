"""What there is at the moment: what models have learnt; open episodes, incidents, cases with their losses, actions.

It is counted now and then, a stage at a time under the lock of its store and in a thread, and not at every scrape.
"""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from models.acting.cases import Cases, Known
from models.acting.losses import loss
from models.contracts import Account
from models.deciding.groups import Groups
from models.domain.causes import CAUSES
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, NEVER, SECOND, to_datetime, to_us
from models.domain.units import SERVICES
from models.scoring.learnt import Learnt
from models.state.closed import WHOLE
from models.state.merge import END
from models.state.partition import Partition
from streams.metered import Metered
from streams.metrics.labels import AGE, NONE, OTHER
from streams.metrics.worker import Metrics
from streams.slots import S
from streams.store import PartitionStore

Values = dict[str, Mapping[tuple[str, ...], float]]
"""Gauge of the catalogue -> labels in its order -> value"""
_AGES: Final = (1, 3, 7, 30)
"""Days that part the values of `AGE`"""
_ACTIONS: Final = (("work_order", "open"), ("notification", "pending"), ("hold", "draft"), ("hold", "approved"))


class Affairs:
    """Counts what there is in the partitions of a worker."""

    def __init__(
        self,
        metrics: Metrics,
        meters: PartitionStore[Metered],
        groups: PartitionStore[Groups],
        cases: PartitionStore[Cases],
        accounts: Mapping[str, Account],
        districts: int,
    ) -> None:
        self._metrics = metrics
        self._meters = meters
        self._groups = groups
        self._cases = cases
        self._accounts = accounts
        self._districts = districts

    async def watch(self, every_s: float) -> None:
        """To be run beside the app."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Sets the gauges."""
        async with self._meters.lock:
            partitions = [state.partition for state in _sound(self._meters)]
            self._set(await asyncio.to_thread(lambda: episodes(partitions) | models(partitions)))
        async with self._groups.lock:
            self._set(await asyncio.to_thread(incidents, _sound(self._groups)))
        async with self._cases.lock:
            self._set(await asyncio.to_thread(open_cases, _sound(self._cases), self._accounts, self._districts))

    def _set(self, values: Values) -> None:
        for name, value in values.items():
            self._metrics.refill(name, value)


def _sound(store: PartitionStore[S]) -> list[S]:
    return [slot.state for slot in store.slots.values() if slot.recovered and not slot.ahead]


def episodes(partitions: Iterable[Partition]) -> Values:
    """Open episodes by service and cause."""
    found = np.zeros((len(SERVICES), len(CAUSES)), np.int64)
    for partition in partitions:
        partition.seal_facts()
        rows = partition.rows[: len(partition)]
        meter, family = np.nonzero(rows["episodes"]["opened"] != NEVER)
        service = partition.facts["service"][partition.fact_of[meter]]
        np.add.at(found, (service, rows["episodes"]["cause"][meter, family]), 1)
    counts = zip(itertools.product(SERVICES, CAUSES), found.ravel().tolist(), strict=True)
    return {"meterwatch_open_episodes": Counter(dict(counts))}


def models(partitions: Iterable[Partition]) -> Values:
    """By service how long ago the models' last day ended, of the oldest, and how many readings they are made of."""
    ages: dict[tuple[str, ...], float] = {}
    samples: Counter[tuple[str, ...]] = Counter()
    for partition in partitions:
        known: Learnt | None = partition.learnt
        if known is None:
            continue
        for (zone, cohort), model in known.models.items():
            number, own = divmod(cohort, WHOLE + 1)
            if own != WHOLE:
                continue
            service = (SERVICES[number],)
            days = partition.closed[zone].items()
            last = max(day for day, of in days if day <= known.closed[zone] and len(of.of(cohort)))
            age = (partition.event_time - int(midnights(zone)[last + 1 - FIRST_DAY])) / SECOND
            ages[service] = max(age, ages.get(service, age))
            samples[service] += model.samples
    return {"meterwatch_model_age_seconds": ages, "meterwatch_model_samples": samples}


def incidents(groups: Iterable[Groups]) -> Values:
    """Open incidents by cause."""
    found: Counter[tuple[str, ...]] = Counter(dict.fromkeys(zip(CAUSES), 0))
    found.update((incident.event.cause,) for state in groups for _, incident in state.fleet.incidents)
    return {"meterwatch_open_incidents": found}


def open_cases(partitions: Iterable[Cases], accounts: Mapping[str, Account], districts: int) -> Values:
    """Open cases by cause, district and age, what they have lost, and open actions.

    `districts`: so many are told apart, those with the most open cases; the rest is `other`.
    """
    live: list[tuple[Known, int]] = []
    actions: Counter[tuple[str, ...]] = Counter(dict.fromkeys(_ACTIONS, 0))
    held: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for partition in partitions:
        now = partition.event_time
        for _, case in partition.cases:
            actions["work_order", "open"] += len(case.orders)
            for hold in case.holds.values():
                actions["hold", hold.status] += 1
                held[hold.status, hold.currency or NONE] += hold.amount_at_stake
            for anomaly, known in case.anomalies.items():
                if case.live(anomaly):
                    actions["notification", "pending"] += known.notice_due is not None
                    live.append((known, now if NEVER < now < END else to_us(known.event.updated_at)))
    return {
        "meterwatch_open_actions": actions,
        "meterwatch_held_money": held,
        **_of_live(live, accounts, districts),
    }


def _of_live(live: list[tuple[Known, int]], accounts: Mapping[str, Account], districts: int) -> Values:
    names = Counter(known.meter.transformer_id or NONE for known, _ in live)
    largest = sorted(names.keys() - {NONE}, key=lambda name: (-names[name], name))[:districts]
    shown = {NONE, *largest}
    cases: Counter[tuple[str, ...]] = Counter()
    lost: dict[str, defaultdict[tuple[str, ...], float]]
    lost = {unit: defaultdict(float) for unit in ("litres", "kilowatt_hours", "money")}
    for known, now in live:
        event, name = known.event, known.meter.transformer_id or NONE
        district = name if name in shown else OTHER
        cases[event.cause, district, _age(now - to_us(event.detected_at))] += 1
        if known.pace:
            so_far = loss(event, known.meter, known.pace, to_datetime(now), accounts, known.doubt)
            lost[so_far.unit][so_far.service, event.cause, district] += so_far.amount
            if so_far.currency:
                lost["money"][so_far.currency, event.cause, district] += so_far.money
    return {
        "meterwatch_open_cases": cases,
        **{f"meterwatch_open_loss_{unit}": values for unit, values in lost.items()},
    }


def _age(time: int) -> str:
    return AGE.values[sum(time >= days * DAY for days in _AGES)]
