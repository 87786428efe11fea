"""Publishes the Pact files of a run to a broker: ``--gate-pact-publish``. A failure is a warning, the files stay."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_integration_gate.checkout.git import Git
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.evidence.pact import Pact
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.reports.broker import Contract, publish_contracts
from pytest_integration_gate.reports.publication import PublishError


def publish_all(settings: Settings, pacts: Sequence[Pact], ended: Ended, folder: str) -> tuple[list[str], list[str]]:
    """Publish pacts and return what to tell, and what went wrong. Never raises. `folder` is where the files are."""
    failed = sum(outcome.outcome in ("failed", "error") for outcome in ended.outcomes.values())
    git = Git(str(settings.root))
    commit = git.commit() if git.is_there else ""
    if not pacts:
        return [], ["--gate-pact-publish: no Pact file was written, so there is nothing to publish."]
    if failed:
        return [], [f"The Pact files were not published: {counted(failed, 'test')} failed. They are kept in {folder}."]
    if not commit:
        reason = "git knows no commit here to publish them under"
        return [], [f"The Pact files were not published: {reason}. They are kept in {folder}."]
    contracts = [Contract(provider=pact.provider, content=pact.text) for pact in pacts]
    try:
        publish_contracts(
            settings.pact_broker, contracts, consumer=settings.project, version=commit, branch=git.branch()
        )
    except Exception as error:  # a run is never lost for its publication
        # Other errors may tell what was sent, and with which token.
        if isinstance(error, PublishError):
            reason = f"{error.message} {error.remedy}".rstrip()
        else:
            reason = f"The Pact files were not published: {type(error).__name__}."
        return [], [f"{reason} The run's files are kept at {folder}."]
    return [f"pact: published {counted(len(pacts), 'file')} as version {commit[:12]} of {settings.project}"], []
