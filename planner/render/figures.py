"""Figures as a planner reads them: money in $ M or $ k, shares in %, each with as many digits as it is good for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from planner.frozen import dataclass


@dataclass(frozen=True)
class Unit:
    """The unit of a column of money: what its header says and what one of it is."""

    name: str
    usd: float
    digits: int

    def of(self, usd: float) -> str:
        """An amount in this unit, a dash for nothing."""
        text = f"{usd / self.usd:,.{self.digits}f}"
        return "-" if not text.strip("-0.,") else text


MILLIONS = Unit("$ M", 1e6, 1)
THOUSANDS = Unit("$ k", 1e3, 0)
DOLLARS = Unit("$", 1.0, 0)


def money_unit(usd: Iterable[float]) -> Unit:
    """The unit in which the largest of these amounts has three digits or more."""
    largest = max((abs(amount) for amount in usd), default=0.0)
    if largest >= 1e7:
        return MILLIONS
    return THOUSANDS if largest >= 1e5 else DOLLARS


def money(usd: float) -> str:
    """``$21.2 M``, ``$3.40 M``, ``$593 k``, ``$12``, ``-$3.40 M``; what rounds to nothing has no sign."""
    sign, size = ("-" if usd <= -0.5 else ""), abs(usd)
    if size >= 999_500:
        return f"{sign}${size / 1e6:,.{1 if size >= 9.995e6 else 2}f} M"
    if size >= 9_999.5:
        return f"{sign}${size / 1e3:,.0f} k"
    return f"{sign}${size:,.0f}"


def money_range(low: float, high: float) -> str:
    """``$1.73 M to $1.76 M``; ends that would read the same with the digits that differ, or as one amount.

    >>> money_range(1.73e6, 1.76e6), money_range(123_700_000.0, 123_740_000.0), money_range(5e6, 5e6 + 0.2)
    ('$1.73 M to $1.76 M', '$123.70 M to $123.74 M', '$5.00 M')
    """
    ends = [money(low), money(high)]
    name, unit = next((one for one in ((" M", 1e6), (" k", 1e3)) if max(abs(low), abs(high)) >= one[1]), ("", 1.0))
    shown = len(ends[0].removesuffix(name).partition(".")[2])
    for places in range(shown + 1, shown + 7):
        if ends[0] != ends[1] or high - low < 1:
            break
        ends = [f"{'-' if usd < 0 else ''}${abs(usd) / unit:,.{places}f}{name}" for usd in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def step(size: float, unit: str) -> str:
    """``+$1.00 M``, ``−8 GPUs``: a change of a limit.

    >>> step(1e6, "USD"), step(-8, "GPUs"), step(0.1, "s")
    ('+$1.00 M', '−8 GPUs', '+0.1 s')
    """
    sign = "+" if size > 0 else "−"
    return f"{sign}{money(abs(size))}" if unit == "USD" else f"{sign}{short(abs(size))} {unit}"


def tokens(number: float) -> str:
    """``565 trillion``, ``80.4 million``: a number of tokens in the unit that fits.

    >>> tokens(5.65e14), tokens(80.4e6), tokens(1200.0)
    ('565 trillion', '80.4 million', '1,200')
    """
    for name, one in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if abs(number) >= one:
            return f"{digits(number / one)} {name}"
    return f"{float(f'{number:.3g}'):,.0f}"


def digits(value: float | None, significant: int = 3) -> str:
    """A figure with three digits that count: ``0.501``, ``12.3``, ``1,234``."""
    if value is None or not np.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (significant - 1):
        return f"{value:,.0f}"
    places = significant - 1 - int(np.floor(np.log10(abs(value))))
    return f"{value:,.{min(places, 12)}f}"


def short(value: float, significant: int = 4) -> str:
    """A figure without zeros that say nothing: ``2.5``, ``10``, ``1,234``."""
    text = digits(value, significant)
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(usd: float | None) -> str:
    """``$0.501``; a dash where there is none."""
    return "-" if usd is None else f"${digits(usd)}"


def percent(share: float, places: int = 0) -> str:
    """``81 %``; never rounded up to the whole: 99.97 % is not everything."""
    scale = 10**places
    value = np.floor(share * 100 * scale + 1e-6) / scale if 0.5 < share < 1 else round(share * 100, places)
    return f"{value:.{places}f} %"


def gap_percent(gap: float) -> str:
    """A relative gap with two digits that count; one of the last bits of a sum, which differ by machine, is none."""
    if not np.isfinite(gap):
        return "unknown"
    if abs(gap) < 1e-12:
        return "0 %"
    return f"{short(100 * gap, 2)} %" if gap >= 1e-6 else "under 0.0001 %"


def within(gap: float) -> str:
    """A relative gap after the word *within*."""
    return gap_percent(gap).removeprefix("under ")


def count(number: float) -> str:
    """``1,234``; a tenth below ten where it is no whole number."""
    return f"{number:,.0f}" if number >= 10 or abs(number - round(number)) < 0.05 else f"{number:.1f}"


def bar(share: float, width: int = 20) -> str:
    """``########............``: full only where the limit is reached."""
    filled = min(width, max(0, int(share * width + 1e-9)))
    return "#" * filled + "." * (width - filled)


def times(number: float, what: str) -> str:
    """``46 × hgx-b200``."""
    return f"{count(number)} × {what}"


def span(periods: list[str]) -> str:
    """``2027-Q1`` or ``2027-Q1 to 2028-Q4`` of periods in order."""
    return periods[0] if periods[0] == periods[-1] else f"{periods[0]} to {periods[-1]}"
