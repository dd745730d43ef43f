"""What an import did: rows in, kept, and kept out by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from planner.errors import InputError


class Reason(NamedTuple):
    """Why a row of a file is kept out: the kind, which is counted, and a sentence about this one."""

    kind: str
    sentence: str


@dataclass
class ImportSummary:
    """What an import did: rows by name, and what was kept out or is doubtful, with place and reason.

    ``workloads`` are the lines by which a workload takes what a record of traffic says.

    ``read`` are the runs and prices that the files hold: each is kept, as a row of its own, or kept out.
    """

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept_out: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    workloads: list[str] = field(default_factory=list)
    read: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[InputError] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Rows of the catalog that the import made or confirmed."""
        return len(self.added) + len(self.replaced) + len(self.unchanged)

    def keep_out(self, place: str, reason: Reason) -> None:
        """Count a run or a price as kept out."""
        self.kept_out.append((place, reason.sentence))
        self.reasons[reason.kind] += 1

    def refuse(self, error: InputError) -> None:
        """Keep out what cannot be read or mapped; an import that keeps nothing ends with it."""
        self.refused.append(error)
        fault = error.faults[0]
        leaf = fault.field.rpartition(".")[2]
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        sentence = f"{fault.field}: {fault.message}" if fault.field else fault.message
        self.keep_out(
            place, Reason(f"{leaf}: {fault.message}" if leaf and "[" not in leaf else fault.message, sentence)
        )


def told(reasons: Counter[str], most: int) -> str:
    """``3 no GPU, 1 a price of 0``: the commonest reasons with their counts."""
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count:,} {kind}" for kind, count in ranked[:most]]
    rest = sum(count for _, count in ranked[most:])
    return "; ".join([*parts, f"{rest:,} for other reasons"] if rest else parts)


def worst(errors: Iterable[InputError]) -> InputError:
    """What an import that kept nothing ends with: what an option would have cured, else the first in file order."""
    ranked = list(errors)
    return next((error for error in ranked if "; give --" in str(error)), ranked[0])
