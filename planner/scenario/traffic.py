"""How a workload's requests come: as a trace has them, or made to a burstiness and a spread of lengths."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from planner.catalog.models import Count, NonNegative, NonNegativeCount, wrong
from planner.fields import doc
from planner.scenario.section import Section
from planner.traffic.spread import INPUT_CV, OUTPUT_CV

# Beyond these nothing is drawn any more but requests of one token and a few that no cache holds.
MOST_CV = 100.0
# Each of them takes its time to draw, and so many come as if they were Poisson's.
MOST_SOURCES = 10_000
MOST_SEED = 2**31 - 1

Variation = Annotated[NonNegative, Field(le=MOST_CV)]


class Arrivals(Section):
    """When requests come that are made."""

    cv: Annotated[
        Variation,
        doc(
            "standard deviation of the time between two over its mean; 0 is a steady beat, 1 Poisson, above: bursts",
            "ratio",
        ),
    ] = 1.0


class Lengths(Section):
    """How long requests are that are made: lognormal, about the workload's means."""

    input_cv: Annotated[Variation, doc("standard deviation of input tokens over their mean", "ratio")] = INPUT_CV
    output_cv: Annotated[Variation, doc("standard deviation of output tokens over their mean", "ratio")] = OUTPUT_CV


class Traffic(Section):
    """Requests of a workload as `plan simulate` and `headroom: simulated` put them through replicas."""

    trace: Annotated[
        str | None, doc("file of requests beside the scenario, brought to the workload's rate; read when simulating")
    ] = None
    columns: Annotated[
        str | None, doc("fields of a trace that no known tool wrote: time=ts,input=prompt,output=reply,unit=ms")
    ] = None
    own_lengths: Annotated[
        bool, doc("leave the trace's lengths as they are; false scales them to the workload's means")
    ] = False
    trace_sha256: Annotated[
        str | None,
        Field(pattern="^[0-9a-f]{16}$"),
        doc("first 16 digits of the SHA-256 of the trace; filled in when loading, and where given it has to agree"),
    ] = None
    arrivals: Annotated[Arrivals | None, doc("when requests come; default: Poisson, or as in the trace")] = None
    lengths: Annotated[Lengths | None, doc("how long requests are; default: as below, or as in the trace")] = None
    sources: Annotated[
        Annotated[Count, Field(le=MOST_SOURCES)],
        doc("independent sources of equal rate laid over each other; 1: bursts grow with the volume", "count"),
    ] = 1
    seed: Annotated[
        Annotated[NonNegativeCount, Field(le=MOST_SEED)], doc("another one makes other requests", "index")
    ] = 1

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.trace is not None:
            for field in ("arrivals", "lengths"):
                if getattr(self, field) is not None:
                    raise wrong(field, "this makes requests, and trace has them; give one of the two")
            return self
        for field in ("columns", "own_lengths", "trace_sha256"):
            if getattr(self, field):
                raise wrong(field, "this belongs to trace: FILE")
        return self
