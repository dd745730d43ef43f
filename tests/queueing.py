"""Queues whose answer is known: what the simulation is held against. Nothing here is the planner's."""

from __future__ import annotations

import math
from dataclasses import dataclass


def erlang_c_wait(rate: float, service: float, servers: int) -> float:
    """Mean wait of M/M/c."""
    offered = rate * service
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last) * service / (servers - offered)


@dataclass(frozen=True)
class Chain:
    """A birth-death chain whose service rate depends on its state; times in ms, the rate in requests/s."""

    response: float
    wait: float
    ttft: float
    tpot: float
    most: float
    refused: float


def chain(rate: float, limit: int, queue: int, lengths: tuple[int, int], model: tuple[float, float, float]) -> Chain:
    """Requests of mean lengths in a batch of at most ``limit``, ``queue`` more may wait, lengths exponential.

    An iteration of n requests takes T(n) = a + n·(b·(in + out)/(out + 1) + g·(in + out/2)); a request takes out + 1.
    TTFT and TPOT are those of the mean number in service: reading takes an iteration beside n − 1 others and its own
    input, and what is left of the time is for the tokens. ``most`` lies 0.1 % below the highest service rate.
    """
    (given, written), (a, b, g) = lengths, model
    each = b * (given + written) / (written + 1) + g * (given + written / 2)
    service = [n / ((written + 1) * (a + n * each)) for n in range(1, limit + 1)]
    weights = [1.0]
    for state in range(1, limit + queue + 1):
        weights.append(weights[-1] * rate / 1000 / service[min(state, limit) - 1])
    total = math.fsum(weights)
    present = math.fsum(n * weight for n, weight in enumerate(weights)) / total
    running = math.fsum(min(n, limit) * weight for n, weight in enumerate(weights)) / total
    refused = weights[-1] / total
    taken = rate / 1000 * (1 - refused)
    response, served = present / taken, running / taken
    reading = a + (running - 1) * each + (b + g) * given
    tpot = (served - reading) / written
    wait = response - served
    return Chain(response, wait, wait + reading + tpot, tpot, service[-1] * 1000 * 0.999, refused)
