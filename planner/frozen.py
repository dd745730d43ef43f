"""``dataclasses.dataclass(frozen=True)`` whose methods are shared instead of generated.

The standard one writes and compiles six methods for each class: of the hundred classes that a small plan loads, a
tenth of its time. Here none is written: what makes, compares, prints and protects is the same for all classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    from reprlib import recursive_repr

    def dataclass(*, frozen, eq=True):
        """The class as a frozen dataclass; a method of its own stays."""
        assert frozen

        def made(cls):
            shared = MADE | PROTECTED | (COMPARED if eq else {})
            for name, method in shared.items():
                if name not in vars(cls):
                    setattr(cls, name, method)
            return dataclasses.dataclass(init=False, eq=False, repr=False)(cls)

        return made

    def _init(self, /, *values, **named):
        """Fill all fields in their order."""
        names = self.__match_args__
        if len(values) == len(names) and not named:
            self.__dict__.update(zip(names, values, strict=True))
        elif not values and tuple(named) == names:
            self.__dict__.update(named)
        else:
            self.__dict__.update(_bound(type(self), values, named))
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    def _bound(cls, values, named):
        """The value of every field, by what is given or the field's default."""
        given = dict(zip(cls.__match_args__, values, strict=False))
        if len(values) > len(given) or not given.keys().isdisjoint(named):
            raise TypeError(f"{cls.__qualname__}() was given a field twice, or more of them than it has")
        given |= named
        found = {}
        for field in dataclasses.fields(cls):
            if field.name in given:
                found[field.name] = given.pop(field.name)
            elif field.default is not dataclasses.MISSING:
                found[field.name] = field.default
            elif field.default_factory is not dataclasses.MISSING:
                found[field.name] = field.default_factory()
            else:
                raise TypeError(f"{cls.__qualname__}() is missing '{field.name}'")
        if given:
            raise TypeError(f"{cls.__qualname__}() has no '{next(iter(given))}'")
        return found

    def _set(self, name, value):
        """Set a field once, as an ``__init__`` of its own does."""
        own = self.__dict__
        if name in own or name not in self.__dataclass_fields__:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        own[name] = value

    def _delete(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _values(self):
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self) if field.compare)

    def _equal(self, other):
        return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented

    def _hash(self):
        return hash(_values(self))

    @recursive_repr()
    def _repr(self):
        shown = (field.name for field in dataclasses.fields(self) if field.repr)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    MADE = {"__init__": _init, "__repr__": _repr}
    PROTECTED = {"__setattr__": _set, "__delattr__": _delete}
    COMPARED = {"__eq__": _equal, "__hash__": _hash}
