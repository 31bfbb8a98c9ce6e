"""The town as data: meters with their reads and what was really used, customers, weather, and the truth."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from models.contracts import Account, Context, Label, Meter
from models.domain.blocks import Float64, Int64
from models.domain.units import BASE
from simulators.faults import Reads
from simulators.headend import Upload
from simulators.world.calendar import PER_HOUR, Calendar
from simulators.world.hardware import counted
from simulators.world.weather import Weather


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A meter of the town."""

    versions: tuple[Meter, ...]
    """What the MDM has of it, a record per `effective_from`, the first without"""
    reads: Reads
    true_use: Float64
    """[n] what was really used in each interval, meter's unit, before meter and head-end"""
    upload: Upload

    @property
    def meter(self) -> Meter:
        """As it was when the window began."""
        return self.versions[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Town:
    """A fleet with its customers and weather, and the truth about lives that only look like faults."""

    calendar: Calendar
    weather: Weather
    members: tuple[Member, ...]
    accounts: tuple[Account, ...]
    contexts: tuple[Context, ...]
    labels: tuple[Label, ...]
    losses: Mapping[str, float]
    """group -> share of what is supplied that is lost in wires or pipes"""

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The records for `ami.meters`."""
        return tuple(meter for member in self.members for meter in member.versions)

    @property
    def readings(self) -> int:
        """Intervals that are read, those that get lost not counted."""
        return sum(int((~member.reads.lost).sum()) for member in self.members)

    def member(self, meter_id: str) -> Member:
        """KeyError for a meter that is not in the town."""
        for member in self.members:
            if member.meter.meter_id == meter_id:
                return member
        raise KeyError(meter_id)

    def with_reads(self, reads: Mapping[str, Reads], more: Mapping[str, Float64] | None = None) -> "Town":
        """The town with other reads of some meters, by id; the total meters follow what is truly used.

        `more` [n] is what is truly used more than before, meter's unit. Where it says nothing of a meter, what its
        register now counts beyond what it counted is taken as used (a leak), and what it counts less as used all the
        same (theft, a stopped meter).
        """
        said = more or {}
        extra: dict[str, Float64] = {}
        members = []
        for member in self.members:
            meter, now = member.meter, reads.get(member.meter.meter_id, member.reads)
            change = said.get(meter.meter_id)
            if change is None:
                change = np.maximum(now.metered - member.reads.metered, 0.0)
            group = meter.transformer_id or ""
            if not meter.is_total and group in self.losses and change.any():
                hourly = self._hourly(now.start, change * BASE[meter.unit])
                extra[group] = extra.get(group, np.zeros(len(hourly))) + hourly
            members.append(dataclasses.replace(member, reads=now, true_use=member.true_use + change))
        return dataclasses.replace(self, members=tuple(self._following(member, extra) for member in members))

    def _hourly(self, start: Int64, used: Float64) -> Float64:
        """What was used in intervals that fill the window, by the hour: evenly where an interval is longer."""
        edges = np.append(start, self.calendar.midnight[-1])
        hours = np.append(self.calendar.start[::PER_HOUR], self.calendar.midnight[-1])
        return np.diff(np.interp(hours, edges, np.concatenate(([0.0], np.cumsum(used)))))

    def _following(self, member: Member, more: Mapping[str, Float64]) -> Member:
        """A total meter after its group used `more`, base units by the hour; any other member as it is."""
        meter, reads, group = member.meter, member.reads, member.meter.transformer_id or ""
        if not meter.is_total or group not in more:
            return member
        extra = more[group] / BASE[meter.unit]
        if meter.service == "electricity":  # what wires lose grows with what they carry, what pipes lose does not
            extra = extra / (1 - self.losses[group])
        used = np.maximum(member.true_use + extra, 0.0)
        metered = counted(used, reads.resolution, 0.5)
        as_read = reads.value == reads.metered  # and not missing, estimated, or at fault itself
        now = dataclasses.replace(reads, metered=metered, value=np.where(as_read, metered, reads.value))
        return dataclasses.replace(member, reads=now, true_use=used)
