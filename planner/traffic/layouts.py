"""What the files of traces look like: which fields hold time and lengths, and how a layout is told from the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from planner.errors import InputError
from planner.frozen import dataclass
from planner.validation import nearest

Unit = Literal["s", "ms", "us", "ns", "day"]
# Units of one second; ``day`` is a date with a time.
PER_S: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
UNITS = (*PER_S, "day")
# Tokens of a block of Mooncake's traces.
HASHED = 512


@dataclass(frozen=True)
class Layout:
    """Fields of a trace by what they hold; a dot leads into an object of JSON. ``unit`` is that of the time.

    ``hashes`` holds the numbers of the input's blocks of ``HASHED`` tokens, each of which stands for all up to its end.
    ``by_end`` where rows stand in the order in which requests ended, and have to be put into that in which they came.
    ``empty`` says what to do about a request without tokens. Where rows are not single requests but windows of time,
    ``rate`` holds how many came a second, input and output are empty, and so is a unit that the first row tells.
    """

    name: str
    time: str
    input: str
    output: str
    unit: str
    session: str = ""
    cached: str = ""
    hashes: str = ""
    by_end: bool = False
    empty: str = ""
    rate: str = ""

    def needs(self) -> tuple[str, ...]:
        """The fields that every row has."""
        return (self.time, self.rate) if self.rate else (self.time, self.input, self.output)


LAYOUTS = (
    Layout("Azure", "TIMESTAMP", "ContextTokens", "GeneratedTokens", "day"),
    Layout(
        "BurstGPT",
        "Timestamp",
        "Request tokens",
        "Response tokens",
        "s",
        session="Session ID",
        empty="it failed; BurstGPT_without_fails has the trace without these",
    ),
    Layout("Mooncake", "timestamp", "input_length", "output_length", "ms", session="session_id", hashes="hash_ids"),
    Layout("vLLM", "arrival_time", "input_toks", "output_toks", "s", by_end=True),
    Layout(
        "AIPerf",
        "metadata.request_start_ns",
        "metrics.input_sequence_length.value",
        "metrics.output_sequence_length.value",
        "ns",
        session="metadata.conversation_id",
        by_end=True,
        empty="it failed or was cancelled; leave such records out",
    ),
)
# Requests a second in windows of time.
RATES = tuple(
    Layout("rates", time, "", "", unit, rate=rate)
    for time, unit in (("time", ""), ("timestamp", ""), ("t_s", "s"))
    for rate in ("requests_per_s", "rate_per_s")
)
_NAMED = ("time", "input", "output", "unit", "session", "cached", "rate")


def layout_of(known: Collection[str], layouts: Sequence[Layout] = LAYOUTS) -> Layout | None:
    """The layout whose fields are all among ``known``."""
    return next((layout for layout in layouts if all(field in known for field in layout.needs())), None)


def mapped(text: str) -> Layout:
    """The layout that ``time=ts,input=prompt,output=completion,unit=ms`` names. Raises InputError."""
    given: dict[str, str] = {}
    for part in text.split(","):
        name, equals, field = (word.strip() for word in part.partition("="))
        if not equals or not field:
            raise InputError(f"--columns {text}: {part!r} is not NAME=FIELD, such as input=prompt_tokens")
        if name not in _NAMED:
            raise InputError(f"--columns {text}: {name} is nothing that a request has{nearest(name, _NAMED)}")
        given[name] = field
    wanted = ("time",) if "rate" in given else ("time", "input", "output")
    missing = [name for name in wanted if name not in given]
    if missing:
        raise InputError(f"--columns {text}: it does not say which field is {' and which is '.join(missing)}")
    unit = given.setdefault("unit", "s")
    if unit not in UNITS:
        raise InputError(f"--columns {text}: no unit of time is called {unit}{nearest(unit, UNITS)}")
    if "rate" in given:
        others = [name for name in given if name not in ("time", "rate", "unit")]
        if others:
            raise InputError(f"--columns {text}: rate= is that of many requests, and {others[0]}= of one; give either")
        return Layout("rates", given["time"], "", "", unit, rate=given["rate"])
    words = {name: given.get(name, "") for name in _NAMED}
    return Layout("mapped", words["time"], words["input"], words["output"], unit, words["session"], words["cached"])
