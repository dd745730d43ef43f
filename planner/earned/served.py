"""A pool of a plan in a block, and what comes of its requests at the load that is planned and at others."""

from __future__ import annotations

from dataclasses import field

from planner.earned.cores import Asked
from planner.earned.margin import FOUND, LEAST_MORE, Margin, holds_by
from planner.frozen import dataclass
from planner.scenario.workload import LEAST_SIMULATED
from planner.simulation.pools import ServedPool
from planner.traffic.fewest import stretched
from planner.traffic.headroom import STEPS
from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

# Time is as it is planned.
PLANNED = 1.0


@dataclass(frozen=True)
class Served:
    """A pool in a block, the ``source`` of its sample's requests, and the ``replicas`` of that sample.

    ``requests`` is about how many are simulated, ``chance`` the standard deviation of the pool's load from one
    simulation to another. ``known`` are outcomes by the factor that time is stretched with.
    """

    pool: ServedPool
    source: Source
    replicas: Pool
    requests: float = 0.0
    chance: float = 0.0
    known: dict[float, Outcome] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """The headroom that the plan counts with, in steps."""
        return round(self.pool.headroom * STEPS)

    @property
    def load(self) -> float:
        """The share of saturation at which the plan runs it."""
        return self.pool.requests_per_s / (self.pool.saturated_requests_per_s * self.pool.replicas)

    @property
    def weight(self) -> float:
        """The pools of its sample's size that it stands for."""
        return self.pool.replicas / self.pool.sample

    def asked(self, factor: float) -> Asked:
        """What is to be simulated with its requests closer together or further apart, bursts and all."""
        if factor == PLANNED:
            return self.source, self.replicas
        return stretched(self.source, self.replicas, factor)

    def stretched(self, factor: float) -> Outcome:
        """What comes of that."""
        if factor not in self.known:
            self.known[factor] = simulate(*self.asked(factor))
        return self.known[factor]

    @property
    def outcome(self) -> Outcome:
        """As it is planned."""
        return self.stretched(PLANNED)

    def factor(self, margin: Margin) -> float:
        """How much closer together its requests are with the more load that a margin asks for."""
        more = margin.chances * self.chance
        return PLANNED / (1 + more) if more >= LEAST_MORE else PLANNED

    def by(self, margin: Margin) -> Outcome:
        """As it is planned, with a margin."""
        return self.stretched(self.factor(margin))

    def at(self, steps: int) -> Outcome:
        """With that much headroom, and the margin that headroom is found with."""
        return self.stretched(self.load / (1 - steps / STEPS) * self.factor(FOUND))

    def at_least(self, steps: int) -> Outcome:
        """With no less headroom than that; as it is where the plan leaves more of it free."""
        return self.by(FOUND) if self.load <= 1 - steps / STEPS else self.at(steps)

    def as_raised(self, steps: int) -> Outcome:
        """With that much headroom, where its own was raised."""
        return self.at(steps) if self.pool.headroom > LEAST_SIMULATED else self.by(FOUND)

    def holds(self, steps: int) -> bool:
        """Whether it holds the targets by itself with that much headroom."""
        return holds_by([(self.at(steps), 1.0)], FOUND)

    @property
    def missed(self) -> bool:
        """Whether it misses them by itself as it is planned."""
        return not holds_by([(self.by(FOUND), 1.0)], FOUND)
