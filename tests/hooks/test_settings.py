"""Settings: options over ini values over gate.yaml, and one clear error for everything that is wrong."""

from __future__ import annotations

import unittest.mock
from pathlib import Path

import pytest

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.configuration.settings import (
    BoundarySettings,
    Settings,
    check_report,
    check_selected,
    known_boundaries,
)
from pytest_integration_gate.errors import SettingsError


class Project:
    """A folder with an ini file, whose settings are read as a run would read them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root = pytester.path

    def write(self, ini: str = "", gate: str | None = None) -> None:
        (self.root / "pytest.ini").write_text("[pytest]\n" + ini)
        if gate is not None:
            (self.root / "gate.yaml").write_text(gate)

    def read(self, *options: str) -> Settings:
        config = self.pytester.parseconfig("-p", "pytest_integration_gate.plugin", *options)
        return read_settings(config)

    def error(self, *options: str) -> str:
        with pytest.raises(SettingsError) as caught:
            self.read(*options)
        return str(caught.value)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    project = Project(pytester)
    project.write()
    return project


def test_defaults(project: Project) -> None:
    """Without any setting the gate fails on mismatches and keeps its files in the root directory."""
    assert project.read() == Settings(
        root=project.root,
        project=project.root.name,
        report=project.root / "integration-gate.report.yaml",
        store=project.root / ".integration_gate",
    )


def test_ini_values(project: Project) -> None:
    """Every ini name is read; paths are relative to the root directory."""
    project.write(
        "gate_report = out/report.yaml\ngate_store = out/store\ngate_fail_on = mismatch suspect\n"
        "gate_redact =\n    iban\n    tax.?id\n"
        "gate_boundaries =\n    database: shop.repository sqlite3\n    payments: shop.payments, https://api.payments.example\n"
    )
    settings = project.read()
    assert settings.report == project.root / "out/report.yaml"
    assert settings.store == project.root / "out/store"
    assert settings.fail_on == {"mismatch", "suspect"}
    assert settings.fail_on_is_explicit
    assert settings.redact == ("iban", "tax.?id")
    assert settings.boundaries == (
        BoundarySettings(name="database", collaborators=("shop.repository", "sqlite3")),
        BoundarySettings(name="payments", collaborators=("shop.payments", "https://api.payments.example")),
    )


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest 9 reads [tool.pytest]")
def test_native_toml(project: Project) -> None:
    """In pytest 9's `[tool.pytest]` lists are lists and flags are flags."""
    (project.root / "pytest.ini").unlink()
    (project.root / "pyproject.toml").write_text(
        "[tool.pytest]\nintegration_gate = true\ngate_fail_on = ['mismatch', 'suspect']\n"
        "gate_boundaries = ['database: sqlite3']\ngate_report = 'r.yaml'\n"
    )
    settings = project.read()
    assert settings.fail_on == {"mismatch", "suspect"}
    assert settings.boundaries == (BoundarySettings(name="database", collaborators=("sqlite3",)),)
    assert settings.report == project.root / "r.yaml"


def test_toml_with_ini_values(project: Project) -> None:
    """`[tool.pytest.ini_options]` takes text as well as lists."""
    (project.root / "pytest.ini").unlink()
    (project.root / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\ngate_fail_on = 'mismatch suspect'\ngate_boundaries = ['database: sqlite3']\n"
    )
    settings = project.read()
    assert settings.fail_on == {"mismatch", "suspect"}
    assert settings.boundaries == (BoundarySettings(name="database", collaborators=("sqlite3",)),)


def test_options_come_before_ini_values(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option wins, and its paths are relative to where pytest was started."""
    project.write("gate_report = a.yaml\ngate_store = a\ngate_fail_on = suspect\n")
    (project.root / "sub").mkdir()
    monkeypatch.chdir(project.root / "sub")
    settings = project.read(
        "--gate-report=b.yaml",
        "--gate-store=b",
        "--gate-fail-on=none",
        "--boundary=http",
        "--boundary=http",
        "--boundary=x",
    )
    assert settings.root == project.root
    assert settings.report == project.root / "sub/b.yaml"
    assert settings.store == project.root / "sub/b"
    assert settings.fail_on == frozenset()
    assert settings.fail_on_is_explicit
    assert settings.selected == ("http", "x")


def test_gate_yaml(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """gate.yaml in the root directory is read unasked; the ini file adds collaborators to its boundaries."""
    monkeypatch.setenv("STOCK_URL", "http://127.0.0.1:9")
    project.write(
        "gate_boundaries =\n    payments: shop.money\n    database: sqlite3\n",
        """
        format: 1
        project: shop
        boundaries:
          payments:
            collaborators: [shop.payments, "stripe:Client"]
            urls:
              https://api.payments.example: ${PAYMENTS_URL:-http://127.0.0.1:8001}
              https://stock.example: ${STOCK_URL}/v1
            openapi: docs/payments.yaml
            compare: value
        """,
    )
    settings = project.read()
    assert settings.project == "shop"
    assert settings.boundaries == (
        BoundarySettings(
            name="payments",
            collaborators=("shop.payments", "stripe:Client", "shop.money"),
            urls={
                "https://api.payments.example": "http://127.0.0.1:8001",
                "https://stock.example": "http://127.0.0.1:9/v1",
            },
            openapi=project.root / "docs/payments.yaml",
            compare="value",
        ),
        BoundarySettings(name="database", collaborators=("sqlite3",)),
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000.0), ("12 h", 43_200.0), ("2w", 1_209_600.0), ("0.5d", 43_200.0), ("", None)]
)
def test_the_age_of_evidence(project: Project, text: str, seconds: float | None) -> None:
    """Hours, days or weeks; nothing written is no limit."""
    project.write(f"gate_evidence_max_age = {text}")
    assert project.read().evidence_max_age == seconds


@pytest.mark.parametrize("text", ["30", "0d", "soon", "-1d", "30s"])
def test_an_age_that_is_none_is_told(project: Project, text: str) -> None:
    """One error says what may be written."""
    project.write(f"gate_evidence_max_age = {text}")
    wanted = f"gate_evidence_max_age in pytest.ini: `{text}` is no age. Write hours, days or weeks: `12h`, `30d`, `2w`."
    assert wanted in project.error()


def test_everything_that_is_wrong_is_said_at_once(project: Project) -> None:
    """Mistakes in gate.yaml, ini file and options are one error, each with its place and what is allowed or meant."""
    project.write(
        "gate_boundaries =\n    sqlite3\n    pay,ments: shop/payments\ngate_redact = (\n",
        "format: 1\nprojekt: shop\nboundaries:\n  payments:\n    compare: shapes\n    collaborators: shop.payments\n"
        "    url: {}\n    urls: {pay: '${NOT_SET}'}\n  3: {}\n",
    )
    later = "account, boundaries, checkpoints, contexts, fakes, format, plan, project, requirements, stories, waivers"
    words = "acceptance, border, checkpoint, flaky, mismatch, none, out_of_context, plan, stale, suspect, unverified"
    payments = "`boundaries.payments"
    assert project.error("--gate-fail-on=mismach,none").splitlines() == [
        "13 settings are wrong:",
        f"gate.yaml:2:1: `projekt` is not a key. Did you mean `project`? Known: {later}.",
        f"gate.yaml:5:14: {payments}.compare` must be `shape` or `value`, not `shapes`.",
        f"gate.yaml:6:20: {payments}.collaborators` must be a list, like `[a, b]`, not `shop.payments`.",
        f"gate.yaml:7:5: `url` is not a key of {payments}`. Did you mean `urls`? "
        + "Known: allow_methods, collaborators, compare, headers, openapi, replay, timeout, urls.",
        f"gate.yaml:8:12: {payments}.urls.pay`: `pay` is no origin. Write it like `https://api.example.com`.",
        f"gate.yaml:8:17: {payments}.urls.pay`: the environment lacks `NOT_SET`. "
        + "Set it, or write a default: `${NOT_SET:-…}`.",
        "gate.yaml:9:3: `boundaries.3` must be text, not `3`.",
        f"--gate-fail-on: `mismach` is nothing that can fail a run. Did you mean `mismatch`? Known: {words}.",
        "--gate-fail-on: `none` stands alone. Take it out, or the other words.",
        "gate_boundaries in pytest.ini: `sqlite3` lacks a colon. Write `name: collaborator collaborator`.",
        "gate_boundaries in pytest.ini: `pay,ments` cannot name a boundary. Write one word without `:` and `,`.",
        "gate_boundaries in pytest.ini: `shop/payments` names no collaborator. "
        + "Write `package.module`, `package.module:Name` or `https://host`.",
        "gate_redact in pytest.ini: `(` is no regular expression: missing ), unterminated subpattern at position 0. "
        + "Escape what is meant literally. [settings]",
    ]


@pytest.mark.parametrize(
    ("gate", "part"),
    [
        ("format: 2\nnew_things: {}\n", "gate.yaml:1:9: the file has format 2; this version reads format 1. Upgrade"),
        ("format: '1'\n", "`format` must be `1`"),
        ("format: true\n", "`format` must be `1`, not `true`"),
        ("[a]\n", "gate.yaml:1:1: `the file` must be a mapping"),
        ("a: [\n", "not valid YAML"),
        ("boundaries: [http]\n", "`boundaries` must be a mapping"),
        ("boundaries: {http: }\n", "`boundaries.http` must be a mapping, like `key: value`, not empty"),
    ],
)
def test_a_bad_gate_yaml(project: Project, gate: str, part: str) -> None:
    """One mistake is one sentence that begins with its place."""
    project.write(gate=gate)
    assert part in project.error()


@pytest.mark.parametrize("gate", ["", "# nothing yet\n", "format: 1\n", "boundaries: {http: {}}\n"])
def test_a_gate_yaml_may_say_little(project: Project, gate: str) -> None:
    """Every key may be left out."""
    project.write(gate=gate)
    assert project.read().notes == ()


def test_a_named_gate_yaml_must_be_there(project: Project) -> None:
    """A file that somebody names and that is missing is a mistake; one that nobody names is not."""
    assert "--gate-config: there is no file" in project.error("--gate-config=conf/gate.yaml")
    project.write("gate_config = conf/gate.yaml")
    assert "gate_config in pytest.ini: there is no file" in project.error()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("nonsense", "--gate-fail-on: `nonsense` is nothing that can fail a run. Known: acceptance, "),
        ("", "--gate-fail-on: empty. Write `none`"),
        (" , ", "--gate-fail-on: empty"),
        ("Mismatch", "Did you mean `mismatch`?"),
    ],
)
def test_words_that_fail_nothing(project: Project, words: str, part: str) -> None:
    """A word that cannot fail a run is refused with those that can."""
    assert part in project.error(f"--gate-fail-on={words}")


def test_an_empty_path_is_no_path(project: Project) -> None:
    """`--gate-report=` is refused instead of meaning the current folder."""
    assert "--gate-report: '' is no path" in project.error("--gate-report=")


def test_boundaries_that_exist(project: Project) -> None:
    """`--boundary` takes default, configured and marked boundaries; others are refused with the nearest."""
    project.write("gate_boundaries = payments: shop.payments\n")
    settings = project.read("--boundary=database", "--boundary=payments", "--boundary=stock")
    assert known_boundaries(settings) >= {"cloud", "database", "filesystem", "http", "messaging", "process", "payments"}
    check_selected(settings, {"stock"})
    with pytest.raises(SettingsError) as caught:
        check_selected(settings, {"stocks"})
    assert str(caught.value) == (
        "--boundary: there is no boundary `stock`. Did you mean `stocks`? "
        "Known: cloud, database, filesystem, http, messaging, payments, process, stocks. [settings]"
    )


def test_a_report_folder_is_made_inside_the_root_only(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A missing folder below the root directory is made; a missing one elsewhere is refused."""
    check_report(project.read("--gate-report=out/deep/report.yaml"))
    assert (project.root / "out/deep").is_dir()
    assert list((project.root / "out/deep").iterdir()) == []
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "missing"
    with pytest.raises(SettingsError, match="there is no folder"):
        check_report(project.read(f"--gate-report={elsewhere / 'report.yaml'}"))
    assert not elsewhere.exists()


def test_a_report_that_cannot_be_written_is_refused_at_the_start(project: Project) -> None:
    """A folder as report, a file as folder and a folder that takes no files are found before any test runs."""
    (project.root / "file").touch()
    for written in (".", "file/report.yaml", "/proc/report.yaml"):
        with pytest.raises(SettingsError, match="gate_report: "):
            check_report(project.read(f"--gate-report={written}"))


def test_a_report_that_is_there_is_left_alone(project: Project) -> None:
    """The check before the run touches neither an old report nor the folder."""
    old = project.root / "old.yaml"
    old.write_text("old")
    before = sorted(Path(project.root).iterdir())
    check_report(project.read("--gate-report=old.yaml"))
    assert old.read_text() == "old"
    assert sorted(Path(project.root).iterdir()) == before


def test_a_run_that_does_not_begin_leaves_the_libraries_alone(pytester: pytest.Pytester) -> None:
    """After a usage error in this process mocks and ``monkeypatch`` are as they were."""
    before = (unittest.mock.CallableMixin._mock_call, pytest.MonkeyPatch.setattr.__code__)
    pytester.makefile(".yaml", gate="contexts: {orders: {modules: [shop], tests: [missing]}}\n")
    options = ("-p", "pytest_integration_gate.plugin", "--integration-gate", "-p", "no:cacheprovider")
    assert pytester.runpytest_inprocess(*options).ret == pytest.ExitCode.USAGE_ERROR
    assert (unittest.mock.CallableMixin._mock_call, pytest.MonkeyPatch.setattr.__code__) == before
