"""The private hooks of ``unittest.mock`` and of its backport ``mock``: the only module that knows them.

Five methods are replaced in place while a session listens, so that existing mocks, subclasses and names imported early
are heard too. No replacement adds a stack frame between a call and its ``side_effect``, and none changes a result. A
canary test per Python version says when a hook has moved.

``CallableMixin._mock_call``             every call of a mock; calls what the original calls
``AsyncMockMixin._execute_mock_call``    what awaiting a mock gave
``NonCallableMock._mock_add_spec``       every mock at its birth: its spec, and who made it
``NonCallableMock.__setattr__``          what a test configures on a mock, and where
``_patch.__init__``, ``.get_original``   where a patch was written, and what it replaces

``_patch.__enter__`` stays untouched: a frame there would shift the ``stacklevel`` of warnings in user code.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_integration_gate.doubles.listener import Listener
from pytest_integration_gate.isolation import getframe

MODULES = ("unittest.mock", "mock.mock")

# What mocks set on themselves at each call; nothing that a test configures.
_BOOKKEEPING = frozenset(
    "called call_count call_args call_args_list mock_calls method_calls await_count await_args await_args_list".split()
)

_ANSWERS = ("return_value", "side_effect")  # the library itself sets them to None when a mock is born


def hook(module: ModuleType, listener: Listener) -> Callable[[], None]:
    """Let `listener` hear every mock of `module` (``unittest.mock`` or ``mock.mock``); return the function that undoes
    it.

    Raises AttributeError when this version of the library lacks one of the hooks.
    """
    library: Any = module
    call_mixin, async_mixin, mock_base, patch = (
        library.CallableMixin,
        library.AsyncMockMixin,
        library.NonCallableMock,
        library._patch,
    )
    execute_async = async_mixin._execute_mock_call
    add_spec = mock_base._mock_add_spec
    set_attribute = mock_base.__setattr__
    patch_init = patch.__init__
    get_original = patch.get_original
    patch_dict = library._patch_dict
    dict_init, fill_dict = patch_dict.__init__, patch_dict._patch_dict

    def _mock_call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        note = listener.called(self, args, kwargs, getframe(2))
        if note is None:
            return self._execute_mock_call(*args, **kwargs)
        try:
            result = self._execute_mock_call(*args, **kwargs)
        except BaseException as error:
            listener.raised(note, self, error)
            raise
        listener.returned(note, self, result)
        return result

    def _execute_mock_call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return _awaited(self, listener.starts_awaiting(self), args, kwargs)

    async def _awaited(self: Any, note: Any, args: Any, kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            result = await execute_async(self, *args, **kwargs)
        except BaseException as error:
            listener.raised(note, self, error, awaiting=True)
            raise
        listener.returned(note, self, result, awaiting=True)
        return result

    # The name stands in "coroutine … was never awaited".
    _awaited.__name__, _awaited.__qualname__ = execute_async.__name__, execute_async.__qualname__

    def _mock_add_spec(self: Any, spec: Any, *args: Any, **kwargs: Any) -> Any:
        listener.born(self, spec, getframe(1))
        return add_spec(self, spec, *args, **kwargs)

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if name not in _BOOKKEEPING and name[:6] != "_mock_" and (value is not None or name not in _ANSWERS):
            listener.configured(self, name, value, getframe(1))
        set_attribute(self, name, value)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        patch_init(self, *args, **kwargs)
        listener.patch_written(self, getframe(1))

    def get_original_(self: Any) -> Any:
        original, is_local = get_original(self)
        listener.patch_entered(self, original, original is library.DEFAULT)
        return original, is_local

    def dict_init_(self: Any, *args: Any, **kwargs: Any) -> None:
        dict_init(self, *args, **kwargs)
        listener.patch_written(self, getframe(1))

    def _patch_dict(self: Any) -> None:
        fill_dict(self)
        listener.dict_filled(self)

    replaced = (
        (call_mixin, "_mock_call", _mock_call),
        (async_mixin, "_execute_mock_call", _execute_mock_call),
        (mock_base, "_mock_add_spec", _mock_add_spec),
        (mock_base, "__setattr__", __setattr__),
        (patch, "__init__", __init__),
        (patch, "get_original", get_original_),
        (patch_dict, "__init__", dict_init_),
        (patch_dict, "_patch_dict", _patch_dict),
    )
    originals = [(owner, name, owner.__dict__[name]) for owner, name, _ in replaced]
    for owner, name, replacement in replaced:
        setattr(owner, name, replacement)
    listener.book.knows(mock_base)

    def unhook() -> None:
        for (owner, name, original), (_, _, replacement) in zip(originals, replaced, strict=True):
            # Somebody who replaced it after us keeps theirs.
            if owner.__dict__.get(name) is replacement:
                setattr(owner, name, original)

    return unhook
