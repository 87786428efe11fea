"""Publishes checkpoints and their results where they outlive the run: a file, a webhook, a comment.

A comment is posted to GitHub (``github:owner/repository#12``, issues and pull requests), GitLab
(``gitlab:group/project!12`` for merge requests, ``#12`` for issues) or Linear (``linear:ENG-42``). Tokens come from the
environment and go nowhere but into a header; redirections are not followed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.run_report import CheckpointResult
from pytest_integration_gate.reports.notification import shown_url
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:
    import requests

FORMAT = 1
TIMEOUT = 10.0
"""Seconds that a receiver may take."""

_MUTATION = (
    "mutation CommentCreate($input: CommentCreateInput!) "
    "{ commentCreate(input: $input) { success comment { id url } } }"
)
_FORMS = {
    "github": (r"[\w.-]+/[\w.-]+#\d+", "github:owner/repository#12"),
    "gitlab": (r"[\w./-]+[!#]\d+", "gitlab:group/project!12"),
    "linear": (r"[\w-]+", "linear:ENG-42"),
}
_TOKENS = {
    "github": "GITHUB_TOKEN",
    "gitlab": "GITLAB_TOKEN",
    "linear": "LINEAR_API_KEY",
    "webhook": "GATE_WEBHOOK_TOKEN",
}
_LONGEST = 60_000
"""Characters that a comment may have; GitHub takes 65,536."""


class PublishError(GateError):
    """Something that could not be published."""

    slug = "publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to publish to. `place` is a path, a URL, or what a service calls the thing that is commented on."""

    kind: Literal["file", "webhook", "github", "gitlab", "linear"]
    place: str

    def __str__(self) -> str:
        return shown_url(self.place) if self.kind == "webhook" else f"{self.kind}:{self.place}"


def read_target(text: str) -> Target:
    """Understand what ``--gate-publish`` was given; raise `PublishError` otherwise."""
    if text.startswith(("http://", "https://")):
        return Target(kind="webhook", place=text)
    kind, colon, place = text.partition(":")
    if kind in _FORMS:
        form, example = _FORMS[kind]
        if not re.fullmatch(form, place):
            raise PublishError(f"`{text}` names nothing to comment on.", remedy=f"Write it like {example}.")
        return Target(kind=kind, place=place)  # type: ignore[arg-type]
    if (colon and kind != "file") or not (place or text).strip():
        known = ", ".join(["file:PATH", "https://…", *(example for _, example in _FORMS.values())])
        raise PublishError(f"`{text}` is nowhere to publish to.", remedy=f"Known: {known}.")
    return Target(kind="file", place=place or text)


def publish(
    target: Target, document: Mapping[str, Any], root: Path, *, environ: Mapping[str, str] = os.environ
) -> None:
    """Publish a document; raise `PublishError` when the target cannot be written or does not accept it."""
    if target.kind == "file":
        try:
            write_text(root / target.place, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise PublishError(f"{target}: cannot be written: {error.strerror or error}.") from None
        return
    token = environ.get(_TOKENS[target.kind], "")
    if not token and target.kind != "webhook":
        raise PublishError(f"{target}: no token.", remedy=f"Set {_TOKENS[target.kind]} in the environment.")
    url, headers, body = _request(target, document, token, environ)
    _send(target, url, headers, body)


def document_of(checkpoints: Sequence[CheckpointResult], definitions: Any, **about: Any) -> dict[str, Any]:
    """Return what is published: definitions and results, and what they are about."""
    results = [
        {
            "name": one.name,
            "stage": one.stage,
            "status": one.status,
            "attempts": one.attempts,
            "duration": one.duration,
            "output": one.output,
            "reason": one.reason,
        }
        for one in checkpoints
    ]
    return {"format": FORMAT, **about, "definitions": definitions, "checkpoints": results}


def markdown(document: Mapping[str, Any]) -> str:
    """Write a document as a comment."""
    about = " · ".join(str(document[key]) for key in ("project", "commit", "date") if document.get(key))
    lines = [f"### Checkpoints{': ' if about else ''}{about}", "", "| checkpoint | stage | status | attempts | time |"]
    lines.append("|---|---|---|---|---|")
    for one in document["checkpoints"]:
        row = (one["name"], one["stage"], one["status"], one["attempts"], one["duration"])
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    for one in document["checkpoints"]:
        if one["reason"]:
            lines += ["", f"**{_cell(one['name'])}**: {_cell(one['reason'])}"]
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", one["output"])), 3)
            lines += [fence, one["output"], fence] if one["output"] else []
    lines += ["", *(f"- {_cell(one['name'])}: {_defined(one)}" for one in document["definitions"])]
    return "\n".join(lines)[:_LONGEST]


def _defined(checkpoint: Mapping[str, Any]) -> str:
    """Write what a checkpoint runs, and what its failure does."""
    commands = "; ".join(_code(test["command"]) for test in checkpoint["tests"])
    return f"{commands}; a failure: {checkpoint['failure_action']}"


def _code(text: str) -> str:
    fence = "`" * max((len(run) + 1 for run in re.findall("`+", text)), default=1)
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def _cell(value: object) -> str:
    return re.sub(r"([\\|<>])", r"\\\1", " ".join(str(value).split()))


def _request(
    target: Target, document: Mapping[str, Any], token: str, environ: Mapping[str, str]
) -> tuple[str, dict[str, str], Any]:
    """Return URL, headers and body of the request that publishes a document."""
    match target.kind:
        case "github":
            repository, _, number = target.place.partition("#")
            base = environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
            return f"{base}/repos/{repository}/issues/{number}/comments", headers, {"body": markdown(document)}
        case "gitlab":
            sign = "!" if "!" in target.place else "#"
            project, _, number = target.place.rpartition(sign)
            base = environ.get("CI_API_V4_URL", "https://gitlab.com/api/v4").rstrip("/")
            kind = "merge_requests" if sign == "!" else "issues"
            url = f"{base}/projects/{quote(project, safe='')}/{kind}/{number}/notes"
            return url, {"PRIVATE-TOKEN": token}, {"body": markdown(document)}
        case "linear":
            # Personal keys stand alone, tokens of applications are bearers.
            authorization = token if token.startswith("lin_api_") else f"Bearer {token}"
            variables = {"input": {"issueId": target.place, "body": markdown(document)}}
            url = environ.get("LINEAR_API_URL", "https://api.linear.app/graphql")
            return url, {"Authorization": authorization}, {"query": _MUTATION, "variables": variables}
        case _:
            return target.place, {"Authorization": f"Bearer {token}"} if token else {}, document


class NoAnswer(Exception):
    """A receiver that did not answer; the text is the kind of error."""


def post(url: str, headers: Mapping[str, str], body: Any) -> requests.Response:
    """Send JSON and return the answer, whatever it is; raise `NoAnswer` when there is none."""
    import requests

    with requests.Session() as session:
        session.auth = _leave  # a .netrc file would replace the header
        try:
            return session.post(url, json=body, headers=dict(headers), timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise NoAnswer(type(error).__name__) from None


def _send(target: Target, url: str, headers: Mapping[str, str], body: Any) -> None:
    try:
        answer = post(url, headers, body)
    except NoAnswer as error:
        raise PublishError(f"{target}: no answer from {shown_url(url)}: {error}.") from None
    variable = _TOKENS[target.kind]
    match answer.status_code:
        case 401:
            raise PublishError(f"{target}: authentication failed.", remedy=f"Set {variable} to a valid token.")
        case 403:
            raise PublishError(f"{target}: the token in {variable} may not write there.")
        case 404:
            raise PublishError(f"{target}: not found, or not to be seen with the token in {variable}.")
        case status if not 200 <= status < 300:
            raise PublishError(f"{target}: {shown_url(url)} answered {status}.")
    if target.kind == "linear":
        _check_linear(target, answer)


def _check_linear(target: Target, answer: requests.Response) -> None:
    """GraphQL says 200 also when nothing was done."""
    try:
        said = answer.json()
        if said.get("errors"):
            raise PublishError(f"{target}: {said['errors'][0]['message']}.")
        has_worked = said["data"]["commentCreate"]["success"] is True
    except (ValueError, KeyError, TypeError, AttributeError):
        has_worked = False
    if not has_worked:
        raise PublishError(f"{target}: the comment was not created.")


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
