"""What we give to others for their tests: a clock, a world, and the proof of a storage adapter."""

from doorward.testing.clock import FakeClock
from doorward.testing.world import open_world

__all__ = ["FakeClock", "open_world"]
