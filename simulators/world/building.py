"""Building a town: premises, their meters, the transformers and districts that feed them, and head-ends."""

import dataclasses
import datetime as dt
from typing import Final

import numpy as np

from models.contracts import Account, Context, Label, Meter
from models.domain.blocks import Float64
from models.domain.times import HOUR, SECOND, to_datetime, to_us
from simulators.world import hardware, reading
from simulators.world.calendar import PER_HOUR, Calendar
from simulators.world.customers import account_of, contexts_of, pseudonym
from simulators.world.hardware import Model, Service
from simulators.world.premises import CLASSES, Premise, premise_of
from simulators.world.town import Member, Town
from simulators.world.weather import Weather, weather_of

CHILDREN: Final[dict[Service, int]] = {"electricity": 32, "water": 66}
"""Most meters behind one transformer, and in one district."""
HEAD_ENDS: Final[dict[Service, tuple[str, ...]]] = {
    "electricity": ("he-1", "he-2", "he-3"),
    "water": ("he-4", "he-5"),
    "gas": ("he-6",),
}
EXCHANGES_A_YEAR: Final = 0.05
OUTAGES_A_YEAR: Final = 2.0
"""Of the collector of a group; each lasts up to 14 hours and loses nothing."""
LOSS: Final = (0.035, 0.045)
"""Of what a transformer or a district is supplied with."""
TIMEZONE: Final = "Europe/Berlin"


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """What hangs behind one transformer, in one district, or on the gas net's one collector."""

    name: str | None
    service: Service
    head_end: str
    outages: tuple[tuple[int, int], ...]
    premises: tuple[Premise, ...]


def build(seed: int, meters: int, start: int | dt.datetime, days: int, timezone: str = TIMEZONE) -> Town:
    """A town of `meters` meters, totals among them, over `days` local days from the one that holds `start`.

    The same seed gives the same town. `start` in microseconds UTC or aware. ValueError for under 10 meters or a day.
    """
    if meters < 10 or days < 1:
        raise ValueError(f"a town has 10 meters or more and a day or more, not {meters} and {days}")
    calendar = Calendar.of(timezone, to_us(start) if isinstance(start, dt.datetime) else start, days)
    weather = weather_of(np.random.default_rng([seed, 0]), calendar)
    premises = _premises(seed, meters, calendar, weather)
    rng = np.random.default_rng([seed, 2])
    groups = [group for service in HEAD_ENDS for group in _groups(rng, calendar, service, premises)]
    losses = {group.name: round(float(rng.uniform(*LOSS)), 4) for group in groups if group.name}
    members: list[Member] = []
    for group in groups:
        members += [_member(seed, calendar, weather, premise, group) for premise in group.premises]
        if group.name:
            members.append(_total(seed, calendar, weather, group, losses[group.name]))
    members.sort(key=lambda member: member.meter.meter_id)
    return Town(
        calendar=calendar,
        weather=weather,
        members=tuple(members),
        accounts=tuple(_accounts(seed, premises, members, timezone)),
        contexts=tuple(_contexts(seed, calendar, premises)),
        labels=tuple(_labels(calendar, premises, members)),
        losses=losses,
    )


def _premises(seed: int, meters: int, calendar: Calendar, weather: Weather) -> list[Premise]:
    """As many as have so many meters, totals counted; the last go without some services to meet the number."""
    premises: list[Premise] = []
    count: dict[Service, int] = {"electricity": 0, "water": 0, "gas": 0}
    while _with_totals(count) < meters:
        premise = premise_of(seed, len(premises), calendar, weather)
        taken: list[Service] = []
        for service in premise.services:
            more = count | {service: count[service] + 1}
            if _with_totals(more) <= meters:
                count, taken = more, [*taken, service]
        premises.append(dataclasses.replace(premise, services=tuple(taken)))
    return premises


def _with_totals(count: dict[Service, int]) -> int:
    return sum(count.values()) + sum(-(-count[service] // most) for service, most in CHILDREN.items())


def _groups(rng: np.random.Generator, calendar: Calendar, service: Service, premises: list[Premise]) -> list[Group]:
    """Neighbours go together, as evenly as the numbers allow."""
    served = [premise for premise in premises if service in premise.services]
    number = -(-len(served) // CHILDREN[service]) if service in CHILDREN else 1
    parts = np.array_split(np.arange(len(served)), max(number, 1)) if served else []
    letter = {"electricity": "T", "water": "D"}.get(service)
    return [
        Group(
            name=f"{letter}-{k + 1:02d}" if letter else None,
            service=service,
            head_end=HEAD_ENDS[service][k % len(HEAD_ENDS[service])],
            outages=_outages(rng, calendar),
            premises=tuple(served[at] for at in part),
        )
        for k, part in enumerate(parts)
    ]


def _outages(rng: np.random.Generator, calendar: Calendar) -> tuple[tuple[int, int], ...]:
    first, last = int(calendar.midnight[0]), int(calendar.midnight[-1])
    begins = rng.integers(first, last, rng.poisson(OUTAGES_A_YEAR * calendar.days / 365.25)) // SECOND * SECOND
    return tuple((int(t), int(t) + int(rng.integers(2 * 3600, 14 * 3600)) * SECOND) for t in sorted(begins.tolist()))


def _rng(seed: int, premise: int, service: Service, what: int) -> np.random.Generator:
    return np.random.default_rng([seed, 3 + what, premise, list(HEAD_ENDS).index(service)])


def meter_id_of(service: Service, number: int) -> str:
    """Ids as utilities give them: a letter for the service and digits that say nothing."""
    return f"{service[0].upper()}{(number * 7919 + 104_729) % 1_000_000:06d}"


def premise_id_of(premise: Premise) -> str:
    """Of a premise."""
    return f"P{premise.number + 1:05d}"


def _member(seed: int, calendar: Calendar, weather: Weather, premise: Premise, group: Group) -> Member:
    rng = _rng(seed, premise.number, group.service, 0)
    model, use = hardware.choose(rng, group.service), premise.use
    own: dict[Service, Float64] = {"electricity": use.electricity, "water": use.water, "gas": use.gas}
    solar = bool(premise.fittings and premise.fittings.solar_kw) and group.service == "electricity"
    reads, true_use = reading.reads_of(rng, calendar, model, own[group.service], use.received if solar else None)
    upload = reading.upload_of(rng, model, group.head_end, group.outages)
    smallest = 6.0 if group.service == "gas" else 4.0 if premise.dwellings == 1 else 6.3
    meter = _record(
        model,
        meter_id=meter_id_of(group.service, premise.number),
        firmware=str(rng.choice(model.firmwares)),
        timezone=calendar.timezone,
        customer_class=CLASSES[premise.kind],
        units=premise.dwellings or None,
        size=hardware.size_of(group.service, own[group.service], smallest),
        upload_s=reading.UPLOAD_S.get(upload.form, float(model.interval_s)),
        transformer_id=group.name,
        has_generation=solar if group.service == "electricity" else None,
        head_end=group.head_end,
        premise_id=premise_id_of(premise),
        account_id=pseudonym(seed, premise.number, group.service),
        weather_zone=weather.zone,
    )
    versions = _vacancies(calendar, premise, meter)
    if len(versions) == 1 and rng.random() < EXCHANGES_A_YEAR * calendar.days / 365.25:
        day = int(rng.integers(0, calendar.days))
        at = int(calendar.midnight[day]) + (0 if model.interval_s == 86_400 else int(rng.integers(8, 16)) * HOUR)
        reads, upload = reading.exchanged(rng, reads, upload, at)
        newest = {"firmware": model.firmwares[-1], "effective_from": to_datetime(at)}
        versions = (meter, meter.model_copy(update=newest))
    return Member(versions, reads, true_use, upload)


def _vacancies(calendar: Calendar, premise: Premise, meter: Meter) -> tuple[Meter, ...]:
    """The meter's records, one more where a vacancy begins or ends that the customer system heard of."""
    versions = [meter]
    for event in premise.happenings:
        if event.kind == "vacancy" and event.known:
            begin, end = (to_datetime(time) for time in calendar.span(event.first_day, event.until_day))
            vacant = meter.model_copy(update={"status": "vacant", "effective_from": begin})
            versions = [vacant.model_copy(update={"effective_from": None})] if event.first_day == 0 else [meter, vacant]
            if event.until_day < calendar.days:
                versions.append(meter.model_copy(update={"effective_from": end}))
    return tuple(versions)


def _record(model: Model, **fields: object) -> Meter:
    """A record of METERS for a meter of that model."""
    given = {
        "service": model.service,
        "unit": model.unit,
        "interval_s": model.interval_s,
        "resolution": model.resolution,
        "dial_max": model.dial_max,
        "model": model.name,
        **fields,
    }
    return Meter.model_validate(given)


def _total(seed: int, calendar: Calendar, weather: Weather, group: Group, loss: float) -> Member:
    """The meter that feeds a group. Wires lose a share of what they carry, pipes the same at every hour."""
    name = group.name or ""
    rng = np.random.default_rng([seed, 4, *name.encode()])
    if group.service == "electricity":
        net = np.sum([premise.use.electricity - premise.use.received for premise in group.premises], axis=0)
        net = np.repeat(net.reshape(-1, PER_HOUR).mean(axis=1), PER_HOUR)
        use, fed = np.maximum(net, 0.0) / (1 - loss), np.maximum(-net, 0.0) * (1 - loss)
    else:
        use = np.sum([premise.use.water for premise in group.premises], axis=0)
        use, fed = use + use.mean() * loss / (1 - loss), None
    model = hardware.total_model(group.service)
    reads, true_use = reading.reads_of(rng, calendar, model, use, fed)
    upload = dataclasses.replace(
        reading.upload_of(rng, model, group.head_end, group.outages), form="four_hourly", register="always"
    )
    meter = _record(
        model,
        meter_id=f"{group.service[0].upper()}{name}",
        firmware=model.firmwares[0],
        timezone=calendar.timezone,
        upload_s=reading.UPLOAD_S["four_hourly"],
        transformer_id=name,
        is_total=True,
        has_generation=bool(fed is not None and fed.any()) if group.service == "electricity" else None,
        head_end=group.head_end,
        weather_zone=weather.zone,
    )
    return Member((meter,), reads, true_use, upload)


def _accounts(seed: int, premises: list[Premise], members: list[Member], timezone: str) -> list[Account]:
    """One for each meter of a customer; a customer reads one language on all of them."""
    currency = "USD" if timezone.startswith("America/") else "EUR"
    models = {model.name: model for model in hardware.MODELS}
    by_id = {member.meter.account_id: member.meter for member in members if member.meter.account_id}
    return [
        account_of(np.random.default_rng([seed, 5, premise.number]), account_id, models[meter.model or ""], currency)
        for premise in premises
        for service in premise.services
        if (meter := by_id[account_id := pseudonym(seed, premise.number, service)])
    ]


def _contexts(seed: int, calendar: Calendar, premises: list[Premise]) -> list[Context]:
    return [
        context
        for premise in premises
        for context in contexts_of(
            np.random.default_rng([seed, 6, premise.number]), calendar, premise, premise_id_of(premise)
        )
    ]


def _labels(calendar: Calendar, premises: list[Premise], members: list[Member]) -> list[Label]:
    """What happens in lives, for each meter that sees it."""
    meters: dict[str, list[Meter]] = {}
    for member in members:
        meters.setdefault(member.meter.premise, []).append(member.meter)
    labels = []
    for premise in premises:
        for event in premise.happenings:
            begin, end = (to_datetime(time) for time in calendar.span(event.first_day, event.until_day))
            labels += [
                Label(
                    meter_id=meter.meter_id,
                    kind=event.kind,
                    start=begin,
                    end=end,
                    expected_cause="none",
                    role="look_alike",
                )
                for meter in meters.get(premise_id_of(premise), ())
                if event.kind != "ev" or meter.service == "electricity"
            ]
    return labels
