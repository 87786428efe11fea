"""The HTML page."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.model.run_report import FailedTest, Measured, OutOfContext, RunReport
from pytest_integration_gate.reports.html import _breakable, page, write_html

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&{{ 7*7 }}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


class Elements(HTMLParser):
    """Collects elements with their attributes, and the text outside of style and script."""

    VOID = frozenset({"meta", "input", "br", "img", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def hostile(value: Any) -> Any:
    """Return the same report with something nasty behind every text that is free."""
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if isinstance(value, str):
        return value + HOSTILE
    if not is_dataclass(value) or isinstance(value, type):
        return value
    fixed = {"status", "verdict", "kind", "fidelity", "source", "outcome", "state", "timestamp", "failure_action"}
    return replace(
        value, **{one.name: hostile(getattr(value, one.name)) for one in fields(value) if one.name not in fixed}
    )


@pytest.mark.parametrize("run", ["failed_run", "run_by_contexts", "quiet_run"])
def test_every_element_is_closed(run: str, request: pytest.FixtureRequest) -> None:
    """The page is well formed, with everything in it and with next to nothing."""
    assert Elements(page(request.getfixturevalue(run))).open == []


def test_everything_of_the_report_is_told(run_by_contexts: RunReport) -> None:
    """Verdict, claim, reality, paths, failures, traces, checkpoints, hygiene and warnings are on the page."""
    text = Elements(page(run_by_contexts)).text
    for told in (
        *("This run did not pass", "1 mismatch", "shop.repository:UserRepo.get", "returns {id: int, mail: str}"),
        *("returns {id: int, email: str}", "$.mail", "absent (nearest: email)", "Rename mail to email"),
        *("# gate: ignore[return_shape]", "AssertionError: assert 1 == 2", "The stock is released", "mock only"),
        *("cache miss", "API Ready", "dead double", "UserRepo.delete", "The observer of sqlite3:connect failed"),
        *("coordination border", "core of pay", "test_empties", "Add an integration test"),
    ):
        assert told in text


def test_nothing_is_fetched(run_by_contexts: RunReport) -> None:
    """No element has an address, and the page forbids itself the network."""
    text = page(run_by_contexts)
    assert not [attributes for _, attributes in Elements(text).found if {"src", "href"} & attributes.keys()]
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)


def test_hostile_texts_stay_texts(run_by_contexts: RunReport) -> None:
    """Names that look like elements, attributes or templates add none."""
    tame, wild = Elements(page(run_by_contexts)), Elements(page(hostile(run_by_contexts)))
    # Texts that are empty otherwise add paragraphs; nothing adds pictures, scripts or handlers.
    assert {tag for tag, _ in wild.found} == {tag for tag, _ in tame.found}
    assert sum(tag == "script" for tag, _ in wild.found) == 1
    assert not [name for _, attributes in wild.found for name in attributes if name.startswith("on")]
    assert HOSTILE in wild.text
    assert wild.open == []


def test_what_cannot_be_shown_is_escaped(quiet_run: RunReport) -> None:
    """Control characters, turned text and lone surrogates."""
    text = page(replace(quiet_run, warnings=("a\x00b\x1b[31m\u202ec\ud800",)))
    assert "a\\x00b\\x1b[31m\\x202ec\\ud800" in text


def test_the_culprit_stands_on_its_chain(run_by_contexts: RunReport) -> None:
    """A failure outside of the context shows the way from the test to what caused it."""
    assert run_by_contexts.contexts is not None
    nodeid = run_by_contexts.failed_tests[0].nodeid
    way = OutOfContext(nodeid=nodeid, before="passed", culprit="shop.money", certain=True, chain=("a", "shop.money"))
    report = replace(run_by_contexts, contexts=replace(run_by_contexts.contexts, out_of_context=(way,)))
    assert '<code class="culprit">shop.money</code>' in page(report)
    assert "Caused by" in page(report)


def test_values_of_a_failed_suite_stand_side_by_side(failed_run: RunReport) -> None:
    """Expected and actual values of a YAML test, also where one of them is missing."""
    failed = FailedTest(
        name="x", nodeid="a.gate.yaml::x", reason="slow", details={"actual": {"p95": 250}, "expected": {"p99": 1}}
    )
    text = page(replace(failed_run, failed_tests=(failed,)))
    assert '<code class="del">250</code>' in text
    assert "p99" in text


def test_response_times_are_drawn(failed_run: RunReport) -> None:
    """The longest bar comes last and is as wide as the plot; figures that are no times are written with their units."""
    figures = {"max": 40.0, "p50": 10.0, "throughput": 1204.25, "success_rate": 0.995, "errors": {"timeout": 3}}
    suite = replace(failed_run.suites[0], measured=(Measured(test="load", figures=figures),))
    text = page(replace(failed_run, suites=(suite,)))
    assert re.findall(r'<rect [^>]*width="([\d.]+)"', text) == ["62.5", "250.0"]
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)[-3:] == [
        ("throughput", "1,204.25 /s"),
        ("success rate", "99.5 %"),
        ("errors: timeout", "3"),
    ]


def test_one_attempt_is_one(failed_run: RunReport) -> None:
    """Checkpoints say how often they were tried."""
    assert re.findall(r"\d attempts?\b", page(failed_run)) == ["2 attempts", "1 attempt"]


def test_a_route_is_its_own_name(failed_run: RunReport) -> None:
    """The address of a collaborator stands below its name, unless it is the name."""
    route = replace(failed_run.mismatches[0], target="GET https://api.example/users/{}", boundary="people")
    text = page(replace(failed_run, mismatches=(route,)))
    assert '<p class="target"><span class="note">in people</span></p>' in text
    assert '<p class="target"><code>shop.repository:UserRepo.get</code>' in page(failed_run)


def test_the_map_says_which_code_uses_what(failed_run: RunReport) -> None:
    """File and collaborator with the claims that are proven, in the card of the boundary, the worst first."""
    database, prices = re.findall(r'(?s)<article class="card item boundary.*?</article>', page(failed_run))
    assert "shop/signup.py → shop.repository:UserRepo 17 of 20" in Elements(database).text
    assert "no code → shop.prices 0 of 3" in Elements(prices).text
    assert re.search(r'<i class="dot contradicted" title="contradicted"></i><span><code>shop/<wbr>signup', database)


def test_paths_break_where_their_parts_meet() -> None:
    """Not within an escaped character, and not within the slashes behind a scheme."""
    broken = _breakable("tests/a_b.py::test_c[<x>] https://api.example/v1")
    assert broken == ("tests/<wbr>a_<wbr>b.<wbr>py::<wbr>test_<wbr>c[&lt;x&gt;] https://api.<wbr>example/<wbr>v1")


def test_a_place_that_cannot_be_written_is_a_report_error(quiet_run: RunReport, tmp_path: Path) -> None:
    """The error names the option."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="--gate-html"):
        write_html(quiet_run, tmp_path / "file" / "page.html")


def shown(path: Path, asked: str = "") -> str:
    """Return a page as Chromium has it when its scripts have run."""
    assert CHROMIUM is not None
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom")
    command = [CHROMIUM, *quiet, f"{path.as_uri()}{asked}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def written(folder: Path, report: RunReport) -> Path:
    write_html(report, folder / "page.html")
    return folder / "page.html"


def title(text: str) -> str:
    found = re.search(r"(?s)<title>(.*?)</title>", text)
    assert found is not None
    return found[1]


@needs_chromium
def test_a_browser_filters_what_the_address_asks_for(failed_run: RunReport, tmp_path: Path) -> None:
    """`#q=…&boundary=…` hides everything else, and says how much is left."""
    text = shown(written(tmp_path, failed_run), "#q=userrepo.get&verdict=contradicted")
    mismatches = [
        attributes for tag, attributes in Elements(text).found if "mismatch" in (attributes.get("class") or "").split()
    ]
    assert ["hidden" in attributes for attributes in mismatches] == [False, True]
    assert re.search(r'<output id="found"[^>]*>1 of \d+</output>', text)


@needs_chromium
def test_a_browser_runs_nothing_hostile(run_by_contexts: RunReport, tmp_path: Path) -> None:
    """No picture comes to be, and our script works beside hostile names."""
    text = shown(written(tmp_path, hostile(run_by_contexts)), "#q=nothing-is-called-this")
    assert not [tag for tag, _ in Elements(text).found if tag == "img"]
    assert re.search(r'<p id="nothing" class="note">', text)


@needs_chromium
def test_a_browser_shows_two_thousand_mismatches(failed_run: RunReport, tmp_path: Path) -> None:
    """All of them are there, and only the first are open."""
    many = tuple(replace(failed_run.mismatches[0], target=f"shop.repository:Repo{n}.get") for n in range(2000))
    text = shown(written(tmp_path, replace(failed_run, mismatches=many)), "#q=repo1999.get")
    mismatches = [attributes for tag, attributes in Elements(text).found if "data-verdict" in attributes]
    assert len(mismatches) == 2000 + len(failed_run.unverified)
    assert sum("open" in attributes for attributes in mismatches) == 8
    assert sum("hidden" not in attributes for attributes in mismatches) == 1


KEYS = """<script>
const press = (key) => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true}));
const told = [];
const tell = () => told.push(document.activeElement.id || document.activeElement.textContent.trim().split("\\n")[0]);
press("/"); tell();
document.activeElement.value = "nothing";
press("Escape"); told.push(document.getElementById("search").value);
for (const key of "jjjjk") press(key);
tell();
press("e"); told.push(document.querySelectorAll("main details:not([open])").length);
document.title = told.join(", ");
</script></body>"""


@needs_chromium
def test_the_keyboard_is_enough(failed_run: RunReport, tmp_path: Path) -> None:
    """`/` searches, Escape clears, `j` and `k` go from entry to entry, `e` opens all."""
    path = tmp_path / "page.html"
    path.write_text(page(failed_run).replace("</body>", KEYS), encoding="utf-8")
    assert title(shown(path)) == "search, , UserRepo.getcontradictedreturn shapetests/unit/test_signup.py:6, 0"


@needs_chromium
def test_nothing_is_wider_than_a_telephone(run_by_contexts: RunReport, tmp_path: Path) -> None:
    """At 400 pixels long names break; there is nothing to scroll sideways."""
    written(tmp_path, hostile(replace(run_by_contexts, warnings=("x" * 500,))))
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<iframe id="frame" src="page.html" style="width: 400px; height: 900px; border: 0"></iframe><script>'
        "onload = () => { const inner = frame.contentDocument.documentElement;"
        "document.title = inner.scrollWidth <= frame.contentWindow.innerWidth }</script>"
    )
    assert title(shown(frame)) == "true"
