"""The errors of the gate: what went wrong, in one sentence, and what to do about it."""

from __future__ import annotations


class GateError(Exception):
    """Something that the user can mend. `slug` names it in the documentation; `remedy` says what to do."""

    slug = "gate"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip() + f" [{self.slug}]"


class SettingsError(GateError):
    """An option, ini value or ``gate.yaml`` entry that is not allowed."""

    slug = "settings"


class StoreError(GateError):
    """A store of evidence that cannot be used."""

    slug = "store"


class BaselineError(GateError):
    """A baseline that cannot be used."""

    slug = "baseline"


class OpenapiError(GateError):
    """An OpenAPI document that cannot be used. `problems` has one sentence for each fault, each with its place."""

    slug = "openapi"

    def __init__(self, message: str, problems: tuple[str, ...], *, remedy: str = "") -> None:
        super().__init__("\n".join((message, *problems)), remedy=remedy)
        self.problems = problems

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy} [{self.slug}]"


class PactError(GateError):
    """A Pact file of somebody else that cannot be used."""

    slug = "pact"


class ReportError(GateError):
    """A report that cannot be written."""

    slug = "report"
