"""What a double for a file says, held against the mode in which the code opened it: no bytes from a text file."""

from __future__ import annotations

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.model.shape import Scalar, Sequence, Shape
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.verdicts.contradiction import Contradiction

_TEXT, _BYTES = Scalar("str"), Scalar("bytes")
_KINDS = {"io:TextIOBase": (_TEXT, _BYTES), "io:BufferedIOBase": (_BYTES, _TEXT)}  # what it holds, what it refuses
_NAMES = {"io:TextIOBase": "a text file", "io:BufferedIOBase": "a binary file"}
_READING = frozenset({".read", ".readline", ".readlines", ".__next__"})
_EMPTY = ("''", "b''")  # what `mock_open` gives by default


def check_file(claim: Claim, target: str) -> Contradiction | None:
    """Give the contradiction between a claim about an opened file and its mode, None when there is none."""
    if claim.owner not in _KINDS or not claim.path:
        return None
    holds, refuses = _KINDS[claim.owner]
    step, outcome = claim.path[-1], claim.outcome
    if step in _READING and outcome is not None and outcome.kind == "returned" and outcome.text not in _EMPTY:
        return _contradiction(claim, target, "return_annotation", outcome.shape, holds, refuses)
    if step == ".write" and claim.arguments is not None and len(claim.arguments.positional) == 1:
        return _contradiction(claim, target, "argument_shape", claim.arguments.positional[0].shape, holds, refuses)
    return None


def _contradiction(
    claim: Claim, target: str, kind: Kind, shape: Shape, holds: Scalar, refuses: Scalar
) -> Contradiction | None:
    part = shape.element if isinstance(shape, Sequence) else shape
    if part != refuses:
        return None
    path = "$" if part is shape else "$[*]"
    return Contradiction(
        kind=kind,
        target=target,
        differences=(Difference(path=path, claim=text_of(part), reality=text_of(holds)),),
        reality=f"{text_of(holds)}: the code opens {_NAMES[claim.owner]}",
    )
