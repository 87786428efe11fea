"""Walking a claim's path over a table of facts."""

from __future__ import annotations

from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.shape import NONE, Object, Union
from pytest_integration_gate.verdicts.resolution import Resolution, resolve


def thing(cls: str, *members: str, complete: bool = True, bases: tuple[str, ...] = ()) -> Object:
    return Object(cls=cls, members=members, complete=complete, bases=bases)


def table(*facts: Fact) -> dict[str, Fact]:
    return {fact.target: fact for fact in facts}


REPO = Fact(
    target="shop:Repo", kind="class", returns=thing("shop:Repo", "get", "log"), supports=("__enter__", "__exit__")
)
GET = Fact(target="shop:Repo.get", kind="method", returns=Union((NONE, thing("shop:User"))))
USER = Fact(target="shop:User", kind="class", returns=thing("shop:User", "name"), supports=())
FACTS = table(REPO, GET, USER)


def walk(
    root: str, *path: str, facts: dict[str, Fact] = FACTS, seen: dict[str, tuple[str, ...]] | None = None
) -> Resolution:
    return resolve(root, path, facts, lambda target: (seen or {}).get(target, ()))


def test_members_have_the_class_in_their_target() -> None:
    """A method through an instance, and what hangs on its optional result, are named by class."""
    assert walk("shop:Repo", "()", ".get").target == "shop:Repo.get"
    assert walk("shop:Repo", "()", ".get").instance
    assert not walk("shop:Repo", ".get").instance
    assert walk("shop:Repo", "()", ".get", "()", ".name").target == "shop:User.name"


def test_missing_member_is_proven_by_a_complete_class() -> None:
    """A name that a complete class lacks is missing; private names and incomplete classes prove nothing."""
    found = walk("shop:Repo", "()", ".gett")
    assert found.missing is not None
    assert found.missing.near == ("get",)
    assert walk("shop:Repo", "()", "._gett").missing is None
    open_class = Fact(target="shop:Open", kind="class", returns=thing("shop:Open", complete=False))
    assert walk("shop:Open", "()", ".gett", facts=table(open_class)).missing is None


def test_missing_step_in_the_middle_ends_the_walk() -> None:
    """The target is the step that is missing, not what was asked of it."""
    assert walk("shop:Repo", "()", ".gett", "()", ".x").target == "shop:Repo.gett"


def test_protocol_is_judged_on_what_gave_the_object() -> None:
    """A special method that a result lacks belongs to the callable; supported ones are members."""
    lacking = walk("shop:Repo", "()", ".get", "()", ".__enter__")
    assert lacking.target == "shop:Repo.get"
    assert lacking.missing is not None
    assert walk("shop:Repo", "()", ".__enter__").missing is None
    assert walk("shop:Repo", "()", ".__len__").target == "shop:Repo"


def test_unknown_chains_stay_chains() -> None:
    """Without facts the path itself is the target, its last call left out."""
    assert (
        walk("sqlite3:connect", "()", ".cursor", "()", ".fetchone", facts={}).target
        == "sqlite3:connect().cursor().fetchone"
    )


def test_observed_classes_continue_the_walk() -> None:
    """One observed class speaks where no annotation does; two, or one without facts, do not."""
    connect = Fact(target="sqlite3:connect", kind="function")
    connection = Fact(target="sqlite3:Connection", kind="class", returns=thing("sqlite3:Connection", "cursor"))
    facts = table(connect, connection)
    one, two = ("sqlite3:Connection",), ("sqlite3:Connection", "shop:Pool")
    path = ("()", ".cursor")
    assert (
        walk("sqlite3:connect", *path, facts=facts, seen={"sqlite3:connect": one}).target == "sqlite3:Connection.cursor"
    )
    assert (
        walk("sqlite3:connect", *path, facts=facts, seen={"sqlite3:connect": two}).target == "sqlite3:connect().cursor"
    )
    assert walk("sqlite3:connect", *path, facts=table(connect), seen={"sqlite3:connect": one}).missing is None


def test_observed_subclass_narrows_an_annotation() -> None:
    """The observed class is believed when it descends from the annotated one, else the annotation stands."""
    admin = Fact(target="shop:Admin", kind="class", returns=thing("shop:Admin", "name", "rights", bases=("shop:User",)))
    other = Fact(target="shop:Row", kind="class", returns=thing("shop:Row"))
    facts = FACTS | table(admin, other)
    path = ("()", ".get", "()", ".rights")
    assert walk("shop:Repo", *path, facts=facts, seen={"shop:Repo.get": ("shop:Admin",)}).target == "shop:Admin.rights"
    assert walk("shop:Repo", *path, facts=facts, seen={"shop:Repo.get": ("shop:Row",)}).missing is not None


def test_reexports_lead_home() -> None:
    """A function found in another module than its own has its own address."""
    facts = table(
        Fact(target="requests", kind="module"),
        Fact(target="requests:get", kind="function", defined="requests.api:get"),
        Fact(target="requests.api:get", kind="function"),
    )
    assert walk("requests", ".get", facts=facts).target == "requests.api:get"


def test_generators_support_what_generators_do() -> None:
    """The result of a generator function iterates and has no length."""
    facts = table(Fact(target="shop:rows", kind="function", generator=True, asynchronous=False))
    assert walk("shop:rows", "()", ".__next__", facts=facts).missing is None
    assert walk("shop:rows", "()", ".__len__", facts=facts).missing is not None
    assert walk("shop:rows", "()", ".__aiter__", facts=facts).target == "shop:rows"


def test_instances_at_module_level() -> None:
    """A module-level object continues with its class."""
    facts = FACTS | table(Fact(target="app:repo", kind="attribute", returns=thing("shop:Repo", "get")))
    assert walk("app:repo", ".get", facts=facts).target == "shop:Repo.get"
    assert walk("app:repo", ".gett", facts=facts).missing is not None
