"""Dataclasses that cost little to import and to make.

Importing a frozen dataclass of the standard library compiles six functions, some four million instructions. The gate
has over a hundred of them, and they would be half of what it adds to the start of a run. Here only ``__init__`` is
compiled, when the first value of a class is made; the other methods are closures over the names of the fields, and a
hash, which reaches deep into shapes, is worked out once. Type checkers see the standard decorator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    # Tests patch these; values are made and compared in the middle of that.
    from builtins import AttributeError, exec, getattr, hash, len, type
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
            made = dataclasses.dataclass(init=False, eq=False, repr=False, **options)(cls)
            fields = dataclasses.fields(made)
            methods = {"__init__": _init(made), "__repr__": _repr([field.name for field in fields if field.repr])}
            if eq:
                methods["__eq__"], methods["__hash__"] = _equality([field.name for field in fields if field.compare])
                if not frozen:
                    methods["__hash__"] = None
            for name, method in methods.items():
                if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
                    setattr(made, name, method)
            return made

        return decorate

    def _init(made: type) -> Callable[..., None]:
        def __init__(self: object, *positional: object, **keywords: object) -> None:
            made.__init__ = _compiled_init(dataclasses.fields(made))
            made.__init__(self, *positional, **keywords)

        return __init__

    def _compiled_init(fields: tuple[dataclasses.Field, ...]) -> Callable[..., None]:
        known: dict[str, object] = {"NEW": dataclasses.MISSING}
        positional, keywords, body = ["self"], ["*"], ["  pass"]
        for field in fields:
            parameter = value = field.name
            if field.default is not dataclasses.MISSING:
                known[f"default_{field.name}"] = field.default
                parameter = f"{field.name}=default_{field.name}"
            elif field.default_factory is not dataclasses.MISSING:
                known[f"make_{field.name}"] = field.default_factory
                parameter, value = f"{field.name}=NEW", f"make_{field.name}() if {field.name} is NEW else {field.name}"
            (keywords if field.kw_only else positional).append(parameter)
            body.append(f"  self.{field.name} = {value}")
        parameters = positional + (keywords if len(keywords) > 1 else [])
        exec("\n".join([f"def __init__({', '.join(parameters)}):", *body]), known)  # noqa: S102  # of our own names
        return known["__init__"]

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
