"""Comparing a claimed shape with reality: can the claim stand in for it, as far as the code looks?

Only what the code uses is compared (`Uses`). Where two kinds of container differ and the use is not known to tell them
apart, they fit (SPEC rule 6): what cannot be proven is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_integration_gate.model.abilities import (
    ABSTRACT,
    ASYNCHRONOUS,
    ROW,
    ability_of,
    is_scalar_class,
    is_tuple,
    scalar_bases,
)
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import ASKED, EVERYTHING, Uses
from pytest_integration_gate.model.joining import as_dictionary, element_of, is_empty_mapping, join_all, options_of
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Anything,
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
from pytest_integration_gate.model.text import short_name, text_of
from pytest_integration_gate.model.unsupported import (
    Found,
    Reason,
    absent,
    is_public,
    missing_attributes,
    step,
    unsupported,
)
from pytest_integration_gate.model.using import is_loose, is_named, part_of, parts_of


def fit(claim: Shape, reality: Shape, uses: Uses = EVERYTHING, *, text: str | None = None) -> tuple[Difference, ...]:
    """The paths on which a claim cannot stand in for reality; empty when it fits.

    `uses` is what the code does with the value, `text` the literal of the claimed value if it is known, to be compared
    with the values that a ``Literal`` allows.
    """
    return tuple(difference for difference, _ in fit_detail(claim, reality, uses, text=text))


def fit_detail(
    claim: Shape, reality: Shape, uses: Uses = EVERYTHING, *, text: str | None = None
) -> tuple[tuple[Difference, Reason], ...]:
    """The differences that `fit` finds, each with its reason.

    ``shape``      another kind of value, or a key that is absent
    ``protocol``   the code uses an operation that reality does not support
    ``attribute``  the code reads an attribute that reality does not have
    ``async``      one of the two has to be awaited (or iterated asynchronously)
    """
    if is_loose(uses) and not isinstance(claim, Awaitable) and not isinstance(reality, Awaitable):
        return tuple(_compare_absence(claim, reality, uses))
    return tuple(dict.fromkeys(_compare(claim, reality, uses, "$", text)))


def fits_exception(claim: Object, reality: Object) -> bool:
    """Whether a claimed exception is of the class that reality raised, or of an ancestor of it."""
    return claim.cls == reality.cls or claim.cls in reality.bases


def _compare(claim: Shape, reality: Shape, uses: Uses, path: str, text: str | None = None) -> Found:
    if isinstance(claim, Anything | Never) or isinstance(reality, Anything | Never) or claim == reality:
        return []
    if isinstance(claim, Union):
        return [found for option in claim.options for found in _compare(option, reality, uses, path)]
    if isinstance(reality, Union):
        return _compare_options(claim, reality, uses, path, text)
    if isinstance(claim, Awaitable) or isinstance(reality, Awaitable):
        return _compare_awaitables(claim, reality, uses, path)
    if isinstance(claim, Double):
        return _compare_double(claim, reality, uses, path)
    if isinstance(reality, Double):
        return []
    if isinstance(claim, Scalar) or isinstance(reality, Scalar):
        return _compare_scalars(claim, reality, uses, path, text)
    if isinstance(claim, Array) or isinstance(reality, Array):
        return _compare_arrays(claim, reality, path)
    return _compare_containers(claim, reality, uses, path)


def _compare_options(claim: Shape, reality: Union, uses: Uses, path: str, text: str | None) -> Found:
    """Any option of reality will do; the differences are those to the nearest one."""
    best: Found | None = None
    for option in reality.options:
        found = _compare(claim, option, uses, path, text)
        if not found:
            return []
        if best is None or _distance(found, path) < _distance(best, path):
            best = found
    if best is None or any(difference.path == path and reason == "shape" for difference, reason in best):
        return _other(claim, reality, path)
    return best


def _distance(found: Found, path: str) -> tuple[bool, int]:
    return (any(difference.path == path for difference, _ in found), len(found))


def _other(claim: Shape, reality: Shape, path: str, reason: Reason = "shape") -> Found:
    """Claim and reality differ as a whole."""
    return [(Difference(path=path, claim=text_of(claim), reality=text_of(reality)), reason)]


def _compare_awaitables(claim: Shape, reality: Shape, uses: Uses, path: str) -> Found:
    if isinstance(claim, Awaitable) and isinstance(reality, Awaitable):
        return _compare(claim.result, reality.result, uses, path)
    plain = reality if isinstance(claim, Awaitable) else claim
    if isinstance(plain, Object) and ("__await__" in plain.supports or not plain.complete):
        return []
    if isinstance(plain, Double) and not plain.fields:
        return []
    return _other(claim, reality, path, "async")


def _compare_absence(claim: Shape, reality: Shape, uses: Uses) -> Found:
    """Code that asks nothing but whether there is a value still goes another way without one."""
    asks = "none" in uses.operations or ("truth" in uses.operations and _is_true(reality))
    if (
        claim != NONE
        or not asks
        or any(not isinstance(one, Object | Scalar) or one == NONE for one in options_of(reality))
    ):
        return []
    return _other(claim, reality, "$")


def _is_true(shape: Shape) -> bool:
    """Whether all values of a shape are true."""
    return all(
        isinstance(one, Object) and one.complete and {"__bool__", "__len__"}.isdisjoint(one.supports)
        for one in options_of(shape)
    )


# Scalars

_FITTING = frozenset(
    {
        ("int", "float"),
        ("int", "complex"),
        ("float", "complex"),
        ("number", "int"),  # a number of JSON, which has one kind of them
        ("number", "float"),
        ("aware datetime", "date"),
        ("naive datetime", "date"),
        ("function", "class"),
        ("class", "function"),
    }
)
_CALLABLE = ("function", "class")


def _compare_scalars(claim: Shape, reality: Shape, uses: Uses, path: str, text: str | None) -> Found:
    match claim, reality:
        case Scalar(), Scalar():
            fits = _name_fits(claim.name, reality.name) and _values_fit(claim, reality, text)
            if fits and claim.name != reality.name:  # a datetime is a date, which has no hour
                return missing_attributes(claim, reality, uses, path)
            fits = fits or _are_formatted_alike(claim.name, reality.name, uses)
        case Scalar("str"), Sequence(kind, element) if kind in ABSTRACT:
            fits = not _compare(claim, element, EVERYTHING, path)
        case Scalar(name), Object():
            fits = (
                any(_name_fits(name, base) for base in scalar_bases(reality))
                or (name in _CALLABLE and "__call__" in reality.supports)
                or (name != "None" and not reality.complete)
            )
        case Object(), Scalar(name):
            if any(_name_fits(base, name) for base in scalar_bases(claim)):
                return missing_attributes(claim, reality, uses, path)
            fits = (name in _CALLABLE and "__call__" in claim.supports) or name == "module"
            fits = fits or (claim.duck and name != "None" and _has_all(reality, claim.fields, uses))
        case _:
            fits = False
    return [] if fits else _other(claim, reality, path)


_NUMBERS = frozenset({"int", "float", "bool", "number", "Decimal", "Fraction"})
_DATES = frozenset({"date", "time", "aware datetime", "naive datetime"})


def _are_formatted_alike(claim: str, reality: str, uses: Uses) -> bool:
    """Whether the code only makes texts of the value, in a format that takes both."""
    if uses.escapes or uses.members or not uses.operations <= ASKED | {"__await__", "__format__", "number", "strftime"}:
        return False
    wanted = [names for word, names in (("number", _NUMBERS), ("strftime", _DATES)) if word in uses.operations]
    return bool(wanted) and all({claim, reality} <= names for names in wanted)


def _name_fits(claim: str, reality: str) -> bool:
    return claim == reality or (claim, reality) in _FITTING


def _values_fit(claim: Scalar, reality: Scalar, text: str | None) -> bool:
    """Whether the claimed values are among those that a ``Literal`` allows; an unknown value may be."""
    if not reality.values:
        return True
    if claim.values:
        return {*claim.values} <= {*reality.values}
    return text is None or "<" in text or text in reality.values


def _has_all(reality: Shape, fields: Iterable[Field], uses: Uses) -> bool:
    """Whether a value has all the attributes that the code reads."""
    ability = ability_of(reality)
    read = {field.name for field in fields if uses.of(f".{field.name}") is not None}
    return ability is None or ability.attributes is None or read <= ability.attributes


def _compare_arrays(claim: Shape, reality: Shape, path: str) -> Found:
    if not (isinstance(claim, Array) and isinstance(reality, Array)):
        return []  # arrays are used in ways that shapes do not tell
    kinds = (claim.dtype.rstrip("0123456789"), reality.dtype.rstrip("0123456789"))
    same = claim.cls == reality.cls and claim.rank == reality.rank
    return [] if same and (kinds[0] == kinds[1] or kinds == ("int", "float")) else _other(claim, reality, path)


# Doubles and objects


def _compare_double(claim: Double, reality: Shape, uses: Uses, path: str) -> Found:
    """A mock claims the attributes that were configured on it, and to be of its spec."""
    if not claim.spec and not claim.fields:
        return []
    match reality:
        case Object():
            related = claim.spec in (reality.cls, *reality.bases)
            return unsupported(claim, reality, uses, path) + _compare_attributes(claim, reality, uses, path, related)
        case Scalar(name):
            if name in (*_CALLABLE, "module"):
                return []
            fits = is_scalar_class(claim.spec, name) or (
                bool(claim.fields) and name != "None" and _has_all(reality, claim.fields, uses)
            )
            return [] if fits else _other(claim, reality, path)
        case Array():
            return []
    found = unsupported(claim, reality, uses, path)
    return found if found or _has_all(reality, claim.fields, uses) else _other(claim, reality, path)


def _compare_objects(claim: Object, reality: Object, uses: Uses, path: str) -> Found:
    related = claim.cls == reality.cls or claim.cls in reality.bases or reality.cls in claim.bases
    if not related and "enum:Enum" in claim.bases and "enum:Enum" in reality.bases:
        return _other(claim, reality, path)
    if related and "enum:Enum" in reality.bases:
        return []  # its members may have values of several kinds
    found = [] if related else unsupported(claim, reality, uses, path)
    found += _compare_attributes(claim, reality, uses, path, related)
    # An instance of another class is one difference; only stand-ins are judged by what they were given.
    if found and not related and not claim.duck and all(reason != "protocol" for _, reason in found):
        same = short_name(claim.cls) == short_name(reality.cls)
        claimed, real = (cls if same else short_name(cls) for cls in (claim.cls, reality.cls))
        return [(Difference(path=path, claim=claimed, reality=real), "shape")]
    return found


def _compare_attributes(claim: Object | Double, reality: Object, uses: Uses, path: str, related: bool) -> Found:
    """Compare the attributes that the code reads. An instance of the same class may have more than another."""
    found: Found = []
    fields = {field.name: field for field in reality.fields}
    for field in claim.fields:
        part = part_of(uses, f".{field.name}")
        if part is None:
            continue
        inner = f"{path}{step(field.name)}"
        if field.name in fields:
            real = fields[field.name].shape
            # What was None when the object was given may have been filled before it was read.
            if real != NONE or "builtins:tuple" in reality.bases:
                found += _compare(field.shape, real, part, inner)
        elif (isinstance(claim, Double) or not related) and _lacks(reality, field):
            found.append((absent(field, inner, (*fields, *reality.members)), "attribute"))
    return found


def _lacks(reality: Object, field: Field) -> bool:
    return reality.complete and is_public(field.name) and field.name not in reality.members


# Containers


def _compare_containers(claim: Shape, reality: Shape, uses: Uses, path: str) -> Found:
    """Compare sequences, mappings and objects."""
    if isinstance(claim, Object) and isinstance(reality, Object):
        return _compare_objects(claim, reality, uses, path)
    if isinstance(claim, Record | Dictionary) and isinstance(reality, Record | Dictionary):
        return unsupported(claim, reality, uses, path) + _compare_mappings(claim, reality, uses, path)
    if _is_asynchronous(claim) != _is_asynchronous(reality):
        return _other(claim, reality, path, "async")
    found = unsupported(claim, reality, uses, path)
    left, right = _as_sequence(claim), _as_sequence(reality)
    if left is not None and right is not None:
        return found + _compare_elements(left, right, uses, path)
    if found:
        return found
    if isinstance(claim, Record | Dictionary) and isinstance(reality, Object):
        return _compare_record_with_object(claim, reality, uses, path)
    if isinstance(claim, Object) and isinstance(reality, Record | Dictionary):
        duck = claim.duck and not reality.cls and not _has_all(reality, claim.fields, uses)
        return _other(claim, reality, path) if duck else []
    return _compare_across(claim, reality, uses, path)


def _compare_across(claim: Shape, reality: Shape, uses: Uses, path: str) -> Found:
    """A sequence and something else: they differ unless the code is known to do only what both can."""
    if isinstance(claim, Object) and "__iter__" in claim.supports and not claim.duck:
        return []
    if isinstance(reality, Object) and ("__iter__" in reality.supports or not (reality.complete or reality.supports)):
        return []
    if uses.escapes:
        return _other(claim, reality, path)
    left, right = _iterated(claim), _iterated(reality)
    return _compare_elements(left, right, uses, path) if left and right else []


def _is_asynchronous(shape: Shape) -> bool:
    if isinstance(shape, Object):
        return "__aiter__" in shape.supports and "__iter__" not in shape.supports
    return isinstance(shape, Sequence) and shape.kind in ASYNCHRONOUS


def _as_sequence(shape: Shape) -> Sequence | Tuple | None:
    """A shape as a sequence: named tuples and rows of sqlite3 are tuples too."""
    match shape:
        case Sequence() | Tuple():
            return shape
        case Object(_, _, fields) if is_tuple(shape):
            return Sequence("tuple", join_all(field.shape for field in fields) if fields else ANYTHING)
        case Record(fields, cls) if cls == ROW:
            return Sequence("tuple", join_all(field.shape for field in fields))
    return None


def _iterated(shape: Shape) -> Sequence | Tuple | None:
    """What iterating gives: for a mapping its keys."""
    match shape:
        case Record():
            return Sequence("iterator", Scalar("str"))
        case Dictionary(key, _):
            return Sequence("iterator", key)
    return _as_sequence(shape)


def _compare_elements(claim: Sequence | Tuple, reality: Sequence | Tuple, uses: Uses, path: str) -> Found:
    common = element_of(reality)
    if isinstance(claim, Sequence):
        part = parts_of(uses, None)
        return [] if part is None else _compare(claim.element, common, part, f"{path}[*]")
    size = len(claim.elements)
    paired = isinstance(reality, Tuple) and len(reality.elements) == size
    if isinstance(reality, Tuple) and not paired and _needs_arity(claim, len(reality.elements), uses):
        return _other(claim, reality, path)
    found: Found = []
    for index, element in enumerate(claim.elements):
        part = parts_of(uses, (f"[{index}]", f"[{index - size}]"))
        if part is not None and not is_loose(part):  # `key, _ = …` looks at the key alone
            other = reality.elements[index] if isinstance(reality, Tuple) and paired else common
            found += _compare(element, other, part, f"{path}[{index}]")
    return found


def _needs_arity(claim: Tuple, size: int, uses: Uses) -> bool:
    """Whether a tuple of another arity breaks the code: unpacking, a missing index, or places of different meaning."""
    if not claim.elements:
        return False
    indexes = [int(name[1:-1]) for name, _ in uses.members if name[1:-1].lstrip("-").isdecimal()]
    if any(not -size <= index < size for index in indexes if -len(claim.elements) <= index < len(claim.elements)):
        return True
    if "__iter__" in uses.operations and indexes and all(name != "[*]" for name, _ in uses.members):
        return True
    return uses.escapes and len({*claim.elements}) > 1


def _compare_mappings(claim: Record | Dictionary, reality: Record | Dictionary, uses: Uses, path: str) -> Found:
    if is_empty_mapping(claim) or is_empty_mapping(reality):
        return []
    if isinstance(claim, Dictionary):
        known = as_dictionary(reality) if isinstance(reality, Record) else reality
        part = parts_of(uses, None)
        if part is None:
            return []
        keys = _compare(claim.key, known.key, EVERYTHING, f"{path}[*]")
        if keys:
            return _other(claim, reality, path)
        return _compare(claim.value, known.value, part, f"{path}[*]")
    if isinstance(reality, Record) and _have_data_for_keys(claim, reality, uses):
        return _compare_mappings(as_dictionary(claim), as_dictionary(reality), uses, path)
    found: Found = []
    for field in claim.fields:
        part = parts_of(uses, (f"[{field.name!r}]",))
        if part is None:
            continue
        inner = f"{path}{step(field.name)}"
        if isinstance(reality, Dictionary):
            if _compare(Scalar("str"), reality.key, EVERYTHING, inner):
                return _other(claim, reality, path)
            found += _compare(field.shape, reality.value, part, inner)
        else:
            found += _compare_field(field, claim, reality, part, inner, is_named(uses, field.name))
    return found


def _have_data_for_keys(claim: Record, reality: Record, uses: Uses) -> bool:
    """Whether two records are dictionaries after all (rule 7): no key recurs, the values are alike, and the code spells
    none of the keys but goes through all of them."""
    names = {field.name for field in claim.fields}
    if not names.isdisjoint(field.name for field in reality.fields) or any(uses.spells(name) for name in names):
        return False
    if any(isinstance(as_dictionary(each).value, Union) for each in (claim, reality)):
        return False
    return any(name in (".items", ".values", ".keys", "[*]") for name, _ in uses.members)


def _compare_field(
    field: Field, claim: Record, reality: Record | Object, uses: Uses, path: str, is_named: bool
) -> Found:
    for other in reality.fields:
        if other.name == field.name:
            return _compare(field.shape, other.shape, uses, path)
    if not reality.complete:
        return []
    if not is_named:  # the code computes the key, so any key may do
        return _compare(field.shape, join_all(other.shape for other in reality.fields), uses, path)
    names = [other.name for other in reality.fields]
    return [(absent(field, path, names, renamed=_renamed(field, claim, reality)), "shape")]


def _renamed(field: Field, claim: Record, reality: Record | Object) -> str:
    """The key that a field of a claim became, if all others are the same and it fits the only other of reality."""
    left, right = ({each.name: each.shape for each in record.fields} for record in (claim, reality))
    gone, new = left.keys() - right.keys(), right.keys() - left.keys()
    if len(left) < 3 or len(gone) != 1 or len(new) != 1:  # of two keys one says too little
        return ""
    (name,) = new
    return "" if _compare(field.shape, right[name], EVERYTHING, "$") else name


def _compare_record_with_object(claim: Record | Dictionary, reality: Object, uses: Uses, path: str) -> Found:
    """A mapping for an object: when the use is not known, names must at least be there in some way."""
    if isinstance(claim, Dictionary) or "__getitem__" in reality.supports:
        return []
    found: Found = []
    for field in claim.fields:
        part = parts_of(uses, (f"[{field.name!r}]",))
        if part is not None and field.name not in reality.members:
            inner = f"{path}{step(field.name)}"
            found += _compare_field(field, claim, reality, part, inner, True)
    return found
