"""A town with its weather, people, buildings, pipes, wires and meters; seeded, with nothing wrong in it yet."""

from simulators.world.building import build
from simulators.world.town import Member, Town
from simulators.world.weather import Weather

__all__ = ["Member", "Town", "Weather", "build"]
