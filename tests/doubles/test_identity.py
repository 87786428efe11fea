"""What bare mocks stand for, by everything that is said of them."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import Optional, Protocol, cast

    class Base:
        def get(self, key): ...
    class Repo(Base):
        pass
    class Other:
        def get(self, key): ...
    class Getter(Protocol):
        def get(self, key): ...

    def by_optional(repo: Optional[Repo] = None): return repo.get(1)
    def by_protocol(repo: Getter): return repo.get(1)
    def by_list(repos: list[Repo]): return [repo.get(1) for repo in repos]
    def by_values(repos: dict[str, Repo]): return repos["x"].get(1)
    def by_args(*repos: Repo): return repos[0].get(1)
    def by_kwargs(**repos: Repo): return repos["x"].get(1)
    def by_cast(repo):
        real = cast("Repo", repo)
        return real.get(1)
    def by_name(repo):
        real: Repo = repo
        return real.get(1)
    def by_derived(repo: Base): return cast(Repo, repo).get(1)
    def by_both(repo: Other): return cast(Repo, repo).get(1)
    def by_branch(repo):
        if repo.kind:
            return cast(Other, repo).get(1)
        return cast(Repo, repo).get(1)
    def by_question(repo: Repo):
        return repo.get(1) if isinstance(repo, Repo) else repo.get(1, 2)
    def by_nothing(repo): return repo.get(1)

    @dataclass(slots=True)
    class Slotted:
        repo: Repo
        def run(self): return self.repo.get(1)
    class Property:
        def __init__(self, repo): self._repo = repo
        @property
        def repo(self) -> Repo: return self._repo
        def run(self): return self.repo.get(1)
    class Default:
        repo = Repo()
        def run(self): return self.repo.get(1)
    class Making:
        def __init__(self): self.repo = Repo()
        def run(self): return self.repo.get(1)
    class MakingOne:
        def __init__(self, other): self.repo = Repo() if not other else Other()
        def run(self): return self.repo.get(1)
    class Replacing:
        def __init__(self): self.repo = Repo()
        def connect(self): self.repo = Other()
        def run(self): return self.repo.get(1)
"""

BOUND = {
    "shop.by_optional(Mock())": "Repo",
    "shop.by_protocol(Mock())": "Getter",
    "shop.by_list([Mock()])": "Repo",
    "shop.by_values({'x': Mock()})": "Repo",
    "shop.by_args(Mock())": "Repo",
    "shop.by_kwargs(x=Mock())": "Repo",
    "shop.by_cast(Mock())": "Repo",
    "shop.by_name(Mock())": "Repo",
    "shop.by_derived(Mock())": "Repo",
    "shop.Slotted(Mock()).run()": "Repo",
    "shop.Property(Mock()).run()": "Repo",
    "one = shop.Default()\n    one.repo = Mock()\n    one.run()": "Repo",
    "one = shop.Making()\n    one.repo = Mock()\n    one.run()": "Repo",
    "repo: shop.Repo = Mock()\n    shop.by_nothing(repo)": "Repo",
    "shop.by_nothing(cast(shop.Repo, Mock()))": "",  # a part of another expression
    "repo = cast('shop.Repo', Mock())\n    shop.by_optional(repo)": "Repo",
    "repo: shop.Base = Mock()\n    shop.by_optional(repo)": "Repo",
    "repo: shop.Other = Mock()\n    shop.by_optional(repo)": "",
    "repo: Mock = Mock()\n    shop.by_nothing(repo)": "",
    "shop.by_both(Mock())": "",
    "shop.by_branch(Mock())": "",
    "shop.by_question(Mock())": "",
    "shop.by_nothing(Mock())": "",
    "one = shop.MakingOne(1)\n    one.repo = Mock()\n    one.run()": "",
    "one = shop.Replacing()\n    one.repo = Mock()\n    one.run()": "",
}


@pytest.mark.parametrize("code", BOUND)
def test_a_bare_mock_stands_for_what_everybody_says(hear: Any, code: str) -> None:
    """Annotations, casts, defaults and the test itself say it, with the reason; contradictory words say nothing."""
    heard = hear(
        SHOP, f"from typing import cast\nfrom unittest.mock import Mock\nimport shop\n\ndef test():\n    {code}\n"
    )
    assert heard.failure == ""
    claims = [claim for claim in heard.claims if claim.path == ("()", ".get")]
    assert [claim.root for claim in claims] == ([f"shop:{BOUND[code]}"] if BOUND[code] else [])
    assert all(claim.inferred for claim in claims)
    assert len(heard.unbound) == (not BOUND[code])


def test_an_unbound_mock_remembers_where_it_was_received(hear: Any) -> None:
    """The parameter, also the one of a constructor that an attribute keeps, and what the mock claims there."""
    shop = """
        class Service:
            def __init__(self, repo): self._repo = repo
            def run(self): return self._repo.get(2)
        def greet(repo): return repo.get(1)
    """
    heard = hear(
        shop,
        """
        from unittest.mock import Mock
        import shop
        def test():
            shop.greet(Mock())
            shop.Service(Mock()).run()
        """,
    )
    assert [double.received for double in heard.unbound] == [(("shop:greet", "repo"),), (("shop:Service", "repo"),)]
    assert [claim.path for double in heard.unbound for claim in double.claims] == [(".get",), (".get",)]
