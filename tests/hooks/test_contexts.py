"""Runs that are judged by contexts: whose the failures are, what broke them, which step is next."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate import session, workflow
from pytest_integration_gate.controller import contexts
from pytest_integration_gate.evidence.outcomes import RunOutcomes, keep_outcomes
from pytest_integration_gate.hooks import failures
from pytest_integration_gate.model.change import TreeState

LOADED = (contexts, failures, session)  # by this module, so that runs in this process need not load them again

GATE = """
project: shop
contexts:
  orders:
    modules: [shop.orders]
    uses: [shop.kernel]
    tests: [tests/orders]
    components:
      core: {modules: [shop.orders], owner: team-orders, session: orders-41}
  billing:
    modules: [shop.billing]
    tests: [tests/billing]
    components:
      core: {modules: [shop.billing], owner: team-billing}
"""
FILES = {
    "gate.yaml": GATE,
    ".gitignore": "__pycache__\nstdout\nstderr\n",
    "shop/__init__.py": "",
    "shop/kernel.py": "RATE = 2\n\n\ndef total(n):\n    return n * RATE\n",
    "shop/orders.py": "from shop import kernel\n\n\ndef place(n):\n    return kernel.total(n)\n",
    "shop/billing.py": "from shop.kernel import total\n\n\ndef invoice(n):\n    return total(n) + 1\n",
    "tests/orders/test_orders.py": (
        "import pytest\nfrom shop.orders import place\n\n\ndef test_unit():\n    assert place(0) == 0\n\n\n"
        "@pytest.mark.boundary('database')\ndef test_place():\n    assert place(1) > 0\n"
    ),
    "tests/billing/test_billing.py": (
        "from shop.billing import invoice\n\n\ndef test_invoice():\n    assert invoice(1) == 3\n\n\n"
        "def test_small():\n    assert invoice(0) == 1\n"
    ),
}
OLD = "\n\ndef test_old():\n    assert repr(object()) == ''\n"
INVOICE = "tests/billing/test_billing.py::test_invoice"


class Shop:
    """Two contexts above a kernel, in a git repository of one commit."""

    def __init__(self, project: Any) -> None:
        self.project = project
        self.root: Path = project.root
        shutil.rmtree(self.root / "tests")
        (self.root / "shop.py").unlink()
        for name, text in FILES.items():
            project.write(name, text)
        self.git("init", "-q")
        self.commit()

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "a commit")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def append(self, name: str, text: str) -> None:
        path = self.root / name
        path.write_text(path.read_text() + text)

    def run(self, *options: str, context: str = "orders") -> pytest.RunResult:
        chosen = [f"--gate-context={context}"] if context else []
        run = self.project.run if "xdist" in options else self.project.pytester.runpytest_inprocess
        plugins = () if "xdist" in options else ("-p", "pytest_integration_gate.plugin", "--integration-gate")
        result: pytest.RunResult = run(*plugins, *chosen, *options)
        return result

    @property
    def report(self) -> dict[str, Any]:
        data: dict[str, Any] = self.project.report
        return data

    @property
    def categories(self) -> dict[str, str]:
        return {test["nodeid"].rpartition("::")[2]: test["category"] for test in self.report["failed_tests"]}

    @property
    def step(self) -> tuple[str, str, str | None]:
        taken = self.report["workflow"]
        return taken["step"], taken["result"], taken["next"]


@pytest.fixture
def shop(project: Any) -> Shop:
    """Two contexts above a kernel, on which no run is recorded."""
    return Shop(project)


def test_a_change_that_breaks_the_tests_of_others(shop: Shop) -> None:
    """The gate names the changed module with the chain to it, fails the run and says with whom the work goes on."""
    assert shop.run().ret == pytest.ExitCode.OK
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    shop.append("shop/orders.py", "\n\ndef new():\n    return 1\n")
    result = shop.run("--gate-base=HEAD", "--gate-brief=brief.md")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = shop.report
    assert report["contexts"]["out_of_context"] == [
        {
            "nodeid": INVOICE,
            "before": "passed",
            "culprit": "shop.kernel",
            "certain": True,
            "chain": ["tests/billing/test_billing.py", "shop.billing", "shop.kernel"],
            "architectural": True,
        }
    ]
    assert report["gate"]["status"] == "FAILED"
    assert report["gate"]["reasons"] == ["1 out-of-context failure", "1 failed test"]
    (test,) = report["failed_tests"]
    assert (test["category"], test["before"]) == ("out_of_context", "passed")
    (continuation,) = report["contexts"]["continuations"]
    assert (continuation["context"], continuation["owner"], continuation["failures"]) == (
        "billing",
        "team-billing",
        [INVOICE],
    )
    assert shop.step == ("run_test_suite", "failed", "fix_test_failures")
    result.stdout.fnmatch_lines(
        [
            "*shop.kernel (out of context, architectural)*",
            "The change of shop.kernel broke 1 test outside of orders.",
            f"  broken      {INVOICE}",
            "  chain       tests/billing/test_billing.py -> shop.billing -> shop.kernel",
            "context orders, compared with HEAD (*): 1 out of context",
            "workflow of orders: run_test_suite failed, next is fix_test_failures",
        ]
    )
    brief = (shop.root / "brief.md").read_text()
    assert "### Next step: fix_test_failures" in brief
    assert f"`{INVOICE}` (out_of_context): assert 4 == 3 - broken by `shop.kernel`" in brief
    schema = files("pytest_integration_gate.reports").joinpath("schemas/report.schema.json").read_text()
    jsonschema.validate(report, json.loads(schema))


def test_the_same_under_xdist(shop: Shop) -> None:
    """Report and stored state are those of a plain run."""
    shop.append("tests/billing/test_billing.py", "\n\ndef test_old():\n    assert 1 == 2\n")
    shop.commit()
    shop.run("--gate-base=HEAD")
    shutil.copytree(shop.root / ".integration_gate", shop.root / "before")
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    seen = []
    for options in ((), ("-p", "xdist", "-n2"), ("-p", "xdist", "-n2", "--dist", "loadfile")):
        shop.run("--gate-base=HEAD", *options)
        report = shop.report
        names = ("summary", "gate", "failed_tests", "contexts", "workflow", "warnings")
        parts = {name: report[name] for name in names}
        seen.append((parts, workflow.load(shop.root, "orders")))
        shutil.rmtree(shop.root / ".integration_gate")
        shutil.copytree(shop.root / "before", shop.root / ".integration_gate")
    assert seen[0] == seen[1] == seen[2]
    assert shop.categories == {"test_invoice": "out_of_context", "test_old": "pre_existing"}


def test_what_failed_before_in_the_same_way(shop: Shop) -> None:
    """It is pre-existing, although its message holds an address; it still fails the run, which says that it is old."""
    shop.append("tests/billing/test_billing.py", OLD)
    shop.run()
    assert shop.categories == {"test_old": "out_of_context"}
    assert shop.report["failed_tests"][0]["before"] == "unknown"
    assert shop.run().ret == pytest.ExitCode.TESTS_FAILED
    assert shop.categories == {"test_old": "out_of_context"}, "a run of the same tree is not its own base"
    shop.append("shop/orders.py", "\n\ndef new():\n    return 1\n")
    assert shop.run().ret == pytest.ExitCode.TESTS_FAILED
    assert shop.categories == {"test_old": "pre_existing"}
    assert shop.report["gate"]["reasons"] == ["1 failed test", "nothing new failed"]
    shop.edit("tests/billing/test_billing.py", "== ''", "== 1")
    shop.run()
    assert shop.categories == {"test_old": "out_of_context"}
    assert shop.report["contexts"]["out_of_context"][0]["before"] == "failed"


@pytest.mark.parametrize(
    ("name", "old", "new", "failed", "culprit"),
    [
        ("tests/conftest.py", "yield 1", "raise OSError", {"test_fixture"}, "tests/conftest.py"),
        ("tests/conftest.py", "yield 1", "yield 1\n    raise OSError", {"test_fixture"}, "tests/conftest.py"),
        ("tests/conftest.py", "def base", "def basis", {"test_fixture"}, "tests/conftest.py"),
        ("shop/kernel.py", "def total", "def totals", {"tests/billing/test_billing.py"}, "shop.kernel"),
        ("shop/kernel.py", "RATE = 2", "RATE = (", {"tests/billing/test_billing.py"}, "shop.kernel"),
        ("shop/rates.json", "2", "3", {"test_data"}, "shop/rates.json"),
    ],
    ids=["setup", "teardown", "fixture gone", "collection", "syntax", "data"],
)
def test_failures_of_every_make(shop: Shop, name: str, old: str, new: str, failed: set[str], culprit: str) -> None:
    """Fixtures that raise before or after, files that cannot be collected, data: each is sorted and has a culprit."""
    shop.project.write("tests/conftest.py", "import pytest\n\n@pytest.fixture\ndef base():\n    yield 1\n")
    shop.project.write("shop/rates.json", "2")
    shop.edit(
        "shop/orders.py",
        "from shop import kernel\n\n\ndef place(n):\n    return kernel.total(n)",
        "def place(n):\n    return n",
    )
    shop.append(
        "tests/billing/test_billing.py",
        "\n\ndef test_fixture(base):\n    pass\n\n\ndef test_data():\n    from pathlib import Path\n"
        "    import shop\n    assert (Path(shop.__file__).parent / 'rates.json').read_text() == '2'\n",
    )
    shop.commit()
    assert shop.run().ret == pytest.ExitCode.OK
    shop.edit(name, old, new)
    assert shop.run("--gate-base=HEAD", "--continue-on-collection-errors").ret == pytest.ExitCode.TESTS_FAILED
    assert shop.categories == dict.fromkeys(failed, "out_of_context")
    (entry,) = shop.report["contexts"]["out_of_context"]
    assert (entry["culprit"], entry["before"], entry["certain"]) == (culprit, "passed", True)
    assert entry["architectural"]


def test_a_test_that_somebody_else_has_changed(shop: Shop) -> None:
    """It is its own culprit, and that is no matter of architecture."""
    shop.run()
    shop.edit("tests/billing/test_billing.py", "invoice(1) == 3", "invoice(1) == 4")
    shop.run()
    (entry,) = shop.report["contexts"]["out_of_context"]
    assert (entry["culprit"], entry["architectural"]) == ("tests/billing/test_billing.py", False)


def test_a_worker_that_dies(shop: Shop) -> None:
    """Its test failed, and what broke it is found as for others."""
    shop.run()
    shop.edit("shop/kernel.py", "RATE = 2", "import os\nRATE = 2")
    shop.edit("shop/kernel.py", "return n * RATE", "return n * RATE if n < 7 else os._exit(3)")
    shop.edit("tests/billing/test_billing.py", "invoice(1) == 3", "invoice(8)")
    shop.run("-p", "xdist", "-n2")
    assert shop.categories == {"test_invoice": "out_of_context"}
    assert shop.report["contexts"]["out_of_context"][0]["culprit"] in ("shop.kernel", "tests/billing/test_billing.py")


MEETING = """
import os
import time
from pathlib import Path

import pytest

NAME = os.environ.get("PYTEST_XDIST_WORKER")


def wait(name):
    for _ in range(1000):
        if Path(name).exists():
            return
        time.sleep(0.01)


@pytest.fixture
def meeting():
    if NAME == "gw1":
        wait("failed-once.log")
    yield lambda: Path("called-again.log").touch() if NAME == "gw1" else None
    if NAME == "gw0":
        Path("failed-once.log").touch()
        wait("called-again.log")
"""


def test_a_test_that_every_worker_runs(shop: Shop) -> None:
    """It fails on each of them, and is not flaky because one begins it before the other has ended it."""
    shop.run()
    shop.project.write("tests/billing/conftest.py", MEETING)
    shop.edit("tests/billing/test_billing.py", "invoice():\n    assert", "invoice(meeting):\n    meeting()\n    assert")
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    shop.run("-p", "xdist", "-n2", "--dist=each")
    assert shop.categories == {"test_invoice": "out_of_context"}


def test_nothing_is_certain_about_a_test_that_once_ended_in_both_ways(shop: Shop) -> None:
    """It may have failed again by itself."""
    once = RunOutcomes(state=TreeState(id="once"), tests={INVOICE: "mixed"})
    keep_outcomes(str(shop.root / ".integration_gate"), once)
    shop.run()
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    shop.run()
    (entry,) = shop.report["contexts"]["out_of_context"]
    assert (entry["before"], entry["culprit"], entry["certain"]) == ("passed", "shop.kernel", False)


@pytest.mark.parametrize("what", ["packages", "new data", "ignored data", "a plugin", "an earlier test"])
def test_nothing_is_certain_when_something_else_may_have_done_it(
    shop: Shop, what: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other packages, data that git does not have, a plugin of the project, what an own test leaves behind."""
    packages = tmp_path_factory.mktemp("packages")
    monkeypatch.syspath_prepend(packages)
    (packages / "rates-1.0.dist-info").mkdir()
    shop.append(".gitignore", "local.json\n")
    shop.project.write("testing.py", "UNIT = 1\n")
    shop.project.write("shop/data/a.csv", "1\n")
    shop.project.write("shop/local.json", "1\n")
    shop.append("shop/billing.py", "\n\ndef data(place):\n    return [*place.glob('*.csv'), place / 'local.json']\n")
    shop.commit()
    assert shop.run("-p", "testing").ret == pytest.ExitCode.OK
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    if what == "packages":
        (packages / "rates-1.0.dist-info").rename(packages / "rates-2.0.dist-info")
    elif what == "new data":
        shop.project.write("shop/data/b.csv", "2\n")
    elif what == "ignored data":
        shop.project.write("shop/local.json", "2\n")
    elif what == "a plugin":
        shop.project.write("testing.py", "UNIT = 2\n")
    else:
        shop.append(
            "tests/orders/test_orders.py", "\n\ndef test_new():\n    pytest.UNIT = 1\n    import shop\n    shop.X = 1\n"
        )
    shop.run("-p", "testing", "--gate-base=HEAD")
    (entry,) = [one for one in shop.report["contexts"]["out_of_context"] if one["nodeid"] == INVOICE]
    assert (entry["culprit"], entry["before"], entry["certain"]) == ("shop.kernel", "passed", False)
    others = {"new data": ["shop/data/b.csv"], "ignored data": ["shop/local.json"], "a plugin": ["testing"]}
    assert entry.get("others", []) == others.get(what, [])
    assert shop.report["contexts"]["base"].endswith("recorded with other packages") is (what == "packages")


@pytest.mark.parametrize("path", ["deleted", "renamed"])
def test_a_module_that_is_gone(shop: Shop, path: str) -> None:
    """It is called by its old name."""
    shop.edit(
        "shop/orders.py",
        "from shop import kernel\n\n\ndef place(n):\n    return kernel.total(n)",
        "def place(n):\n    return n",
    )
    shop.commit()
    shop.run()
    shop.git("rm", "-q", "shop/kernel.py") if path == "deleted" else shop.git("mv", "shop/kernel.py", "shop/core.py")
    shop.run("--gate-base=HEAD")
    (entry,) = shop.report["contexts"]["out_of_context"]
    assert (entry["nodeid"], entry["culprit"], entry["certain"]) == (
        "tests/billing/test_billing.py",
        "shop.kernel",
        True,
    )


RERUN = """
import pytest
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for attempt in (1, 2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if attempt == 2 or not any(report.failed for report in reports):
            break
        for report in reports:
            if report.failed:
                report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


@pytest.mark.parametrize(("words", "status"), [("none", 0), ("flaky", 1)])
def test_a_test_that_gave_both_outcomes_is_flaky(shop: Shop, words: str, status: int) -> None:
    """It counts once, as flaky, and fails the run only when that is asked for."""
    shop.project.write("tests/conftest.py", RERUN)
    shop.append(
        "tests/billing/test_billing.py",
        "\n\nseen = []\n\n\ndef test_flaky():\n    seen.append(1)\n    assert len(seen) > 1\n",
    )
    assert shop.run("--gate-fail-on", words).ret == status
    assert shop.categories == {"test_flaky": "flaky"}
    assert shop.report["summary"] == {
        "total_tests": 5,
        "passed": 4,
        "failed": 0,
        "skipped": 0,
        "errors": 0,
        "flaky": 1,
    }


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-p", "pytest_randomly", "-p", "no:cacheprovider", "--randomly-seed=3"),
        ("-p", "xdist", "-n2"),
        ("-p", "xdist", "-n2", "--dist", "loadscope"),
        ("-p", "xdist", "-n2", "--dist", "worksteal"),
    ],
    ids=["plain", "random", "load", "loadscope", "worksteal"],
)
def test_own_integration_tests_come_first(shop: Shop, options: tuple[str, ...]) -> None:
    """When one fails, nothing else runs, on no worker, and the report counts what did not."""
    shop.edit("tests/orders/test_orders.py", "> 0", "> 99")
    result = shop.run(*options)
    result.assert_outcomes(failed=1)
    report = shop.report
    assert (report["summary"]["total_tests"], report["summary"]["not_run"]) == (1, 3)
    assert report["gate"]["reasons"] == ["1 failed test", "3 tests not run"]
    assert shop.categories == {"test_place": "in_context"}
    assert shop.step == ("run_integration_tests", "failed", "fix_integration_test_failures")
    shop.edit("tests/orders/test_orders.py", "> 99", "> 0")
    shop.run(*options).assert_outcomes(passed=4)
    assert "not_run" not in shop.report["summary"]
    assert shop.step == ("finalize", "passed", None)


def test_a_crash_in_the_first_stage_under_xdist(shop: Shop) -> None:
    """The other own integration tests still run; the second stage does not."""
    shop.append(
        "tests/orders/test_orders.py",
        "\n\n@pytest.mark.boundary('database')\ndef test_crash():\n    import os\n    os._exit(3)\n"
        "\n\n@pytest.mark.boundary('database')\ndef test_after():\n    pass\n",
    )
    shop.run("-p", "xdist", "-n2")
    assert shop.report["summary"]["not_run"] == 3
    assert shop.categories == {"test_crash": "in_context"}
    assert shop.report["summary"]["passed"] == 2


def test_fixtures_end_when_the_second_stage_is_left_out(shop: Shop) -> None:
    """What a fixture of the first stage raises at its end belongs to the test that ran last."""
    shop.edit(
        "tests/orders/test_orders.py",
        "def test_place():\n    assert place(1) > 0",
        "def test_place(wide):\n    assert 0",
    )
    shop.edit(
        "tests/orders/test_orders.py",
        "\n\n\ndef test_unit",
        "\n\n\n@pytest.fixture(scope='module')\ndef wide():\n    yield\n    raise OSError\n\n\ndef test_unit",
    )
    shop.run().assert_outcomes(failed=1, errors=1)


def test_a_finished_context(shop: Shop) -> None:
    """It stays finished while its modules stay as they are, in Python too, and opens when one changes."""
    shop.run()
    state = workflow.load(shop.root, "orders")
    assert (state.project, state.step, len(state.commit)) == ("shop", "finalize", 7)
    with pytest.raises(workflow.SessionComplete):
        workflow.next_step(state)
    shop.append("shop/kernel.py", "\n\ndef more():\n    return 1\n")
    shop.run("-k", "small")
    assert shop.step == ("finalize", "passed", None)
    shop.append("shop/orders.py", "\n\ndef more():\n    return 1\n")
    shop.run("-k", "place")
    assert shop.step == ("run_integration_tests", "passed", "run_test_suite")
    shop.run()
    assert shop.step == ("finalize", "passed", None)


def test_unmet_criteria_send_the_work_back(shop: Shop) -> None:
    """Only when the context's own criteria are met is it finished; those of other contexts do not count."""
    stories = "stories:\n  US-1: {title: x, context: orders, criteria: {AC-1: y}}\n"
    shop.append("gate.yaml", stories + "  US-2: {title: x, context: billing, criteria: {AC-1: y}}\n")
    shop.run("--gate-fail-on", "mismatch")
    assert shop.step == ("validate_acceptance_criteria", "failed", "generate_integration_tests")
    proof = "@pytest.mark.story('US-1', criterion='AC-1')\ndef test_unit"
    shop.edit("tests/orders/test_orders.py", "def test_unit", proof)
    shop.run("--gate-fail-on", "mismatch")
    assert shop.step == ("finalize", "passed", None)


def test_the_context_of_the_changed_files(shop: Shop) -> None:
    """`--gate-base` alone says what is worked on; several changed contexts are all active, none is none."""
    shop.append("tests/billing/test_billing.py", OLD)
    shop.commit()
    shop.append("shop/kernel.py", "\n# a comment\n")
    shop.run("--gate-base=HEAD", context="")
    assert shop.report["contexts"]["active"] is None
    assert shop.categories == {"test_old": "unclassified"}
    shop.git("mv", "shop/billing.py", "shop/bills.py")
    shop.edit("tests/billing/test_billing.py", "shop.billing", "shop.bills")
    shop.edit("gate.yaml", "shop.billing", "shop.bills")
    shop.run("--gate-base=HEAD", context="")
    assert shop.report["contexts"]["active"] == "billing"
    assert shop.categories == {"test_old": "pre_existing"}
    shop.append("tests/orders/test_orders.py", "\n\ndef test_more():\n    pass\n")
    shop.run("--gate-base=HEAD", context="")
    assert shop.report["contexts"]["active"] == ["orders", "billing"]
    assert [step["context"] for step in shop.report["workflow"]] == ["orders", "billing"]


@pytest.mark.parametrize(("words", "status"), [("", 1), ("none", 0), ("mismatch", 0)])
def test_a_border_that_is_crossed(shop: Shop, words: str, status: int) -> None:
    """It stands in the report with its line and fails the run unless it is not to."""
    shop.append("shop/billing.py", "\n\nfrom shop.orders import place\n")
    result = shop.run(*(["--gate-fail-on", words] if words else []), context="")
    assert result.ret == status
    assert shop.report["contexts"]["violations"] == [
        {"kind": "domain_border", "importer": "shop.billing", "imported": "shop.orders", "at": "shop/billing.py:8"}
    ]
    assert shop.report["gate"]["reasons"] == ["1 border violation"]
    result.stdout.fnmatch_lines(["shop/billing.py:8: domain_border: shop.billing imports shop.orders"])


@pytest.mark.parametrize(
    ("old", "new", "options", "text"),
    [
        ("modules: [shop.billing]\n", "modules: [shop.orders.x]\n", (), "contexts overlap: `shop.orders.x` of context"),
        ("tests: [tests/billing]", "tests: [tests/orders/sub]", (), "contexts overlap: `tests/orders/sub`"),
        ("    tests: [tests/billing]\n", "", (), "context `billing` has no tests."),
        ("tests: [tests/billing]", "tests: [tests/bills]", (), "context `billing` has no tests at `tests/bills`"),
        (
            "{modules: [shop.orders]",
            "{modules: [shop.orders.rows]",
            (),
            "no module `shop.orders.rows` of component `core`",
        ),
        ("{modules: [shop.orders]", "{modules: [shop.kernel]", (), "`shop.kernel` is no module of context `orders`"),
        (
            "      core: {modules: [shop.orders]",
            "      one: {modules: [shop.orders]}\n      core: {modules: [shop.orders]",
            (),
            "components `one` and `core` both have `shop.orders`",
        ),
        ("uses: [shop.kernel]", "uses: [shop.kernl]", (), "no module `shop.kernl` to use. Did you mean `shop.kernel`?"),
        (
            "tests: [tests/billing]",
            "tests: [tests/billing]\n    public: shop.billing.api",
            (),
            "no module `shop.billing.api` to be public",
        ),
        (
            "modules: [shop.billing]\n",
            "modules: [shop.billing]\n    x: 1\n",
            (),
            "`x` is not a key of",
        ),
        ("project", "project", ("--gate-context=order",), "no context `order`. Did you mean `orders`?"),
        ("project", "project", ("--gate-base=nowhere",), "--gate-base: git knows no revision `nowhere`"),
        ("project", "project", ("--gate-base=-x",), "--gate-base: '-x' is no revision"),
    ],
)
def test_what_cannot_be_meant(shop: Shop, old: str, new: str, options: tuple[str, ...], text: str) -> None:
    """A usage error with what is written, before a test has run."""
    shop.edit("gate.yaml", old, new)
    result = shop.run(*options, context="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text in result.stderr.str()


def test_without_git(shop: Shop) -> None:
    """One warning; what changed is known from the recorded runs."""
    shutil.rmtree(shop.root / ".git")
    shop.run("--gate-base=main")
    shop.edit("shop/kernel.py", "RATE = 2", "RATE = 3")
    shop.run("--gate-base=main")
    assert [warning for warning in shop.report["warnings"] if "no git repository" in warning]
    (entry,) = shop.report["contexts"]["out_of_context"]
    assert (entry["culprit"], entry["certain"]) == ("shop.kernel", True)


def test_a_shallow_clone(shop: Shop) -> None:
    """A base that is there is used with a warning; one that was cut off is a usage error that says why."""
    shop.append("shop/kernel.py", "\n\ndef more():\n    return 1\n")
    shop.commit()
    origin = shop.root / "origin"
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{shop.root}", str(origin)], check=True, capture_output=True
    )
    shutil.rmtree(shop.root / ".git")
    shutil.move(origin / ".git", shop.root / ".git")
    shutil.rmtree(origin)
    shop.run("--gate-base=HEAD")
    assert [warning for warning in shop.report["warnings"] if "shallow clone" in warning]
    result = shop.run("--gate-base=HEAD~1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "shallow clone" in result.stderr.str()


def test_without_contexts_nothing_of_this_is_imported(project: Any) -> None:
    """Neither the judging nor what reads git, imports and outcomes, and nothing is written."""
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_unconfigure():\n    print('MODULES', *sorted(sys.modules))\n",
    )
    loaded = project.run("-s").stdout.str().partition("MODULES")[2].split()
    parts = (
        "checkout",
        "judging.contexts",
        "judging.culprit",
        "judging.workflow",
        "evidence.outcomes",
        "controller.contexts",
    )
    rooms = [f"pytest_integration_gate.{part}" for part in (*parts, "hooks.stages", "hooks.failures", "source.imports")]
    assert "pytest_integration_gate.judging.gate" in loaded
    assert not [name for name in loaded if name.startswith(tuple(rooms))]
    assert not (project.root / ".integration_gate/outcomes.jsonl").exists()


@pytest.mark.parametrize("name", ["conftest.py", "__init__.py", "data.json"])
def test_a_folder_in_which_no_test_can_be(shop: Shop, name: str) -> None:
    """A context whose folder has but a conftest has no tests."""
    shop.project.write(f"tests/empty/{name}", "")
    shop.edit("gate.yaml", "tests: [tests/billing]", "tests: [tests/empty]")
    result = shop.run(context="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "context `billing` has no tests at `tests/empty`" in result.stderr.str()


def test_contexts_that_do_not_overlap(shop: Shop) -> None:
    """A file beside a folder of its name belongs to another context; what is used may be no module of the project."""
    shop.project.write("tests/orders.py", "def test_x(): pass\n")
    shop.edit("gate.yaml", "tests: [tests/billing]", "tests: [tests/orders.py]\n    uses: [requests]")
    assert shop.run().ret == pytest.ExitCode.OK
