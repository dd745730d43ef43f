"""The labelled sparse matrix: blocks of variables and constraints in, CSR arrays out.

A block of variables comes back as an integer array of column ids with the shape of its index; ``ABSENT`` marks a
variable that does not exist. Coefficients are added by broadcasting, and those of absent columns vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner import bits
from planner.errors import InputError
from planner.frozen import dataclass
from planner.kinds.limits import LimitKind, limit_kind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Axis = Sequence[str]

ABSENT = -1


@dataclass(frozen=True)
class Block:
    """Consecutive columns or rows of one name: ``cells`` are their flat positions in the index of ``axes``."""

    name: str
    axes: tuple[Axis, ...]
    cells: Ints
    first: int

    @property
    def span(self) -> slice:
        """Where they stand among all columns or rows."""
        return slice(self.first, self.first + len(self.cells))

    def labels(self) -> list[str]:
        """``buy[dallas,gb300-nvl72,2027-Q1]`` for each column or row."""
        if not self.axes:
            return [self.name] * len(self.cells)
        positions = np.unravel_index(self.cells, [len(axis) for axis in self.axes])
        parts = [np.asarray(axis, dtype=object)[at] for axis, at in zip(self.axes, positions, strict=True)]
        return [f"{self.name}[{','.join(cell)}]" for cell in zip(*parts, strict=True)]


@dataclass(frozen=True)
class LimitRows:
    """Rows that are a planner's limit rather than the model's bookkeeping; columns of equal length.

    ``subject`` is what the limit belongs to (a site, a workload, ``capex in 2027``). ``limit`` is the right-hand side,
    in the unit of the kind, of which ``per_row_unit`` make one of the row. ``period`` is -1 where the limit spans
    several.
    """

    kind: LimitKind
    rows: Ints
    subject: tuple[str, ...]
    future: Ints
    period: Ints
    limit: Floats
    per_row_unit: Floats

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Milp:
    """min cost·x + constant, lower ≤ x ≤ upper, row_lower ≤ A x ≤ row_upper, some x whole.

    A is in CSR form: ``indptr`` (rows + 1,), ``indices`` and ``data`` (coefficients,). ``guided`` (columns,) marks
    levels, whole in any plan, whose value in the LP relaxation tells where good plans are: what is in service, not when
    it came.
    """

    cost: Floats
    constant: float
    lower: Floats
    upper: Floats
    integer: Bools
    guided: Bools
    row_lower: Floats
    row_upper: Floats
    indptr: Ints
    indices: Ints
    data: Floats
    column_blocks: tuple[Block, ...]
    row_blocks: tuple[Block, ...]
    limits: tuple[LimitRows, ...] = ()

    @property
    def columns(self) -> int:
        """Number of variables."""
        return len(self.cost)

    @property
    def rows(self) -> int:
        """Number of constraints."""
        return len(self.row_lower)

    def column_labels(self) -> list[str]:
        """A readable name for every variable."""
        return [label for block in self.column_blocks for label in block.labels()]

    def row_labels(self) -> list[str]:
        """A readable name for every constraint."""
        return [label for block in self.row_blocks for label in block.labels()]

    @property
    def row_of(self) -> Ints:
        """The row of every coefficient, (coefficients,)."""
        return np.repeat(np.arange(self.rows), np.diff(self.indptr))

    def scaled(self, factor: float) -> Milp:
        """The same matrix with its objective times ``factor``."""
        return replace(self, cost=self.cost * factor, constant=self.constant * factor)

    def in_units(self, units: Floats) -> Milp:
        """The same matrix with each column counted in its unit, (columns,): x of this one is ``units`` · x of that."""
        return replace(
            self,
            cost=self.cost * units,
            lower=self.lower / units,
            upper=self.upper / units,
            data=self.data * units[self.indices],
        )

    def relaxed(self) -> Milp:
        """The same matrix with no integers: its LP relaxation."""
        return replace(self, integer=np.zeros(self.columns, dtype=bool))

    def activity(self, x: Floats) -> Floats:
        """A x, (rows,)."""
        return _sums(self.row_of, self.data * x[self.indices], self.rows)

    def transposed_times(self, y: Floats) -> Floats:
        """Aᵀ y, (columns,)."""
        return _sums(self.indices, self.data * y[self.row_of], self.columns)

    def objective(self, x: Floats) -> float:
        """cost·x + constant."""
        return float(bits.dot(self.cost, x)) + self.constant


class Builder:
    """Collects blocks; ``build`` turns them into a ``Milp``."""

    def __init__(self) -> None:
        self._columns: list[Block] = []
        self._rows: list[Block] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._integer: list[Bools] = []
        self._guided: list[Bools] = []
        self._row_lower: list[Floats] = []
        self._row_upper: list[Floats] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._costs: list[tuple[Ints, Floats]] = []
        self._limits: list[LimitRows] = []
        self._n_columns = 0
        self._n_rows = 0
        self.constant = 0.0

    def variables(
        self,
        name: str,
        axes: Sequence[Axis],
        upper: ArrayLike = np.inf,
        *,
        lower: ArrayLike = 0.0,
        integer: ArrayLike = False,
        guided: ArrayLike = False,
        exists: ArrayLike = True,
    ) -> Ints:
        """Ids of new columns, one for each cell of ``axes`` where ``exists``; ``ABSENT`` elsewhere."""
        shape, cells, ids = _numbered(axes, exists, self._n_columns)
        self._columns.append(Block(name, tuple(axes), cells, self._n_columns))
        if not len(cells):
            return ids
        self._lower.append(_cells(lower, shape, cells))
        self._upper.append(_cells(upper, shape, cells))
        self._integer.append(_cells(integer, shape, cells).astype(bool))
        self._guided.append(_cells(guided, shape, cells).astype(bool))
        self._n_columns += len(cells)
        return ids

    def constraints(
        self,
        name: str,
        axes: Sequence[Axis],
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        *,
        exists: ArrayLike = True,
    ) -> Ints:
        """Ids of new rows, one for each cell of ``axes`` where ``exists``; ``ABSENT`` elsewhere."""
        shape, cells, ids = _numbered(axes, exists, self._n_rows)
        self._rows.append(Block(name, tuple(axes), cells, self._n_rows))
        if not len(cells):
            return ids
        self._row_lower.append(_cells(lower, shape, cells))
        self._row_upper.append(_cells(upper, shape, cells))
        self._n_rows += len(cells)
        return ids

    def add(self, rows: Ints, columns: Ints, values: ArrayLike) -> None:
        """Add coefficients, the three broadcast together; those of absent rows or columns vanish."""
        if _all_absent(rows) or _all_absent(columns):
            return
        row, column, value = _together(rows, columns, np.asarray(values, dtype=float))
        present = (row != ABSENT) & (column != ABSENT) & (value != 0)
        self._entries.append((row[present], column[present], value[present]))

    def add_cost(self, columns: Ints, usd: ArrayLike) -> None:
        """Add to the objective; a column named twice (common to several futures) gets the sum."""
        if _all_absent(columns):
            return
        column, value = _together(columns, np.asarray(usd, dtype=float))
        present = column != ABSENT
        self._costs.append((column[present], value[present]))

    def limit(
        self,
        kind: LimitKind,
        rows: Ints,
        subjects: Sequence[str],
        limit: ArrayLike,
        per_row_unit: ArrayLike | None = None,
    ) -> None:
        """Mark ``rows`` (subject, F, T), or (subject, F) where each spans several periods, as a planner's limits.

        ``limit`` is in row units, of which the kind says what they are, or ``per_row_unit`` where each row has its own.
        Raises KeyError for a kind without a record.
        """
        record = limit_kind(kind.key)
        if _all_absent(rows):
            return
        at = np.nonzero(rows != ABSENT)
        value = np.broadcast_to(np.asarray(limit, dtype=float), rows.shape)
        unit = np.broadcast_to(np.asarray(kind.per_row_unit if per_row_unit is None else per_row_unit), rows.shape)
        self._limits.append(
            LimitRows(
                kind=record,
                rows=rows[at],
                subject=tuple(subjects[int(index)] for index in at[0]),
                future=at[1],
                period=at[2] if rows.ndim == 3 else np.full(len(at[0]), -1),
                limit=value[at] * unit[at],
                per_row_unit=unit[at].astype(float),
            )
        )

    def build(self) -> Milp:
        """The finished matrix; coefficients added twice to one place are summed."""
        rows = np.concatenate([entry[0] for entry in self._entries] or [np.zeros(0, dtype=np.int64)])
        columns = np.concatenate([entry[1] for entry in self._entries] or [np.zeros(0, dtype=np.int64)])
        values = np.concatenate([entry[2] for entry in self._entries] or [np.zeros(0)])
        flat = rows * max(1, self._n_columns) + columns
        order = np.argsort(flat, kind="stable")
        flat, values = flat[order], values[order]
        fresh = np.ones(len(flat), dtype=bool)
        fresh[1:] = flat[1:] != flat[:-1]
        data = np.add.reduceat(values, np.flatnonzero(fresh)) if len(flat) else values
        places = flat[fresh]
        row_of, indices = np.divmod(places, max(1, self._n_columns))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=self._n_rows))]).astype(np.int64)
        cost = np.zeros(self._n_columns)
        for column, value in self._costs:
            cost += _sums(column, value, self._n_columns)
        milp = Milp(
            cost=cost,
            constant=self.constant,
            lower=_joined(self._lower),
            upper=_joined(self._upper),
            integer=_joined(self._integer).astype(bool),
            guided=_joined(self._guided).astype(bool),
            row_lower=_joined(self._row_lower),
            row_upper=_joined(self._row_upper),
            indptr=indptr,
            indices=indices,
            data=data,
            column_blocks=tuple(self._columns),
            row_blocks=tuple(self._rows),
            limits=tuple(self._limits),
        )
        check_finite(milp)
        return milp


def check_finite(milp: Milp) -> None:
    """Raises InputError where a figure is no number: no engine can say anything about it, or anything right."""
    columns, rows = np.isfinite(milp.cost) & ~np.isnan(milp.lower + milp.upper), ~np.isnan(milp.row_lower)
    rows &= ~np.isnan(milp.row_upper)
    entries = np.isfinite(milp.data)
    if columns.all() and rows.all() and entries.all() and np.isfinite(milp.constant):
        return
    if not entries.all():
        where = label_of(milp, int(np.flatnonzero(~entries)[0]))
    elif not columns.all():
        where = milp.column_labels()[int(np.flatnonzero(~columns)[0])]
    else:
        where = milp.row_labels()[int(np.flatnonzero(~rows)[0])] if not rows.all() else "what is paid anyway"
    raise InputError(f"{where} comes out as no finite number: a figure of the scenario or a catalog is far too large")


def label_of(milp: Milp, entry: int) -> str:
    """``buy[dallas,gb300-nvl72,2027] in power[dallas,2027]`` for a coefficient by its place."""
    return f"{milp.column_labels()[int(milp.indices[entry])]} in {milp.row_labels()[int(milp.row_of[entry])]}"


def spread(milp: Milp) -> str:
    """Between which sizes the coefficients lie and where, in words: what an engine that gives up has given up on."""
    sizes = np.abs(milp.data)
    if not len(sizes):
        return "it has no coefficients"
    least, most = int(np.argmin(sizes)), int(np.argmax(sizes))
    return (
        f"its figures lie between {sizes[least]:.1e} ({label_of(milp, least)}) and "
        f"{sizes[most]:.1e} ({label_of(milp, most)})"
    )


def _sums(places: Ints, values: Floats, size: int) -> Floats:
    """Values summed by place, (size,)."""
    return np.asarray(np.bincount(places, weights=values, minlength=size), dtype=float)


def _numbered(axes: Sequence[Axis], exists: ArrayLike, first: int) -> tuple[tuple[int, ...], Ints, Ints]:
    """The shape of ``axes``, its cells where something ``exists``, and ids from ``first`` on, ``ABSENT`` elsewhere."""
    shape = tuple(len(axis) for axis in axes)
    ids, there = np.full(shape, ABSENT, dtype=np.int64), np.asarray(exists)
    if not (ids.size and there.any()):
        return shape, np.zeros(0, dtype=np.int64), ids
    cells = np.flatnonzero(_stretched(there, shape))
    ids.ravel()[cells] = first + np.arange(len(cells))
    return shape, cells, ids


def _cells(values: ArrayLike, shape: tuple[int, ...], cells: Ints) -> Floats:
    given = np.asarray(values, dtype=float)
    return np.full(len(cells), given) if given.ndim == 0 else _stretched(given, shape).ravel()[cells]


def _all_absent(ids: Ints) -> bool:
    """Whether nothing is there: of most families of rows a small plan has none."""
    return bool(ids.max(initial=ABSENT) == ABSENT)


def _together(*arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The arrays broadcast together; NumPy's own function takes longer to do it than the matrix to be filled."""
    shape = np.broadcast(*arrays).shape
    return tuple(_stretched(array, shape) for array in arrays)


def _stretched(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _joined(parts: Sequence[NDArray[np.generic]]) -> Floats:
    return np.concatenate([np.asarray(part, dtype=float) for part in parts] or [np.zeros(0)])
