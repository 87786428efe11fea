"""The imports between the project's modules, read by grimp."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from os.path import realpath

MISSING = "The imports were read without grimp, which takes longer: pip install 'pytest-integration-gate[contexts]'"


def read_with_grimp(packages: Iterable[str], root: str, *, for_types: bool) -> dict[str, dict[str, int]] | None:
    """Return what each module imports, with the lines; None when grimp is not installed.

    Empty when grimp cannot read the packages (a syntax error, a single file); without a package of which another copy
    would be imported than the one below the root. Such files are read one by one. `for_types` includes what stands
    below ``if TYPE_CHECKING``.
    """
    try:
        import grimp
    except ImportError:
        return None
    ours = [package for package in packages if _lies_in(package, root)]
    if not ours:
        return {}
    try:
        graph = grimp.build_graph(*ours, exclude_type_checking_imports=not for_types, cache_dir=None)
    except Exception:  # whatever it refuses is read in another way
        return {}
    return {
        module: {
            other: min(one["line_number"] for one in graph.get_import_details(importer=module, imported=other))
            for other in sorted(graph.find_modules_directly_imported_by(module))
        }
        for module in graph.modules
    }


def _lies_in(package: str, root: str) -> bool:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError, AttributeError):
        return False
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return bool(folders) and all(realpath(folder).startswith(realpath(root) + "/") for folder in folders)
