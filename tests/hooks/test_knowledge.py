"""`integration-gate show` on a project that has run."""

from __future__ import annotations

import sys
from typing import Any

import pytest


def show(project: Any, *arguments: str) -> pytest.RunResult:
    """Run `integration-gate show` in the folder of the project."""
    result: pytest.RunResult = project.pytester.run(
        sys.executable, "-m", "pytest_integration_gate.cli", "show", *arguments
    )
    return result


def test_show_tells_what_was_seen_and_who_claims_what(project: Any) -> None:
    """The store tells what was observed and who has a double; an exported file also what the doubles say."""
    project.run("--gate-export=all.jsonl")
    result = show(project, "shop.Repo.get")
    assert (result.ret, str(result.stderr)) == (0, "")
    result.stdout.fnmatch_lines(
        [
            "shop:Repo.get",
            "  declared: method (key)  shop.py:*",
            "  observed: returns {email: str, id: int}  shop.py:*",
            "      1 call: (key=5)",
            "      database, real, 20??-??-??, Python 3.*",
            "      tests/integration/test_repo.py::test_comes_back",
            "  doubled by 1 test; *",
            "      tests/unit/test_greet.py::test_greets",
        ]
    )
    result = show(project, "Repo.get", "--from", "all.jsonl")
    result.stdout.fnmatch_lines(
        [
            "  claimed, contradicted: returns {id: int, mail: str} for (1)",
            "      tests/unit/test_greet.py:5",
            "      tests/unit/test_greet.py::test_greets",
        ],
        consecutive=True,
    )


def test_show_says_that_nothing_is_known(project: Any) -> None:
    """Exit status 1, with what may have been meant; a file that is no export is an error, 4."""
    assert "There is no evidence yet." in str(show(project, "shop").stderr)
    project.run()
    result = show(project, "shop:Repo.got")
    assert result.ret == 1
    result.stderr.fnmatch_lines(["Nothing is known of `shop:Repo.got`. Did you mean `shop:Repo.get`*"])
    result = show(project, "shop", "--from", "pytest.ini")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in str(result.stderr)
