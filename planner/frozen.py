"""``dataclasses.dataclass(frozen=True)`` whose methods are shared instead of generated.

The standard one writes and compiles six methods for each class: of the two hundred classes that a small plan loads, a
tenth of its time. Here only ``__init__`` is written; what compares, prints and protects is the same for all classes.
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
            shared = PROTECTED | {"__repr__": _repr} | (COMPARED if eq else {})
            for name, method in shared.items():
                if name not in vars(cls):
                    setattr(cls, name, method)
            return dataclasses.dataclass(eq=False, repr=False)(cls)

        return made

    def _set(self, name, value):
        """Set a field once, as ``__init__`` does."""
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

    PROTECTED = {"__setattr__": _set, "__delattr__": _delete}
    COMPARED = {"__eq__": _equal, "__hash__": _hash}
