"""What the observed collaborators are now: the code on the disk and the installed distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os.path import join
from sys import stdlib_module_names

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.edition import Edition, key_of
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.source.digest import ModuleSource


class Editions:
    """Tells the edition of a target, and whether one that was noted is still the present one.

    Nothing is imported: a job that only judges needs a checkout, no environment. Every file and every distribution is
    looked at once.
    """

    def __init__(self, folders: Iterable[str]) -> None:
        """`folders` are those from which the project's own modules are imported; the first one that has it counts."""
        self._folders = tuple(dict.fromkeys(folders))
        self._modules: dict[str, ModuleSource | None] = {}
        self._noted: dict[tuple[str, str], Edition] = {}
        self._reasons: dict[Edition, str] = {}
        self._versions: dict[str, str] = {}

    def of(self, observation: Observation) -> Edition | None:
        """Return the edition of an observed target; None for an HTTP route and when nothing can be said."""
        if observation.exchange is not None:
            return None
        key = key_of(observation)
        if key not in self._noted:
            target, defined = key
            distribution = self._distribution(defined or target)
            self._noted[key] = Edition(
                target=target,
                defined=defined,
                source=self._source(*key) or "",
                distribution=distribution,
                version=self._version(distribution) if distribution else "",
            )
        edition = self._noted[key]
        return edition if edition.source or edition.version else None

    def change_since(self, edition: Edition) -> str:
        """Say what has changed since an edition was noted; empty when nothing has, or nobody can tell."""
        if edition not in self._reasons:
            self._reasons[edition] = self._change_since(edition)
        return self._reasons[edition]

    def _change_since(self, edition: Edition) -> str:
        if edition.source:
            source = self._source(edition.target, edition.defined)
            if source is not None and source != edition.source:
                return "its source has changed" if source else "its source is gone"
        if edition.version:
            version = self._version(edition.distribution)
            if version and version != edition.version:
                return f"{edition.distribution} was {edition.version} and is {version} now"
        return ""

    def _source(self, target: str, defined: str) -> str | None:
        """Return the digest of a target and of the inherited code that it runs; None when no file can be read."""
        digests = []
        for address in dict.fromkeys(filter(None, (target, defined))):
            module, _, path = address.partition(":")
            source = self._module(module)
            if source is not None:
                digests.append(_digest(source, path))
        if not digests or None in digests:
            return None
        return "-".join(filter(None, digests))

    def _module(self, name: str) -> ModuleSource | None:
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> ModuleSource | None:
        steps = name.split(".")
        if not all(step.isidentifier() for step in steps):
            return None
        for folder in self._folders:
            for path in (join(folder, *steps) + ".py", join(folder, *steps, "__init__.py")):
                try:
                    with open_file(path, "rb") as stream:
                        return ModuleSource(stream.read())
                except OSError:
                    continue
                except Exception:  # no Python, or nested too deep: it has no digest
                    return None
        return None

    def _distribution(self, address: str) -> str:
        """Name the distribution that a module was installed from; empty for one of the project or of Python itself."""
        module = address.partition(":")[0]
        package = module.partition(".")[0]
        if package in stdlib_module_names or self._module(module) is not None:
            return ""
        owners = self._owners.get(package, ())
        return owners[0] if len(set(owners)) == 1 else _owner_among(owners, module)

    @cached_property
    def _owners(self) -> Mapping[str, Sequence[str]]:
        from importlib.metadata import packages_distributions

        try:
            return packages_distributions()
        except Exception:  # whatever lies among the metadata
            return {}

    def _version(self, distribution: str) -> str:
        if distribution not in self._versions:
            from importlib.metadata import version

            try:
                self._versions[distribution] = version(distribution)
            except Exception:  # it is not installed, or says nothing that can be read
                self._versions[distribution] = ""
        return self._versions[distribution]


def _digest(source: ModuleSource, path: str) -> str | None:
    try:
        return source.digest(path)
    except RecursionError:
        return None


def _owner_among(owners: Iterable[str], module: str) -> str:
    """Find which distribution has a module of a package that several share (``google.cloud.storage``)."""
    from importlib.metadata import files

    stem = module.replace(".", "/")
    for owner in sorted(set(owners)):
        try:
            paths = [path.as_posix() for path in files(owner) or ()]
        except Exception:
            paths = []  # its metadata cannot be read
        if any(path.startswith((f"{stem}/__init__.", f"{stem}.")) for path in paths):
            return owner
    return ""
