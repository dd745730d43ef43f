"""Tables of the core: named columns of one length, between the solver and what shows a plan. pandas stands outside.

A column of texts, dates and the like is an array of objects.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Column = NDArray[Any]
Indices = NDArray[np.intp]


class Table:
    """Columns by name, all of ``len(table)`` rows, which nobody may change. Raises ValueError where lengths differ.

    A column may be given as an array, as a sequence (whose type is that of its values, as in pandas: numbers with None
    among them have NaN there) or as one value for all rows.
    """

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: Mapping[str, Any], length: int | None = None) -> None:
        arrays = {name: values if _single(values) else _column(values) for name, values in columns.items()}
        lengths = {len(array) for array in arrays.values() if not _single(array)}
        lengths |= set() if length is None else {length}
        if len(lengths) > 1:
            raise ValueError(f"columns of one table have {', '.join(map(str, sorted(lengths)))} rows")
        self._length = next(iter(lengths), 0)
        self._columns: dict[str, Column] = {
            name: _column(np.repeat(_column([array]), self._length)) if _single(array) else array
            for name, array in arrays.items()
        }

    @classmethod
    def of_rows(cls, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
        """A table of rows, each with a value for every one of ``names``; of no rows, columns of objects."""
        columns = zip(*rows, strict=True) if rows else [np.empty(0, dtype=object)] * len(names)
        return cls(dict(zip(names, columns, strict=True)))

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Table:
        """A copy of the columns of a pandas frame, without its index."""
        return cls({str(name): frame[name].to_numpy(copy=True) for name in frame.columns}, len(frame))

    @classmethod
    def joined(cls, tables: Sequence[Table]) -> Table:
        """The rows of tables with the same columns, one table after the other."""
        return cls({name: np.concatenate([table[name] for table in tables]) for name in tables[0].names})

    def frame(self) -> pd.DataFrame:
        """The same as a pandas frame of its own."""
        import pandas as pd

        return pd.DataFrame(self._columns, index=pd.RangeIndex(self._length))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in their order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def only(self, names: Iterable[str]) -> Table:
        """These columns, in this order."""
        return Table({name: self._columns[name] for name in names}, self._length)

    def with_columns(self, **columns: Any) -> Table:
        """With columns replaced, or added behind the others."""
        return Table(self._columns | columns, self._length)

    def take(self, rows: NDArray[np.bool_] | Indices | Sequence[int] | slice) -> Table:
        """Rows by a mask, or by their places in a new order."""
        return Table({name: column[rows] for name, column in self._columns.items()})

    def ordered(self, by: Sequence[str], falling: Sequence[str] = ()) -> Table:
        """Rows in the order of columns, the first one first, those of ``falling`` downwards; rows alike stay in order.

        What is missing comes last, of ``falling`` first.
        """
        codes = [-_codes(self[name]) if name in falling else _codes(self[name]) for name in reversed(by)]
        return self.take(np.lexsort(codes))

    def groups(self, by: Sequence[str], *, as_met: bool = False) -> Iterator[tuple[tuple[Any, ...], Table]]:
        """The values of ``by`` with the rows that have them, in the order of the values or ``as_met`` in the rows."""
        numbers, first = self.numbered(by, as_met=as_met)
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], range(1, len(first)))
        # Of no rows ``split`` makes one part.
        for row, rows in zip(first, np.split(order, ends), strict=False):
            yield tuple(self[name][row] for name in by), self.take(rows)

    def distinct(self, by: Sequence[str] | None = None) -> Table:
        """The first row of each that are alike, in ``by`` or throughout."""
        return self.take(np.sort(self.numbered(self.names if by is None else by)[1]))

    def numbered(self, by: Sequence[str], *, as_met: bool = False) -> tuple[Indices, Indices]:
        """A number for each row, the same where columns are alike, and the first row of each number.

        Numbers follow the order of the values, the first column's first, or in which they are met.
        """
        numbers, most = np.zeros(self._length, dtype=np.int64), 1
        for name in by:
            codes = _codes(self[name])
            each = int(codes.max(initial=0)) + 1
            if most * each >= 2**62:
                numbers = np.unique(numbers, return_inverse=True)[1]
                most = int(numbers.max(initial=0)) + 1
            numbers, most = numbers * each + codes, most * each
        _, first, found = np.unique(numbers, return_index=True, return_inverse=True)
        if as_met:
            order = np.argsort(first)
            first, found = first[order], np.argsort(order)[found]
        return found.astype(np.intp), first.astype(np.intp)

    def sums(self, by: Sequence[str], *values: str) -> Table:
        """Columns summed by what is alike in ``by``, in the order of that."""
        numbers, first = self.numbered(by)
        summed = {name: sums(self[name], numbers, len(first)) for name in values}
        return self.only(by).take(first).with_columns(**summed)

    def rows(self, *names: str) -> Iterator[Any]:
        """Rows as named tuples of Python's own values, of the columns ``names`` or of all."""
        kind = _row(names or self.names)
        return map(kind._make, zip(*(self[name].tolist() for name in names or self.names), strict=True))

    def records(self) -> list[dict[str, Any]]:
        """Rows as dictionaries of Python's own values."""
        columns = [column.tolist() for column in self._columns.values()]
        return [dict(zip(self._columns, row, strict=True)) for row in zip(*columns, strict=True)]


def sums(values: Column, numbers: Indices, count: int) -> NDArray[np.float64]:
    """``values`` summed by their ``numbers``, below ``count``; what is missing counts for nothing.

    Where each number's values stand together NumPy sums them; elsewhere with Kahan's correction. pandas does the same,
    and published results keep their last bits.
    """
    known = np.nan_to_num(values.astype(float), nan=0.0, posinf=np.inf, neginf=-np.inf)
    changes = np.diff(numbers)
    if len(values) and (changes >= 0).all():
        first = np.flatnonzero(np.append(True, changes > 0))
        found = np.zeros(count)
        found[numbers[first]] = np.add.reduceat(known, first)
        return found
    total, lost = [0.0] * count, [0.0] * count
    for number, value in zip(numbers.tolist(), known.tolist(), strict=True):
        added = value - lost[number]
        reached = total[number] + added
        missed = reached - total[number] - added
        # Of what is infinite nothing is lost.
        lost[number] = missed if missed == missed else 0.0
        total[number] = reached
    return np.array(total, dtype=float)


def coded(values: Iterable[Any]) -> tuple[Indices, list[Any]]:
    """The place of each value among all that there are, which follow, in the order that they are met in."""
    places: dict[Any, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return np.array(codes, dtype=np.intp), list(places)


def isin(column: Column, values: Iterable[Any]) -> NDArray[np.bool_]:
    """Which of a column's values are among ``values``."""
    known = set(values)
    return np.fromiter((value in known for value in column.tolist()), dtype=bool, count=len(column))


def mapped(column: Column, values: Mapping[Any, Any], kind: type = float) -> Column:
    """What ``values`` has for each of a column's values. Raises KeyError where it has nothing."""
    return np.fromiter(map(values.__getitem__, column.tolist()), dtype=kind, count=len(column))


def _single(values: Any) -> bool:
    return isinstance(values, str) or not hasattr(values, "__len__")


def _column(values: Any) -> Column:
    """Values as an array that cannot be written to."""
    array = values.view() if isinstance(values, np.ndarray) else _array(list(values))
    if array.dtype.kind == "U":
        array = array.astype(object)
    array.flags.writeable = False
    return array


def _array(values: list[Any]) -> Column:
    """An array of the type that fits all values."""
    kinds = set(map(type, values))
    if not kinds:
        # As pandas has it, and so workbooks of tables without rows.
        return np.zeros(0)
    if kinds - {type(None)}:
        if kinds <= {bool, np.bool_}:
            return np.array(values, dtype=bool)
        if kinds <= {int, np.int64}:
            return np.array(values, dtype=np.int64)
        if kinds <= {int, float, np.int64, np.float64, type(None)}:
            return np.array(values, dtype=float)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _codes(column: Column) -> Indices:
    """The place of each value among the column's, in their order; what is missing is last."""
    if column.dtype != object:
        return np.unique(column, return_inverse=True)[1].astype(np.intp)
    values = column.tolist()
    known = sorted({value for value in values if value is not None and value == value})
    places = {value: place for place, value in enumerate(known)}
    return np.fromiter((places.get(value, len(places)) for value in values), dtype=np.intp, count=len(values))


@lru_cache(maxsize=64)
def _row(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)
