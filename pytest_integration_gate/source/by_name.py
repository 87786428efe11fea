"""What a file loads or runs by name: modules whose names it spells, and whether there may be others."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pytest_integration_gate.values import dataclass

_Part = TypeVar("_Part")

_MODULE_LOADERS = frozenset(
    {"import_module", "__import__", "run_module", "import_string", "import_from_string", "resolve_name"}
)
LOADING_WORDS = tuple(sorted(name.encode() for name in _MODULE_LOADERS))
_FILE_LOADERS = {"run_path": 0, "spec_from_file_location": 1, "SourceFileLoader": 1, "load_source": 1}
"""And which argument names the file; a file that is named is found by its text."""
_FINDERS = frozenset({"entry_points", "iter_entry_points", "load_entry_point", "iter_modules", "walk_packages"})
_LOADERS = _MODULE_LOADERS | _FINDERS | _FILE_LOADERS.keys()
_LOADING_LIBRARIES = frozenset({"apipkg", "demandimport", "lazy_import", "lazy_loader", "stevedore"})

_STARTERS = frozenset(
    {"Popen", "check_call", "check_output", "create_subprocess_exec", "create_subprocess_shell", "popen", "system"}
)
_NO_PYTHON = frozenset({"cat", "cp", "curl", "docker", "echo", "git", "kill", "ls", "make", "mv", "node", "npm", "rm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ByName:
    """`loaded` are module, level as in a relative import, and line; `run` the modules that other processes are told to
    run. `is_dynamic` says that more is loaded or run whose name is not spelled."""

    loaded: tuple[tuple[str, int, int], ...] = ()
    run: frozenset[str] = frozenset()
    is_dynamic: bool = False


def read_by_name(nodes: Iterable[ast.AST], imported: Mapping[str, tuple[str, str]]) -> ByName:
    """Read the calls and names among the nodes of a file. `imported` has the module and the name of each local name,
    the latter empty when it is the module itself."""
    loaded: list[tuple[str, int, int]] = []
    run: set[str] = set()
    is_dynamic = any(module.partition(".")[0] in _LOADING_LIBRARIES for module, _ in imported.values())
    called: set[int] = set()
    mentioned: list[ast.AST] = []
    for node in nodes:
        if isinstance(node, (ast.Name, ast.Attribute)):
            mentioned.append(node)
        if not isinstance(node, ast.Call):
            continue
        called.add(id(node.func))
        name = _name(node.func, imported)
        if name in _MODULE_LOADERS:
            told = _told_module(node)
            loaded += [told] if told else []
            is_dynamic = is_dynamic or told is None
        elif name in _FILE_LOADERS:
            is_dynamic = is_dynamic or not isinstance(_at(node.args, _FILE_LOADERS[name]), ast.Constant)
        elif name in _FINDERS or (name == "exec" and not isinstance(_at(node.args, 0), ast.Constant)):
            is_dynamic = True
        elif _starts_process(node, name, imported):
            words = _words(node)
            module = _module_run(words)
            run |= {module} if module else set()
            is_dynamic = is_dynamic or not (module or _is_told(words))
    is_dynamic = is_dynamic or any(_name(one, imported) in _LOADERS for one in mentioned if id(one) not in called)
    return ByName(loaded=tuple(loaded), run=frozenset(run), is_dynamic=is_dynamic)


def _name(function: ast.AST, imported: Mapping[str, tuple[str, str]]) -> str:
    """Return what a function was called where it was defined."""
    if isinstance(function, ast.Attribute):
        return function.attr
    local = function.id if isinstance(function, ast.Name) else ""
    return imported.get(local, ("", ""))[1] or local


def _told_module(call: ast.Call) -> tuple[str, int, int] | None:
    """Return the module that a call names; None when only the running program knows."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    text = _text(_at(call.args, 0) or named.get("name") or named.get("mod_name"))
    if text is None:
        return None
    module = text.partition(":")[0]  # `package.module:object`
    rest = module.lstrip(".")
    level = len(module) - len(rest)
    if not level:
        return module, 0, call.lineno
    package = _at(call.args, 1) or named.get("package")
    if isinstance(package, ast.Name) and package.id in ("__package__", "__name__"):
        return rest, level, call.lineno
    folder = _text(package)
    if folder is None:
        return None
    return ".".join([*folder.split(".")[: len(folder.split(".")) - level + 1], rest]), 0, call.lineno


def _starts_process(call: ast.Call, name: str, imported: Mapping[str, tuple[str, str]]) -> bool:
    if not call.args:
        return any(keyword.arg == "args" for keyword in call.keywords) and name in _STARTERS
    function = call.func
    owner = function.value if isinstance(function, ast.Attribute) else function
    local = owner.id if isinstance(owner, ast.Name) else ""
    return name in _STARTERS or imported.get(local, ("", ""))[0] == "subprocess"


def _words(call: ast.Call) -> Sequence[str | None]:
    """Return the words of a command, None for what is not spelled."""
    first = _at(call.args, 0)
    if isinstance(first, (ast.List, ast.Tuple)):
        return [_word(one) for one in first.elts]
    text = _text(first)
    if text is not None and len(call.args) == 1:
        return text.split()
    return [_word(one) for one in call.args]


def _word(node: ast.expr) -> str | None:
    return "python" if isinstance(node, ast.Attribute) and node.attr == "executable" else _text(node)


def _module_run(words: Sequence[str | None]) -> str:
    """Return the module behind ``python -m``."""
    if "-m" not in words or not _is_python(words):
        return ""
    return _at(words, words.index("-m") + 1) or ""


def _is_told(words: Sequence[str | None]) -> bool:
    """Whether it is known which of the project's files a command runs: a script that is named, or none."""
    if _is_python(words):
        return (_at(words, 1) or "").endswith(".py")
    return bool(words) and (words[0] or "").rpartition("/")[2] in _NO_PYTHON


def _is_python(words: Sequence[str | None]) -> bool:
    return bool(words) and (words[0] or "").rpartition("/")[2].startswith("python")


def _at(parts: Sequence[_Part], place: int) -> _Part | None:
    return parts[place] if place < len(parts) else None


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
