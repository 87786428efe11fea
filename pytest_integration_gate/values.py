"""Dataclasses that cost little to import and to make.

Importing a frozen dataclass of the standard library compiles six functions, some four million instructions. The gate
has nearly a hundred of them, and they would be half of what it adds to the start of a run. Here only ``__init__`` is
compiled; the other methods are closures over the names of the fields, and a hash, which reaches deep into shapes, is
worked out once. Type checkers see the standard decorator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    # Tests patch these; values are made and compared in the middle of that.
    from builtins import AttributeError, getattr, hash, type
    from collections.abc import Callable
    from operator import attrgetter

    class _Hashed:
        """Has room for a hash that was worked out once; it is good in this process only."""

        __slots__ = ("_hash",)

        def __getstate__(self) -> tuple[None, dict[str, object]]:
            return None, {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def dataclass(*, frozen: bool = False, eq: bool = True, **options: bool) -> Callable[[type], type]:
        """Make a dataclass. `frozen` makes it hashable; that nobody sets its attributes is left to the type checker."""

        def decorate(cls: type) -> type:
            if frozen and eq and options.get("slots"):
                body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
                cls = type(cls.__name__, (_Hashed,), body)
            made = dataclasses.dataclass(eq=False, repr=False, **options)(cls)
            fields = dataclasses.fields(made)
            methods = {"__repr__": _repr([field.name for field in fields if field.repr])}
            if eq:
                methods["__eq__"], methods["__hash__"] = _equality([field.name for field in fields if field.compare])
                if not frozen:
                    methods["__hash__"] = None
            for name, method in methods.items():
                if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
                    setattr(made, name, method)
            return made

        return decorate

    def _equality(names: list[str]) -> tuple[Callable[..., object], Callable[..., int]]:
        values = attrgetter(*names or ["__class__"])

        def __eq__(self: object, other: object) -> object:
            if self is other:
                return True
            return values(self) == values(other) if type(other) is type(self) else NotImplemented

        def __hash__(self: object) -> int:
            try:
                return self._hash
            except AttributeError:
                self._hash = hash(values(self))
                return self._hash

        return __eq__, __hash__

    def _repr(names: list[str]) -> Callable[..., str]:
        def __repr__(self: object) -> str:
            fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({fields})"

        return __repr__
