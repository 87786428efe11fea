"""Doubles that accept calls which the real thing refuses: given its parameters, or made strict."""

from __future__ import annotations

import libcst as cst

from pytest_integration_gate.fixing.knowledge import Knowledge, successor
from pytest_integration_gate.fixing.literals import entries, renamed, with_argument
from pytest_integration_gate.fixing.places import calls_in, is_patch, maker_of, slots_in
from pytest_integration_gate.fixing.source import Left, Source, dotted, walk
from pytest_integration_gate.model.fact import Parameter, Signature
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.shape import ANYTHING

_ASSERTIONS = frozenset({"assert_called_with", "assert_called_once_with", "assert_any_call"})
_HARMLESS = frozenset(
    {
        *("return_value", "side_effect", "called", "call_count", "reset_mock"),
        *("assert_called", "assert_called_once", "assert_not_called"),
    }
)
_STRICT = frozenset({"autospec", "spec", "spec_set", "new", "new_callable", "wraps", "create"})


def widen(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Give a hand-written function the parameters of the real one."""
    signature = _signature(finding)
    function = _function(source, region)
    is_method = isinstance(function, cst.FunctionDef) and source.around(function, cst.ClassDef) is not None
    is_static = isinstance(function, cst.FunctionDef) and any(
        dotted(one.decorator) == "staticmethod" for one in function.decorators
    )
    params = _widened(function, signature, has_self=is_method and not is_static)
    source.change(function, lambda node: node.with_changes(params=params))


def _signature(finding: Finding) -> Signature:
    if finding.shown is None or finding.shown.signature is None:
        raise Left("the signature of the real thing is not known")
    return finding.shown.signature


def _function(source: Source, region: cst.CSTNode) -> cst.FunctionDef | cst.Lambda:
    if isinstance(region, cst.FunctionDef):
        return region
    values = [arg.value for call in calls_in(region) for arg in call.args]
    lambdas = [value for value in values if isinstance(value, cst.Lambda)]
    if len(lambdas) == 1:
        return lambdas[0]
    names = {value.value for value in values if isinstance(value, cst.Name)}
    functions = [node for node in walk(source.module) if isinstance(node, cst.FunctionDef) and node.name.value in names]
    if len(functions) == 1:
        return functions[0]
    raise Left("the function that stands for the real one is not found")


def _widened(function: cst.FunctionDef | cst.Lambda, signature: Signature, *, has_self: bool) -> cst.Parameters:
    """Return the parameters of the real thing; those that a double has already are kept as they are written."""
    old = function.params
    first = [*old.posonly_params, *old.params][:1] if has_self else []
    there = {
        param.name.value: param.with_changes(comma=cst.MaybeSentinel.DEFAULT)
        for param in (*old.posonly_params, *old.params, *old.kwonly_params)
        if param not in first
    }
    real = {one.name for one in signature.parameters}
    extra = [name for name in there if name not in real]
    used = {node.value for node in walk(function.body) if isinstance(node, cst.Name)}
    if any(name in used for name in extra):
        raise Left(f"the double uses `{next(name for name in extra if name in used)}`, which the real thing lacks")
    by_kind: dict[str, list[cst.Param]] = {"positional": [], "standard": [], "keyword": []}
    stars: dict[str, cst.Param] = {}
    for one in signature.parameters:
        if one.kind in by_kind:
            by_kind[one.kind].append(there.get(one.name) or _param(one))
        else:
            stars[one.kind] = cst.Param(cst.Name(one.name))
    star: cst.Param | cst.ParamStar | cst.MaybeSentinel = cst.MaybeSentinel.DEFAULT
    if "args" in stars or isinstance(old.star_arg, cst.Param):
        star = old.star_arg if isinstance(old.star_arg, cst.Param) else stars["args"]
    elif by_kind["keyword"]:
        star = cst.ParamStar()
    first = [param.with_changes(comma=cst.MaybeSentinel.DEFAULT) for param in first]
    standard = [*first, *by_kind["positional"], *by_kind["standard"]]
    rest = old.star_kwarg or stars.get("kwargs")
    return cst.Parameters(params=standard, star_arg=star, kwonly_params=by_kind["keyword"], star_kwarg=rest)


def _param(one: Parameter) -> cst.Param:
    if one.required:
        return cst.Param(cst.Name(one.name))
    try:
        default = cst.parse_expression(one.default or "None")
    except cst.ParserSyntaxError:
        default = cst.Name("None")
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Param(cst.Name(one.name), default=default, equal=equal)


# -- mocks ------------------------------------------------------------------------------------------------------------


def make_strict(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Let a patch make a mock that refuses what the real thing refuses, with ``autospec=True``."""
    signature = _signature(finding)
    function = source.around(region, cst.FunctionDef)
    name, maker = _maker(source, region, function)
    patches = [call for call in calls_in(maker) if is_patch(call)]
    if len(patches) != 1:
        raise Left("only a patch can be made strict here; use `create_autospec`")
    patch = patches[0]
    if not _is_called_itself(patch, finding):
        raise Left("the call is made on a part of the patched thing; use `create_autospec` for it")
    known = entries(patch).keys()
    if "autospec" in known or not source.first_time(patch, "strict"):
        return
    if _STRICT & known or len([arg for arg in patch.args if arg.keyword is None]) > _positional(patch):
        raise Left("the patch says already what to put in the place of the real thing")
    fact = knowledge.facts.get(finding.target)
    takes_self = fact is not None and fact.kind == "method"
    if takes_self and ((not name and not _is_nameless(region)) or _has_function(patch, name, function)):
        raise Left("a strict mock of a method also gets the instance, and not all that looks at it is seen here")
    if name and function is not None:
        _change_assertions(source, function, name, finding, signature, takes_self=takes_self)
    source.change(patch, lambda call: with_argument(call, "autospec", cst.Name("True")))


def _is_nameless(region: cst.CSTNode) -> bool:
    """Say whether nothing in the test can look at the mock."""
    if isinstance(region, cst.SimpleStatementLine):
        return isinstance(region.body[0], cst.Expr)
    return isinstance(region, cst.WithItem) and region.asname is None


def _has_function(patch: cst.Call, name: str, function: cst.FunctionDef | None) -> bool:
    """Say whether a function answers the calls of a mock."""
    slots = [*slots_in(patch), *(slots_in(function.body) if function is not None else ())]
    return any(
        slot.leaf == "side_effect"
        and not isinstance(slot.value, cst.List | cst.Call)
        and (slot.holder is patch or slot.names[0] == name)
        for slot in slots
    )


def _positional(patch: cst.Call) -> int:
    return 2 if dotted(patch.func).endswith(".object") else 1


def _maker(source: Source, region: cst.CSTNode, function: cst.FunctionDef | None) -> tuple[str, cst.CSTNode]:
    """Return the name of a double in the test, empty when it has none, and what makes it."""
    match region:
        case cst.Decorator() if function is not None:
            for param in function.params.params:
                if maker_of(source, param.name.value, function) is region:
                    return param.name.value, region
            return "", region
        case cst.WithItem(asname=asname):
            bound = asname.name if asname is not None else None
            return (bound.value if isinstance(bound, cst.Name) else ""), region
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=target)])]):
            name = dotted(target).partition(".")[0]
            if isinstance(target, cst.Name):
                return name, region
            maker = maker_of(source, name, function)
            if maker is not None:
                return name, maker
    return "", region


def _is_called_itself(patch: cst.Call, finding: Finding) -> bool:
    """Say whether it is the patched thing that is called, and not a part of it."""
    path = finding.claim.path
    if not path:
        return True
    texts = [source for arg in patch.args[:2] if (source := _text(arg.value))]
    return len(path) == 1 and bool(texts) and texts[-1].rpartition(".")[2] == path[0][1:]


def _text(value: cst.BaseExpression) -> str:
    text = value.evaluated_value if isinstance(value, cst.SimpleString) else ""
    return text if isinstance(text, str) else ""


def _change_assertions(
    source: Source, function: cst.FunctionDef, name: str, finding: Finding, signature: Signature, *, takes_self: bool
) -> None:
    """Let the assertions of a test expect the call as the real thing takes it: with its instance, with new keywords."""
    renames = _renames(finding, signature)
    first = cst.Arg(cst.parse_expression(source.mock_name("ANY"))) if takes_self else None
    for node in walk(function.body):
        match node:
            case cst.Call(func=cst.Attribute(value=cst.Name(value=value), attr=cst.Name(value=attr))) if value == name:
                if attr in _ASSERTIONS:
                    source.change(node, lambda call: _expecting(call, renames, first))
            case cst.Attribute(value=cst.Name(value=value), attr=cst.Name(value=attr)) if value == name:
                if takes_self and attr not in _HARMLESS | _ASSERTIONS:
                    raise Left(f"the test reads `{name}.{attr}`, which would have the instance as first argument")


def _expecting(call: cst.Call, renames: dict[str, str], first: cst.Arg | None) -> cst.Call:
    changed: cst.BaseExpression = call
    for old, new in renames.items():
        if old in entries(call):
            changed = renamed(changed, old, new)
    assert isinstance(changed, cst.Call)
    return changed if first is None else _with_first(changed, first)


def _with_first(call: cst.Call, first: cst.Arg) -> cst.Call:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return call.with_changes(args=[first.with_changes(comma=comma) if call.args else first, *call.args])


def _renames(finding: Finding, signature: Signature) -> dict[str, str]:
    """Return the keywords that have another name in reality."""
    given = [name for name, _ in finding.claim.arguments.keywords] if finding.claim.arguments else []
    real = {one.name: one.annotation for one in signature.parameters if one.kind in ("standard", "keyword")}
    gone = [name for name in given if name not in real]
    free = {name: shape for name, shape in real.items() if name not in given}
    found = {name: successor(name, ANYTHING, free, is_last=len(gone) == 1) for name in gone}
    return {old: new for old, new in found.items() if new}
