"""Which requests are requests of one kind: method, path template and origin (SPEC section 7, rules 16 and 17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pytest_integration_gate.model.exchange import Request, Segment
from pytest_integration_gate.model.interaction import Site

_Slot = tuple[tuple[str, str, str], str, int, int]  # site, method, length of the path, index in it


class Routes:
    """Knows which segments of a path one call site fills with different words.

    `origins` maps the origin of stubs (with a path, if there is one) to where the real service answers in tests.
    """

    def __init__(self, sent: Iterable[tuple[Request, Site | None]], origins: Mapping[str, str]) -> None:
        self._origins = sorted(origins.items(), key=lambda item: -len(item[0]))
        self._words: dict[_Slot, set[str]] = defaultdict(set)
        for request, site in sent:
            if site is not None:
                for index, segment in enumerate(request.path):
                    self._words[site.key, request.method, len(request.path), index].add(segment.text)

    def target(self, request: Request, site: Site | None) -> str:
        """Write a request as a target, with ``{}`` for what changes from request to request."""
        path = "/".join(
            "{}" if self._is_filled_in(request, index, site) else segment.text
            for index, segment in enumerate(request.path)
        )
        return f"{request.method} {request.origin}/{path}"

    def is_mapped(self, claimed: Request, seen: Request) -> bool:
        """Whether the configuration, or the same origin, says that both go to one service; and the paths agree."""
        if claimed.origin == seen.origin:
            return agree(claimed.path, seen.path, is_same_site=False)
        for stub, real in self._origins:
            rest = _below(stub, claimed)
            found = _below(real, seen)
            if rest is not None and found is not None:
                return agree(rest, found, is_same_site=False)
        return False

    def is_taken(self, seen: Request) -> bool:
        """Whether the configuration says whose service a request went to."""
        return any(_below(real, seen) is not None for _, real in self._origins)

    def _is_filled_in(self, request: Request, index: int, site: Site | None) -> bool:
        segment = request.path[index]
        if segment.is_id or segment.is_spelled or site is None:
            return segment.is_id
        return len(self._words[site.key, request.method, len(request.path), index]) > 1


def agree(claimed: Sequence[Segment], seen: Sequence[Segment], *, is_same_site: bool) -> bool:
    """Whether two paths are of one template.

    What one call site fills in may differ. One call site may also put different bases in front: then the shorter path
    has to be the end of the longer one.
    """
    if is_same_site and len(claimed) != len(seen):
        size = min(len(claimed), len(seen))
        if not size:
            return False
        claimed, seen = claimed[len(claimed) - size :], seen[len(seen) - size :]
    return len(claimed) == len(seen) and all(
        one.text == other.text
        or (one.is_id and other.is_id)
        or (one.is_any and not other.is_spelled)
        or (is_same_site and _are_filled_in(one, other))
        for one, other in zip(claimed, seen, strict=True)
    )


def is_local(origin: str) -> bool:
    """Whether an origin is a server on this machine."""
    host = origin.partition("://")[2]
    return host.startswith("[::1]") or host.partition(":")[0] in ("127.0.0.1", "localhost", "0.0.0.0")  # noqa: S104


def is_telling(path: Sequence[Segment]) -> bool:
    """Whether a path says more than that something is asked for: it has a word that the source spells."""
    return any(segment.is_spelled for segment in path)


def _are_filled_in(one: Segment, other: Segment) -> bool:
    return not one.is_spelled and not other.is_spelled


def _below(base: str, request: Request) -> tuple[Segment, ...] | None:
    """Return the rest of a path below a base URL, None when the request does not go there."""
    scheme, _, rest = base.rstrip("/").partition("://")
    host, *folders = rest.split("/")
    if request.origin != f"{scheme}://{host}" or [one.text for one in request.path[: len(folders)]] != folders:
        return None
    return request.path[len(folders) :]
