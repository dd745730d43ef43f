"""Texts of a figure in their places: beside their points and lines, none over another, all inside."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.frozen import dataclass
from planner.render.colours import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation, Text

# The smallest letters, in points.
SMALL = 8.5
INK = "#222222"
# Where a text may stand about its point, in points; those first are tried first.
_AROUND = tuple(
    (across * away, up * away)
    for away in (5.0, 11.0, 18.0, 27.0, 38.0)
    for across, up in ((0.6, 1), (-0.6, 1), (0, 1.2), (1, 0), (-1, 0), (0.6, -1), (-0.6, -1), (0, -1.2))
)
_PX_PER_STEP = 3.0


@dataclass(frozen=True)
class Mark:
    """A text near a point of ``axes``, where there is room for it."""

    axes: Axes
    x: float
    y: float
    text: str
    colour: str = INK


@dataclass(frozen=True)
class Side:
    """Names to the right of ``axes``, each at its height as far as they leave room for each other."""

    axes: Axes
    names: Sequence[tuple[float, str, str]]


@dataclass(frozen=True)
class Ends:
    """Texts of ``axes`` that the range across has to make room for."""

    axes: Axes


Later = Mark | Side | Ends


def settle(figure: Figure, later: Sequence[Later]) -> None:
    """Place what waits for the layout: names at the side first, which take room from the axes."""
    sides = [(item, _noted(item)) for item in later if isinstance(item, Side)]
    figure.draw_without_rendering()
    for item in later:
        if isinstance(item, Ends):
            _make_room(item.axes)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for item, notes in sides:
        _spread(item, notes)
    marks = [item for item in later if isinstance(item, Mark)]
    if marks:
        _place(figure, marks)


def _noted(item: Side) -> list[Annotation]:
    across = item.axes.get_yaxis_transform()
    return [
        item.axes.annotate(
            name, (1.0, y), xycoords=across, xytext=(13.0, 0.0), textcoords="offset points", va="center",
            fontsize=SMALL, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.2, "shrinkA": 1.0, "shrinkB": 0.0,
                        "relpos": (0.0, 0.5)},
        )
        for y, name, colour in item.names
    ]  # fmt: skip


def _spread(item: Side, notes: Sequence[Annotation]) -> None:
    """Move names up and down until none covers another, the least possible, and within the axes' height."""
    if not notes:
        return
    axes = item.axes
    box = axes.get_window_extent()
    high = max(box_of(note).height for note in notes) * 1.05
    wanted = np.array([axes.transData.transform((0.0, y))[1] for y, _, _ in item.names])
    order = np.argsort(wanted, kind="stable")
    places: list[float] = []
    for rank, index in enumerate(order):
        least = box.y0 if rank == 0 else places[-1] + high
        places.append(max(float(wanted[index]), least))
    top = box.y1
    for rank in reversed(range(len(places))):
        places[rank] = min(places[rank], top)
        top = places[rank] - high
    points = 72.0 / axes.figure.dpi
    for place, index in zip(places, order, strict=True):
        notes[index].xyann = (13.0, float(place - wanted[index]) * points)


def _make_room(axes: Axes) -> None:
    """Widen the range across until every text beside a bar is inside."""
    for _ in range(20):
        box = axes.get_window_extent()
        boxes = [box_of(text) for text in axes.texts]
        left = max([box.x0 + 5 - one.x0 for one in boxes], default=0.0)
        right = max([one.x1 + 5 - box.x1 for one in boxes], default=0.0)
        if left <= 0 and right <= 0:
            return
        low, high = axes.get_xlim()
        per_px = (high - low) / box.width
        axes.set_xlim(low - per_px * (left + 1) * (left > 0), high + per_px * (right + 1) * (right > 0))


def texts_of(figure: Figure) -> list[Text]:
    """Every text that is seen: of the figure, its axes with the ticks in view, and its legends."""
    found = list(figure.texts)
    for axes in figure.axes:
        legend = axes.get_legend()
        found += [*axes.texts, *(legend.get_texts() if legend else ())]
        if not axes.axison:
            continue
        found += [getattr(axes, title) for title in ("title", "_left_title", "_right_title")]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            ticks = [tick for tick in axis.get_major_ticks() if low - slack <= tick.get_loc() <= high + slack]
            found += [axis.label, axis.get_offset_text(), *(tick.label1 for tick in ticks)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def box_of(text: Text) -> Any:
    """The box of a text in pixels, without the line that leads from it to its point."""
    from matplotlib.text import Text

    text.get_window_extent()
    return Text.get_window_extent(text)


def _place(figure: Figure, marks: Sequence[Mark]) -> None:
    taken = [box_of(text) for text in texts_of(figure)]
    drawn_at = {mark.axes: _drawn_at(mark.axes) for mark in marks}
    for mark in marks:
        note = mark.axes.annotate(
            mark.text, (mark.x, mark.y), xytext=(0.0, 0.0), textcoords="offset points", ha="center", va="center",
            fontsize=SMALL, color=mark.colour, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0.0, "shrinkB": 2.0},
        )  # fmt: skip
        offset = _free(mark, box_of(note), taken, drawn_at[mark.axes])
        if offset is None:
            note.remove()
            continue
        note.xyann = offset
        taken.append(box_of(note))


def _free(mark: Mark, size: Any, taken: Sequence[Any], crossed: Any) -> tuple[float, float] | None:
    """Where a text of that size covers no other and is inside, near its point and off lines; in points from it."""
    axes = mark.axes
    scale, half = axes.figure.dpi / 72.0, np.array([size.width, size.height]) / 2
    at, room = axes.transData.transform((mark.x, mark.y)), axes.get_window_extent()
    best, least = None, np.inf
    for rank, around in enumerate(_AROUND):
        middle = at + scale * np.array(around) + np.sign(around) * half
        (left, low), (right, high) = middle - half - 1, middle + half + 1
        if left < room.x0 or right > room.x1 or low < room.y0 or high > room.y1:
            continue
        if any(left < box.x1 and right > box.x0 and low < box.y1 and high > box.y0 for box in taken):
            continue
        covered = ((crossed > (left, low)) & (crossed < (right, high))).all(axis=1).sum()
        cost = rank / 8 + float(covered)
        if cost < least:
            across, up = (middle - at) / scale
            best, least = (float(across), float(up)), cost
    return best


def _drawn_at(axes: Axes) -> Any:
    """Pixels that lines of ``axes`` go through."""
    found = [np.zeros((0, 2))]
    for line in axes.lines:
        path = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
        path = path[np.isfinite(path).all(axis=1)]
        for start, end in itertools.pairwise(path):
            steps = int(min(np.hypot(*(end - start)) / _PX_PER_STEP, 2000)) + 1
            found.append(start + np.linspace(0.0, 1.0, steps)[:, None] * (end - start))
    return np.concatenate(found)
