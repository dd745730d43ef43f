"""``plan alternatives``."""

from __future__ import annotations

from planner.cli.studies import Wanted, deliver, found
from planner.errors import InputError
from planner.studies.alternatives.sheet import alternative_sheets
from planner.studies.alternatives.study import alternatives
from planner.studies.pool import cores


def run(source: str, overrides: tuple[str, ...], within: str, wanted: Wanted) -> None:
    """Look for them and report."""
    shares = _shares(within)
    study = found(
        source,
        overrides,
        wanted,
        lambda scenario, tell: alternatives(
            scenario, within=shares, gap=wanted.gap, time_limit_s=wanted.time_limit, workers=cores(), tell=tell
        ),
    )
    deliver(study, alternative_sheets(study.tables, study.sentences), wanted)


def _shares(text: str) -> tuple[float, ...]:
    """Percents, separated by commas, as shares."""
    try:
        percents = [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"--within {text}: write percents separated by commas, such as 1,2,5") from None
    for number in percents:
        if not 0 < number < 100:
            raise InputError(f"--within {text}: {number:g} is not above 0 and below 100; nearest: {_near(number)}")
    return tuple(number / 100 for number in percents)


def _near(number: float) -> str:
    return "99" if number >= 100 else "0.1"
