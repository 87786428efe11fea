"""Call sites: which expression of the project's code a frame stands at.

While a test runs only code objects and instruction offsets are taken; `site_of` makes a `Site` of them later, because
that needs the source file.
"""

from __future__ import annotations

import re
from builtins import len, range, tuple  # tests patch these
from functools import lru_cache
from types import CodeType, FrameType
from zlib import crc32

from pytest_integration_gate.model.interaction import Site
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.syntax import expression_at, line_at, tree_of

Standing = tuple[CodeType, int]  # a frame's code and the offset of the instruction that it waits at

_MOST_FRAMES = 40
_MOST_CHARACTERS = 120
_TEXT = re.compile(r"""'[^'\n]+'|"[^"\n]+\"""")
_COMPREHENSIONS = re.compile(r"((^|(\.<locals>)?\.)<(listcomp|setcomp|dictcomp|genexpr)>)+$")


def caller(frame: FrameType | None, project: Project) -> Standing | None:
    """Where the nearest first-party frame stands, from a frame outwards.

    None when a test's frame comes first: then the test made the call, and what lies further out (the project may be a
    pytest plugin itself) has nothing to do with it. Third-party frames in between are passed over.
    """
    kinds = project.kinds
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        kind = kinds.get(code.co_filename) or project.kind(code.co_filename)
        if kind == "first-party":
            return code, frame.f_lasti
        if kind == "test":
            break
        frame = frame.f_back
    return None


def callers(frame: FrameType | None, project: Project, limit: int = 4) -> tuple[Standing, ...]:
    """Where the first-party frames stand that called each other directly, the innermost first.

    Empty when the frame that called the double is not first-party: the value then went to somebody else's code.
    Frames that hand a call on unchanged (mock libraries, the wrapper of an observed function) do not count.
    """
    chain: list[Standing] = []
    kinds = project.kinds
    for _ in range(_MOST_FRAMES):
        if frame is None or len(chain) == limit:
            break
        code = frame.f_code
        kind = kinds.get(code.co_filename) or project.kind(code.co_filename)
        if kind == "first-party":
            if not (chain and _wraps(code, chain[-1][0])):
                chain.append((code, frame.f_lasti))
        elif kind != "machinery":
            break
        frame = frame.f_back
    return tuple(chain)


def site_of(code: CodeType, lasti: int, project: Project) -> Site:
    """The call expression at an instruction. Reads the source file, so not for the middle of a test."""
    # Code objects of different files may be equal.
    return _site(code.co_filename, code, lasti, project)


@lru_cache(maxsize=8192)
def _site(filename: str, code: CodeType, lasti: int, project: Project) -> Site:
    tree = tree_of(filename)
    node = expression_at(tree, code, lasti) if tree else None
    if tree is not None and node is not None:
        line, call = node.lineno, _fold(tree.segment(node))
    else:
        line = line_at(code, lasti)
        call = f"line {line}"
    return Site(file=project.relative(filename), function=_function(code), call=call, line=line)


def _function(code: CodeType) -> str:
    """The name of the function around it; comprehensions count with the function that holds them."""
    return _COMPREHENSIONS.sub("", code.co_qualname) or "<module>"


def _fold(text: str) -> str:
    # A text in the source may be a secret, and only has to be told from other texts.
    folded = " ".join(_TEXT.sub(lambda found: f"'{crc32(found[0].encode()):08x}'", text).split())
    return folded if len(folded) <= _MOST_CHARACTERS else folded[: _MOST_CHARACTERS - 1] + "…"


def _wraps(code: CodeType, inner: CodeType) -> bool:
    return (
        code is not inner
        and code.co_qualname == inner.co_qualname
        and code.co_filename == inner.co_filename
        and inner.co_name != "<lambda>"
    )
