"""What may stand in ``gate.yaml`` (SPEC section 11), and what is taken from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pytest_integration_gate.durations import refuse_duration, seconds
from pytest_integration_gate.model.acceptance import PlannedPath, Story
from pytest_integration_gate.model.finding import Kind
from pytest_integration_gate.strict_yaml import Node, YamlError, read
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.waivers import is_date
from pytest_integration_gate.yaml_rules import (
    Check,
    Choice,
    Either,
    Flag,
    ListOf,
    MapOf,
    OrPath,
    Table,
    Text,
    Value,
    nearest,
)

if TYPE_CHECKING:
    from pytest_integration_gate.suites.checkpoints import Checkpoint

if TYPE_CHECKING:  # only runs with contexts or waivers need them
    from pytest_integration_gate.model.context import Context
    from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

Compare = Literal["shape", "value"]

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_COLLABORATOR = re.compile(rf"{_NAME}(?::{_NAME})?|https?://\S+")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundarySettings:
    """A boundary that the project configures.

    `collaborators` are modules (``shop.payments``, with what is below them), names in modules (``stripe:Client``) or
    origins of HTTP services. `urls` maps such origins to where the real service answers in tests. `openapi` is the path
    of the document that describes the service. `compare` says what is compared for equal arguments.

    Replayed requests carry `headers`; those with a method that may change something are only sent when `allow_methods`
    names it. `timeout` is in seconds. With `replay` False nothing of the boundary is replayed at all.
    """

    name: str
    collaborators: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    openapi: Path | None = None
    compare: Compare = "shape"
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_methods: tuple[str, ...] = ()
    timeout: float = 10.0
    replay: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFile:
    """What this version takes from ``gate.yaml``. `later` names the keys that it does not judge.

    `fakes` maps the address of each hand-written fake to that of the real class. `requirements` maps ids to texts.
    `account` is a scope of stored state.
    """

    project: str = ""
    account: str = ""
    boundaries: tuple[BoundarySettings, ...] = ()
    fakes: Mapping[str, str] = field(default_factory=dict)
    contexts: tuple[Context, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    stories: tuple[Story, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[PlannedPath, ...] = ()
    waivers: tuple[TargetWaiver, ...] = ()
    later: tuple[str, ...] = ()


def refuse_class(text: str) -> str | None:
    """Say why a text cannot name a class, None when it can."""
    if ":" in text and "//" not in text and _COLLABORATOR.fullmatch(text):
        return None
    return f"`{text}` names no class. Write `package.module:Name`."


def refuse_collaborator(text: str) -> str | None:
    """Say why a text cannot name a collaborator, None when it can."""
    if _COLLABORATOR.fullmatch(text):
        return None
    return f"`{text}` names no collaborator. Write `package.module`, `package.module:Name` or `https://host`."


def refuse_boundary(name: str) -> str | None:
    """Say why a text cannot name a boundary, None when it can."""
    if name and not re.search(r"[\s:,]", name):
        return None
    return f"`{name}` cannot name a boundary. Write one word without `:` and `,`."


def refuse_id(text: str) -> str | None:
    """Say why a text cannot be the id of a story, criterion or requirement, None when it can."""
    if text and not re.search(r"[\s,;]", text):
        return None
    return f"`{text}` cannot be an id. Write one word without commas."


def _refuse_module(text: str) -> str | None:
    return None if re.fullmatch(_NAME, text) else f"`{text}` is no module. Write it like `package.module`."


def _refuse_name(text: str) -> str | None:
    return None if re.fullmatch(r"[\w.-]+", text) else f"`{text}` is no name. Write letters, digits, `.`, `-` and `_`."


def _refuse_blank(text: str) -> str | None:
    return None if text.strip() else "it is empty."


def _refuse_day(text: str) -> str | None:
    return None if is_date(text) else f"`{text}` is no day. Write the last one on which it holds, like `2027-01-31`."


def _refuse_path(text: str) -> str | None:
    if text.strip("/") and not text.startswith(("/", "~")) and ".." not in text.split("/") and "\\" not in text:
        return None
    return f"`{text}` is no path below the root directory. Write it like `tests/orders`."


def _refuse_origin(text: str) -> str | None:
    return (
        None if re.match(r"https?://\S+$", text) else f"`{text}` is no origin. Write it like `https://api.example.com`."
    )


def _refuse_variable(text: str) -> str | None:
    missing = [name for name, default in _VARIABLE.findall(text) if not default and name not in os.environ]
    unset = ", ".join(f"`{name}`" for name in missing)
    return f"the environment lacks {unset}. Set it, or write a default: `${{{missing[0]}:-…}}`." if missing else None


STORIES = MapOf(
    Table(keys={"title": Text(), "context": Text(), "criteria": MapOf(Text(), Text(refuse_id))}), Text(refuse_id)
)
REQUIREMENTS = MapOf(Text(), Text(refuse_id))
_MODULES = ListOf(Text(_refuse_module))
CONTEXT = Table(
    keys={
        "kind": Choice(("domain", "coordination")),
        "modules": _MODULES,
        "public": Text(_refuse_module),
        "uses": _MODULES,
        "tests": ListOf(Text(_refuse_path)),
        "components": MapOf(Table(keys={"modules": _MODULES, "owner": Text(), "session": Text()}), Text(_refuse_name)),
    }
)
_KIND = Choice(get_args(Kind))
WAIVER = Table(
    keys={
        "target": Text(_refuse_blank),
        "kind": Either((_KIND, ListOf(_KIND))),
        "reason": Text(_refuse_blank),
        "until": Text(_refuse_day),
    },
    required=("target", "reason", "until"),
)
FILE = Table(
    keys={
        "format": Choice((1,)),
        "project": Text(),
        "account": Text(),
        "boundaries": MapOf(
            Table(
                keys={
                    "collaborators": ListOf(Text(refuse_collaborator)),
                    "urls": MapOf(Text(_refuse_variable), Text(_refuse_origin)),
                    "openapi": Text(),
                    "compare": Choice(("shape", "value")),
                    "headers": MapOf(Text(_refuse_variable)),
                    "replay": Flag(),
                    "allow_methods": ListOf(Choice(("POST", "PUT", "PATCH", "DELETE"))),
                    "timeout": Value(refuse_duration, {"type": ["integer", "string"]}),
                },
            ),
            Text(refuse_boundary),
        ),
        "fakes": MapOf(Text(refuse_class), Text(refuse_class)),
        "contexts": MapOf(CONTEXT, Text(_refuse_name)),
        "checkpoints": Value(),
        "stories": OrPath(STORIES),
        "requirements": OrPath(REQUIREMENTS),
        "plan": Text(),
        "waivers": ListOf(WAIVER),
    },
)


def read_gate_file(path: Path, name: str) -> GateFile:
    """Read and check the file at `path`, which messages call `name`; raise `YamlError` with all its mistakes."""
    node = read(path, name)
    check = Check()
    if node.data is not None:
        if isinstance(node.data, dict):
            _check_format(node)
        check.follow(node, FILE, "")
    contexts: tuple[Context, ...] = ()
    if not check.problems and "contexts" in node.entries:
        from pytest_integration_gate.configuration.context_file import read_contexts

        contexts, check.problems = read_contexts(node.entries["contexts"].value)
    checkpoints = _checkpoints(node, check)
    if check.problems:
        raise YamlError(check.problems)
    data: Mapping[Any, Any] = node.data if isinstance(node.data, dict) else {}
    boundaries = tuple(_boundary(name, table, path.parent) for name, table in data.get("boundaries", {}).items())
    asked: Mapping[str, Any] = {}
    if data.keys() & {"stories", "requirements", "plan"}:
        from pytest_integration_gate.configuration.definitions import read_definitions

        asked = read_definitions(data, path.parent, name)
    if unknown := [*_unknown_contexts(asked.get("stories", ()), contexts)]:
        raise YamlError([f"{name}: {problem}" for problem in unknown])
    return GateFile(
        project=data.get("project", ""),
        account=data.get("account", ""),
        boundaries=boundaries,
        fakes=data.get("fakes", {}),
        contexts=contexts,
        checkpoints=checkpoints,
        waivers=_waivers(node),
        later=tuple(check.later),
        **asked,
    )


def _unknown_contexts(stories: Iterable[Story], contexts: Sequence[Context]) -> Iterator[str]:
    """Say which stories belong to a context that is not there. Without any context their words are labels."""
    known = [context.name for context in contexts]
    for story in stories if known else ():
        if story.context and story.context not in known:
            yield f"story `{story.id}`: there is no context `{story.context}`.{nearest(story.context, known)}"


def _waivers(node: Node) -> tuple[TargetWaiver, ...]:
    """Read the waivers; only a file that has some imports what they are."""
    entry = node.entries.get("waivers")
    if entry is None or not entry.value.items:
        return ()
    from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

    read = []
    for item in entry.value.items:
        table: Any = item.data
        kinds = table.get("kind", ())
        read.append(
            TargetWaiver(
                where=item.place,
                target=table["target"],
                kinds=(kinds,) if isinstance(kinds, str) else tuple(kinds),
                reason=table["reason"],
                until=table["until"],
            )
        )
    return tuple(read)


def _checkpoints(node: Node, check: Check) -> tuple[Checkpoint, ...]:
    """Check and read the checkpoints; only a file that has some imports what they need."""
    entry = node.entries.get("checkpoints")
    if entry is None:
        return ()
    from pytest_integration_gate.suites.checkpoints import check_checkpoints, read_checkpoints

    before = len(check.problems)
    check_checkpoints(entry.value, check)
    return () if len(check.problems) > before else read_checkpoints(entry.value)


def _check_format(node: Node) -> None:
    """Refuse a file of a later format before anything else in it is called a mistake."""
    entry = node.entries.get("format")
    if entry is not None and type(entry.value.data) is int and entry.value.data > 1:
        problem = f"{entry.value.place}: the file has format {entry.value.data}; this version reads format 1."
        raise YamlError([f"{problem} Upgrade pytest-integration-gate."])


def _boundary(name: str, table: Mapping[str, Any], folder: Path) -> BoundarySettings:
    return BoundarySettings(
        name=name,
        collaborators=tuple(table.get("collaborators", ())),
        urls={origin: _expand(real) for origin, real in table.get("urls", {}).items()},
        openapi=folder / table["openapi"] if "openapi" in table else None,
        compare=table.get("compare", "shape"),
        headers={name: _expand(value) for name, value in table.get("headers", {}).items()},
        allow_methods=tuple(table.get("allow_methods", ())),
        replay=table.get("replay", True),
        timeout=seconds(table.get("timeout", "10s")),
    )


def _expand(text: str) -> str:
    """Replace ``${NAME}`` and ``${NAME:-default}`` by what the environment says."""
    return _VARIABLE.sub(lambda found: os.environ.get(found[1]) or found[2] or "", text)
