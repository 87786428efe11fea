"""Steps that ask a database, through SQLAlchemy and with bound parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.matchers import ABSENT, Difference, differences, is_matcher
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pytest_integration_gate.suites.world import World

_MAX_ROWS = 10_000
_SHOWN = 20


def connect(url: str, root: Path) -> Engine:
    """Make the engine of a database; a relative path of SQLite starts in the root directory."""
    with needs("suites", "SQL in suites"):
        import sqlalchemy
    try:
        address = sqlalchemy.make_url(url)
        options: dict[str, Any] = {}
        if address.get_backend_name() == "sqlite":
            options["poolclass"] = sqlalchemy.NullPool  # nobody else waits for a file that a step has read
            name = address.database or ""
            if name.startswith("file:"):
                path = name.removeprefix("file:")
                address = (
                    address
                    if path.startswith("/") or ":memory:" in path
                    else address.set(database=f"file:{root}/{path}")
                )
            elif name and name != ":memory:" and not Path(name).is_absolute():
                address = address.set(database=str(root / name))
            else:
                options.pop("poolclass") if name in ("", ":memory:") else None
        return sqlalchemy.create_engine(address, **options)
    except ModuleNotFoundError as error:
        raise StepFailed(
            f"The driver `{error.name}` for {url.split(':')[0]} is not installed.",
            suggestion=f"Install `{error.name}`, or name another driver: `postgresql+psycopg://…`.",
            is_final=True,
        ) from None
    except sqlalchemy.exc.ArgumentError as error:
        raise StepFailed(f"`{url}` names no database: {error}.", is_final=True) from None


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Execute the statement of a step in a transaction of its own."""
    with needs("suites", "SQL in suites"):
        import sqlalchemy
    url = data.get("database") or world.database
    if not url:
        raise StepFailed(
            "The step has `sql`, and the suite has no `database`.",
            suggestion="Write `database: sqlite:///app.db` at the top of the suite.",
            is_final=True,
        )
    statement, parameters = data["sql"], data.get("params", {})
    sent = statement + "".join(f"\n  :{name} = {value!r}" for name, value in parameters.items())
    is_connected = False
    try:
        with world.engine(url).begin() as connection:
            is_connected = True
            result = connection.execute(sqlalchemy.text(statement), parameters)
            rows = [
                {name: _plain(value) for name, value in row.items()}
                for row in (result.mappings().fetchmany(_MAX_ROWS) if result.returns_rows else ())
            ]
            count = len(rows) if result.returns_rows else result.rowcount
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        if "refused" in data and is_connected:
            return _refused(data["refused"], reason, sent)
        raise StepFailed(f"The database refused the statement: {reason}.", sent=sent) from None
    seen = Seen(
        data={"rows": rows, "first": rows[0] if rows else None, "count": count}, sent=sent, received=table(rows)
    )
    if "refused" in data:
        difference = Difference(path="$.refused", expected=data["refused"], actual=ABSENT, hint="it was accepted")
        raise StepFailed("", differences=(difference,), seen=seen)
    return seen


def _refused(expected: Any, reason: str, sent: str) -> Seen:
    """Compare what the database says against the statement with what it is expected to say."""
    seen = Seen(data={"rows": [], "first": None, "count": 0}, sent=sent, received=reason)
    if found := differences(expected, reason, path="$.refused"):
        raise StepFailed("", differences=found, seen=seen)
    return seen


def compare(expect: Mapping[str, Any] | None, seen: Seen) -> tuple[Difference, ...]:
    """Compare rows: `rows` counts or compares all, `first` and `each` look at columns, other names at the first row."""
    expect = dict(expect or {})
    exact = expect.pop("exact", False)
    rows: list[dict[str, Any]] = seen.data["rows"]
    found: list[Difference] = []
    if "rows" in expect:
        found += _rows(expect.pop("rows"), rows, exact)
    if "each" in expect:
        found += _each(expect.pop("each"), rows, exact)
    first = expect.pop("first", {})
    columns = {**expect.pop("columns", {}), **expect}
    for wanted, extra in ((first, exact), (columns, False)):
        if wanted:
            found += _row(wanted, rows, extra)
    return tuple(found)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Print rows with aligned columns."""
    if not rows:
        return "no rows"
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows[:_SHOWN])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    printed.insert(1, "  ".join("-" * width for width in widths))
    if len(rows) > _SHOWN:
        printed.append(f"… {len(rows)} rows in all")
    return "\n".join(printed)


def _rows(wanted: Any, rows: list[dict[str, Any]], exact: bool) -> tuple[Difference, ...]:
    is_count = isinstance(wanted, int) or (
        is_matcher(wanted) and not {"each", "any", "contains", "length"} & set(wanted)
    )
    if is_count:
        hint = "" if rows else "the statement returned no rows"
        return tuple(
            Difference(path="$.rows", expected=one.expected, actual=len(rows), hint=hint)
            for one in differences(wanted, len(rows))
        )
    return differences(wanted, rows, path="$.rows", exact=exact)


def _each(wanted: Any, rows: list[dict[str, Any]], exact: bool) -> tuple[Difference, ...]:
    if not rows:
        return (Difference(path="$.each", expected=wanted, actual=ABSENT, hint="there is no row"),)
    return differences({"each": wanted}, rows, path="$.rows", exact=exact)


def _row(wanted: Any, rows: list[dict[str, Any]], exact: bool) -> tuple[Difference, ...]:
    if not rows:
        return (Difference(path="$.first", expected=wanted, actual=ABSENT, hint="there is no row"),)
    return differences(wanted, rows[0], path="$", exact=exact)


def _plain(value: Any) -> Any:
    """Return a value of a database as the data that a suite can write."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.hex()
    return value


def _cell(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
