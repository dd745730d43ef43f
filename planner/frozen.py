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
    from dataclasses import MISSING
    from reprlib import recursive_repr

    def dataclass(*, frozen, eq=True):
        """The class as a frozen dataclass; a method of its own stays."""
        assert frozen

        def made(cls):
            shared = MADE | PROTECTED | (COMPARED if eq else {})
            for name, method in shared.items():
                if name not in vars(cls):
                    setattr(cls, name, method)
            dataclasses.dataclass(init=False, eq=False, repr=False)(cls)
            fields = dataclasses.fields(cls)
            cls.__blank__ = {field.name: field.default for field in fields}
            cls.__open__ = [(field.name, field.default_factory) for field in fields if field.default is MISSING]
            return cls

        return made

    def _init(self, /, *values, **named):
        """Fill all fields, in their order."""
        names = self.__match_args__
        if len(values) == len(names) and not named:
            self.__dict__.update(zip(names, values, strict=True))
        elif not values and tuple(named) == names:
            self.__dict__.update(named)
        else:
            _fill(type(self), self.__dict__, values, named)
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    def _fill(cls, own, values, named):
        """Fill those that are given, and the others with their defaults."""
        names = cls.__match_args__
        if len(values) > len(names) or (values and not named.keys().isdisjoint(names[: len(values)])):
            raise TypeError(f"{cls.__qualname__}() was given a field twice, or more of them than it has")
        own.update(cls.__blank__)
        own.update(zip(names, values, strict=False))
        own.update(named)
        if len(own) > len(cls.__blank__):
            raise TypeError(f"{cls.__qualname__}() has no {', '.join(named.keys() - cls.__blank__.keys())}")
        for name, factory in cls.__open__:
            if own[name] is MISSING:
                if factory is MISSING:
                    raise TypeError(f"{cls.__qualname__}() is missing {name}")
                own[name] = factory()

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
