"""An approved plan as a file: what was asked, what was answered, who approved it and when, under one digest.

It says nothing of the store or the machine that it comes from, and no clock is asked: the same run approved with the
same words gives the same bytes. The digest tells a file that was changed, by hand or on its way; it is no signature.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.frozen import dataclass
from planner.history.run import Run
from planner.history.store import find
from planner.paths import read_bytes
from planner.render.hints import hint

BASELINE_VERSION = 1
# The field that tells a baseline from other JSON, and holds its version.
MARK = "baseline"
SHOWN_DIGITS = 16
FROM_RUN = ("scenario", "scenario_digest", "scenario_text", "overrides", "catalog_digest", "versions")


@dataclass(frozen=True)
class Baseline:
    """An approved plan; ``run`` has neither number, store nor decision tables. Who and when are '' where not given."""

    run: Run
    approved_by: str
    approved_on: str
    digest: str

    @property
    def approved(self) -> str:
        """``approved by Kim on 2027-01-15``, as far as that is known."""
        by = f" by {self.approved_by}" if self.approved_by else ""
        on = f" on {self.approved_on}" if self.approved_on else ""
        return f"approved{by}{on}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, the digest of all others among them."""
        return {MARK: BASELINE_VERSION, "digest": self.digest} | _content(self.run, self.approved_by, self.approved_on)

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def summary(self) -> dict[str, Any]:
        """What other results say of it."""
        return {"digest": self.digest, "approved_by": self.approved_by or None, "approved_on": self.approved_on or None}


def approve(run: Run, by: str = "", on: dt.date | None = None) -> Baseline:
    """The baseline of a run. Raises InputError where there is no plan to approve."""
    if not run.planned:
        raise InputError(f"{run.label} has no plan to approve")
    day = on.isoformat() if on else ""
    return Baseline(run, by, day, _digest(_content(run, by, day)))


def is_baseline(value: Any) -> bool:
    """Whether a JSON value says that it is a baseline."""
    return isinstance(value, dict) and MARK in value


def baseline_of(value: Any, shown: str) -> Baseline:
    """The baseline in a JSON value, read from ``shown``. Raises InputError where it is none, or was changed."""
    if not is_baseline(value):
        raise InputError(f"{shown}: this is not a baseline; {hint('approve', 'RUN', '-o', shown)} writes one")
    version = value[MARK]
    if version != BASELINE_VERSION:
        raise InputError(
            f"{shown}: this is a baseline of version {version}; this planner reads version {BASELINE_VERSION}"
        )
    content = {name: part for name, part in value.items() if name not in (MARK, "digest")}
    found = _digest(content)
    if value.get("digest") != found:
        said = str(value.get("digest") or "missing")[:SHOWN_DIGITS]
        raise InputError(
            f"{shown}: this baseline is not what was approved: its digest is {said}, that of what it holds "
            f"{found[:SHOWN_DIGITS]}; take the approved file, or approve the run anew"
        )
    try:
        approved = content["approved"]
        run = Run(
            saved_at="",
            folder="",
            result_text=json.dumps(content["result"], indent=1, ensure_ascii=False) + "\n",
            view=(),
            decisions={},
            served=content["served"],
            source=shown,
            **{name: content[name] for name in FROM_RUN} | {"overrides": tuple(content["overrides"])},
        )
        return Baseline(run, approved["by"] or "", approved["on"] or "", found)
    except (KeyError, TypeError):
        raise InputError(
            f"{shown}: this baseline lacks parts; {hint('approve', 'RUN', '-o', shown)} writes a whole one"
        ) from None


def run_or_baseline(wanted: str, store: Path) -> tuple[Run, Baseline | None]:
    """The approved plan in the JSON file ``wanted``, else the run of ``store``. Raises InputError for neither."""
    if Path(wanted).suffix != ".json":
        return find(store, wanted), None
    found = baseline_of(json_of(wanted), wanted)
    return found.run, found


def json_of(path: str) -> Any:
    """What a JSON file holds, None where it is none. Raises InputError where there is no file."""
    try:
        return json.loads(read_bytes(Path(path)))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError):
        return None


def _content(run: Run, by: str, on: str) -> dict[str, Any]:
    return {
        "approved": {"by": by or None, "on": on or None},
        **{name: getattr(run, name) for name in FROM_RUN},
        "overrides": list(run.overrides),
        "result": run.result,
        "served": run.served,
    }


def _digest(content: dict[str, Any]) -> str:
    """SHA-256 of the content as JSON, whatever the order of its keys and the blanks between them."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
