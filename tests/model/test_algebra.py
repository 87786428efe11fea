"""Laws of shapes: how they join, compare, print and travel as data, whatever they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.model.joining import join, join_all
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NEVER,
    Array,
    Awaitable,
    Dictionary,
    Double,
    Field,
    Never,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.model.text import LIMIT, text_of

names = st.sampled_from(["id", "email", "mail", "odd key", "a", "b"])
classes = st.sampled_from(["shop:User", "shop:Order", "shop:Order.Line"])
scalars = st.sampled_from(["None", "bool", "int", "float", "str", "bytes", "date", "aware datetime"]).map(Scalar)
literals = st.sets(st.sampled_from(["'a'", "'b'", "'c'"]), min_size=1).map(lambda v: Scalar("str", tuple(sorted(v))))


def fields_of(shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[tuple[Field, ...]]:
    """Fields with distinct names, sorted as the model wants them."""
    held = st.dictionaries(names, st.tuples(shapes, st.booleans()), min_size=1, max_size=3)
    return held.map(lambda d: tuple(Field(name, *d[name]) for name in sorted(d)))


def containers_of(shapes: st.SearchStrategy[Shape], full: bool = False) -> st.SearchStrategy[Shape]:
    """Every kind of shape that holds others; `full` ones hold something."""
    known = shapes.filter(lambda shape: not isinstance(shape, Never))
    dictionaries = st.builds(Dictionary, known, known, st.sampled_from(["", "collections:Counter"]))
    tuples = st.lists(known, min_size=int(full), max_size=3)
    held = fields_of(known)
    filled = st.tuples(known, known).map(lambda pair: (Field("email", pair[0]), Field("id", pair[1])))
    kinds = st.sampled_from(["list", "tuple", "set", "generator", "iterator", "async generator", "sequence"])
    return st.one_of(
        st.builds(Record, fields_of(known), st.sampled_from(["", "sqlite3:Row"]), st.booleans()),
        dictionaries if full else dictionaries | st.just(Dictionary(NEVER, NEVER)),
        st.builds(Sequence, kinds, shapes),
        tuples.map(lambda elements: Tuple(tuple(elements))),
        st.builds(Object, classes, st.just(()), filled if full else held, st.just(()), st.booleans(), st.booleans()),
        st.builds(Double, st.just("") | classes, fields_of(known) | st.just(())),
        st.builds(Array, st.just("numpy:ndarray"), st.sampled_from(["int64", "float64"]), st.integers(1, 2)),
        st.builds(Awaitable, known),
        st.lists(known, min_size=2, max_size=3).map(join_all),
    )


shapes: st.SearchStrategy[Shape] = st.recursive(
    scalars | literals | st.just(ANYTHING) | st.just(NEVER), containers_of, max_leaves=8
)
full_shapes: st.SearchStrategy[Shape] = st.recursive(
    scalars | literals | st.just(ANYTHING), lambda inner: containers_of(inner, full=True), max_leaves=8
)


@given(shapes, shapes)
def test_joining_is_commutative(a: Shape, b: Shape) -> None:
    """The order of two observations does not matter."""
    assert join(a, b) == join(b, a)


@given(shapes, shapes, shapes)
def test_joining_is_associative(a: Shape, b: Shape, c: Shape) -> None:
    """Nor does it matter how observations are spread over workers."""
    assert join(join(a, b), c) == join(a, join(b, c)) == join_all([c, a, b])


@given(shapes, shapes)
def test_joining_is_idempotent(a: Shape, b: Shape) -> None:
    """Seeing the same again changes nothing."""
    assert join(a, a) == a
    assert join(join(a, b), b) == join(a, b)


@given(shapes)
def test_never_is_neutral_and_anything_absorbs(a: Shape) -> None:
    """No value adds nothing, and the unknown makes everything unknown."""
    assert join(a, NEVER) == a
    assert join(a, ANYTHING) == ANYTHING


@given(shapes)
def test_fitting_is_reflexive(a: Shape) -> None:
    """Whatever was seen fits itself."""
    assert fit(a, a) == ()


@given(shapes, shapes)
def test_each_part_fits_the_join(a: Shape, b: Shape) -> None:
    """A claim that is one of several realities fits what they have in common."""
    assert fit(a, join(a, b)) == ()


@given(full_shapes, full_shapes, full_shapes)
def test_fitting_is_monotone(a: Shape, b: Shape, c: Shape) -> None:
    """More reality never contradicts a claim that fitted.

    Two things fit because reality says nothing, and may say more later: the elements of an empty container, and an
    attribute that one instance of the same class has and another lacks. Full shapes have neither.
    """
    if fit(a, b) == ():
        assert fit(a, join(b, c)) == ()


@given(shapes, shapes)
def test_differences_say_something(a: Shape, b: Shape) -> None:
    """Each difference has a path from the root and two printable sides."""
    for difference in fit(a, b):
        assert difference.path.startswith("$")
        assert difference.claim
        assert difference.reality


@given(shapes)
def test_printed_shapes_are_bounded(a: Shape) -> None:
    """A printed shape fits on a few lines."""
    assert 0 < len(text_of(a)) <= LIMIT


@given(shapes)
def test_a_union_is_canonical(a: Shape) -> None:
    """Options are distinct, sorted by their text and never unions."""
    if isinstance(a, Union):
        texts = [text_of(option) for option in a.options]
        assert texts == sorted(texts)
        assert len({*a.options}) == len(a.options) > 1
        assert not any(isinstance(option, Union | Never) for option in a.options)


texts = st.text(max_size=5)
uses: st.SearchStrategy[Uses] = st.recursive(
    st.builds(Uses, escapes=st.booleans(), operations=st.frozensets(st.sampled_from(["__len__", "__iter__"]))),
    lambda inner: st.builds(
        Uses,
        escapes=st.booleans(),
        members=st.lists(st.tuples(st.sampled_from(["['id']", "[0]", "[*]", ".id"]), inner), max_size=2).map(tuple),
    ),
    max_leaves=3,
)
arguments = st.builds(Argument, shape=shapes, text=st.none() | texts)
calls = st.builds(
    Arguments,
    positional=st.lists(arguments, max_size=2).map(tuple),
    keywords=st.lists(st.tuples(texts, arguments), max_size=2).map(tuple),
    bound=st.booleans(),
)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(["returned", "awaited", "raised", "yielded", "unconfigured", "real"]),
    shape=shapes,
    text=st.none() | texts,
    awaiting=st.booleans(),
)
sites = st.builds(Site, file=texts, function=texts, call=texts, line=st.integers())
claims = st.builds(
    Claim,
    root=texts,
    path=st.lists(texts, max_size=2).map(tuple),
    action=st.sampled_from(["call", "read", "replace"]),
    arguments=st.none() | calls,
    outcome=st.none() | outcomes,
    uses=uses,
    at=texts,
    site=st.none() | sites,
    takes_self=st.booleans(),
)
facts = st.builds(
    Fact,
    target=texts,
    kind=st.sampled_from(["method", "missing", "unknown"]),
    signature=st.none()
    | st.builds(
        Signature,
        parameters=st.lists(
            st.builds(
                Parameter,
                name=texts,
                kind=st.sampled_from(["standard", "args"]),
                required=st.booleans(),
                annotation=shapes,
            ),
            max_size=2,
        ).map(tuple),
    ),
    asynchronous=st.none() | st.booleans(),
    returns=shapes,
    supports=st.none() | st.lists(texts, max_size=2).map(tuple),
)
records = st.builds(
    TestRecord,
    nodeid=texts,
    fidelity=st.sampled_from(["real", "emulated", "declared"]),
    claims=st.lists(claims, max_size=2).map(tuple),
    observations=st.lists(
        st.builds(Observation, target=texts, arguments=calls, outcome=outcomes, site=st.none() | sites), max_size=2
    ).map(tuple),
    facts=st.lists(facts, max_size=1).map(tuple),
)


@given(records)
def test_records_travel_as_json(record: TestRecord) -> None:
    """What a test contributed arrives as it was sent."""
    assert from_data(TestRecord, json.loads(json.dumps(to_data(record)))) == record


@given(shapes, uses)
def test_shapes_and_uses_travel_as_json(a: Shape, used: Uses) -> None:
    """Each part can travel by itself."""
    assert from_data(type(a), json.loads(json.dumps(to_data(a)))) == a
    assert from_data(Uses, json.loads(json.dumps(to_data(used)))) == used
