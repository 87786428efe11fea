"""Each request that a stub answers is a claim with the place of the stub; what a stub lets pass is real."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

Watch = Callable[..., Any]

REQUESTS = """
import requests

def mail(base):
    return requests.get(base + "/users/1").json()["mail"]

def status(base):
    return requests.post(base + "/users", json={"name": "Ada"}).status_code
"""
HTTPX = """
import asyncio
import httpx

def mail(base, **kwargs):
    with httpx.Client(**kwargs) as client:
        return client.get(base + "/users/1").json()["mail"]

async def aget(base, **kwargs):
    async with httpx.AsyncClient(**kwargs) as client:
        return (await client.get(base + "/users/1")).json()["mail"]

def amail(base, **kwargs):
    return asyncio.run(aget(base, **kwargs))
"""
AIOHTTP = """
import asyncio
import aiohttp

async def aget(base):
    async with aiohttp.ClientSession() as session, session.get(base + "/users/1", params={"page": 2}) as response:
        return (await response.json())["mail"]

def mail(base):
    return asyncio.run(aget(base))

async def apost(base):
    async with aiohttp.ClientSession() as session:
        async with session.post(base + "/users", json={"name": "Ada"}, headers={"Authorization": "x"}) as response:
            return response.status

def status(base):
    return asyncio.run(apost(base))
"""
RESPONSES = {
    "module functions": """
        import responses, shop
        @responses.activate
        def test():
            responses.add("GET", "https://api.example.com/users/1", json={"mail": "ada@example.com"})  # here
            return shop.mail("https://api.example.com")
    """,
    "shorthand and matchers": """
        import responses, shop
        from responses import matchers
        @responses.activate(assert_all_requests_are_fired=True)
        def test():
            responses.get(  # here
                "https://api.example.com/users/1",
                json={"mail": "ada@example.com"},
                match=[matchers.header_matcher({"Accept": "*/*"}), matchers.query_param_matcher({})],
            )
            return shop.mail("https://api.example.com")
    """,
    "context manager": """
        import responses, shop
        def test():
            with responses.RequestsMock() as mocked:
                stub = responses.Response("GET", "https://api.example.com/users/1", body='{"mail": "a@b.c"}')  # here
                mocked.add(stub)
                return shop.mail("https://api.example.com")
    """,
    "ordered registry": """
        import responses, shop
        from responses.registries import OrderedRegistry
        @responses.activate(registry=OrderedRegistry)
        def test():
            responses.get("https://api.example.com/users/1", json={"mail": "ada@example.com"})  # here
            return shop.mail("https://api.example.com")
    """,
    "callback and pattern": """
        import re, responses, shop
        @responses.activate
        def test():
            responses.add_callback("GET", re.compile(".*/users/.*"), lambda _: (200, {}, '{"mail": "a@b.c"}'))  # here
            return shop.mail("https://api.example.com")
    """,
    "replaced": """
        import responses, shop
        @responses.activate
        def test():
            responses.get("https://api.example.com/users/1", status=500)
            responses.upsert("GET", "https://api.example.com/users/1", json={"mail": "ada@example.com"})  # here
            return shop.mail("https://api.example.com")
    """,
    "a stub of one's own": """
        import responses, shop
        class Own(responses.BaseResponse):
            def get_response(self, request):
                return responses.Response("GET", self.url, json={"mail": "a@b.c"}).get_response(request)
        @responses.activate
        def test():
            responses.add(Own("GET", "https://api.example.com/users/1"))  # here
            return shop.mail("https://api.example.com")
    """,
    "helper": """
        import responses, shop
        def stub(**kwargs):
            responses.get("https://api.example.com/users/1", **kwargs)  # here
        @responses.activate
        def test():
            stub(json={"mail": "ada@example.com"})
            return shop.mail("https://api.example.com")
    """,
}
REQUESTS_MOCK = {
    "context manager": """
        import requests_mock, shop
        def test():
            with requests_mock.Mocker() as mocked:
                mocked.get("https://api.example.com/users/1", json={"mail": "ada@example.com"})  # here
                return shop.mail("https://api.example.com")
    """,
    "decorator and list": """
        import requests_mock, shop
        @requests_mock.Mocker()
        def test(mocked):
            mocked.get("/users/1", [{"json": {"mail": "ada@example.com"}}, {"status_code": 500}])  # here
            return shop.mail("https://api.example.com")
    """,
    "adapter": """
        import requests, requests_mock, shop
        def test():
            adapter = requests_mock.Adapter()
            adapter.register_uri("GET", "https://api.example.com/users/1", text='{"mail": "a@b.c"}')  # here
            session = requests.Session()
            session.mount("https://", adapter)
            with __import__("unittest.mock").mock.patch("requests.get", session.get):
                return shop.mail("https://api.example.com")
    """,
    "callback": """
        import requests_mock, shop
        def body(request, context):
            context.status_code = 200
            return {"mail": "a@b.c"}
        def test():
            with requests_mock.Mocker() as mocked:
                mocked.get(requests_mock.ANY, json=body)  # here
                return shop.mail("https://api.example.com")
    """,
    "a matcher of one's own": """
        import requests_mock, shop
        def match(request):
            return requests_mock.create_response(request, json={"mail": "a@b.c"})  # here
        def test():
            with requests_mock.Mocker() as mocked:
                mocked.add_matcher(match)
                return shop.mail("https://api.example.com")
    """,
}
RESPX = {
    "decorator": """
        import httpx, respx, shop
        @respx.mock
        def test():
            respx.get("https://api.example.com/users/1").mock(  # here
                return_value=httpx.Response(200, json={"mail": "ada@example.com"}))
            return shop.mail("https://api.example.com")
    """,
    "configured later": """
        import httpx, respx, shop
        def test():
            with respx.mock(base_url="https://api.example.com") as router:
                route = router.get("/users/1")
                route.return_value = httpx.Response(200, json={"mail": "ada@example.com"})  # here
                mail = shop.mail("https://api.example.com")
            assert route.called and route.calls.last.request.method == "GET"
            return mail
    """,
    "side effect, asynchronous": """
        import httpx, respx, shop
        def test():
            with respx.mock:
                respx.get(path="/users/1").side_effect = [httpx.Response(200, json={"mail": "a@b.c"})]  # here
                return shop.amail("https://api.example.com")
    """,
    "function": """
        import httpx, respx, shop
        def test():
            with respx.mock:
                @respx.get("https://api.example.com/users/1")  # here
                def answer(request):
                    return httpx.Response(200, json={"mail": "a@b.c"})
                return shop.amail("https://api.example.com")
    """,
    "modulo": """
        import respx, shop
        def test():
            with respx.mock(using="httpx") as router:
                router.get("https://api.example.com/users/1") % {"json": {"mail": "a@b.c"}}  # here
                return shop.mail("https://api.example.com")
    """,
}
TRANSPORT = {
    "handler": """
        import httpx, shop
        def answer(request):  # here
            return httpx.Response(200, json={"mail": "a@b.c"})
        def test():
            return shop.mail("https://api.example.com", transport=httpx.MockTransport(answer))
    """,
    "lambda": """
        import httpx, shop
        def test():
            transport = httpx.MockTransport(
                lambda request: httpx.Response(200, json={"mail": "a@b.c"}))  # here
            return shop.amail("https://api.example.com", transport=transport)
    """,
    "callable object": """
        import functools, httpx, shop
        def answer(mail, request):
            return httpx.Response(200, json={"mail": mail})
        def test():
            transport = httpx.MockTransport(functools.partial(answer, "a@b.c"))  # here
            return shop.mail("https://api.example.com", transport=transport)
    """,
}
AIORESPONSES = {
    "context manager": """
        import aioresponses, shop
        def test():
            with aioresponses.aioresponses() as mocked:
                mocked.get("https://api.example.com/users/1?page=2", payload={"mail": "ada@example.com"})  # here
                return shop.mail("https://api.example.com")
    """,
    "decorator, pattern, body": """
        import aioresponses, re, shop
        @aioresponses.aioresponses()
        def test(mocked):
            mocked.get(re.compile(".*/users/1.*"), body='{"mail": "a@b.c"}', repeat=True)  # here
            return shop.mail("https://api.example.com")
    """,
    "callback": """
        import aioresponses, shop
        def answer(url, **kwargs):
            return aioresponses.CallbackResult(payload={"mail": "a@b.c"})
        def test():
            with aioresponses.aioresponses() as mocked:
                mocked.get("https://api.example.com/users/1?page=2", callback=answer)  # here
                return shop.mail("https://api.example.com")
    """,
}


@pytest.fixture(autouse=True)
def aioresponses_fits_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioresponses 0.7.9 makes responses as aiohttp took them before 3.14."""
    import aiohttp
    import aioresponses.core

    class Response(aiohttp.ClientResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
                kwargs["stream_writer"] = Mock(output_size=0)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(aioresponses.core, "ClientResponse", Response)


FORMS = [
    pytest.param(shop, test, id=f"{library} {name}")
    for library, shop, forms in (
        ("responses", REQUESTS, RESPONSES),
        ("requests-mock", REQUESTS, REQUESTS_MOCK),
        ("respx", HTTPX, RESPX),
        ("httpx", HTTPX, TRANSPORT),
        ("aioresponses", AIOHTTP, AIORESPONSES),
    )
    for name, test in forms.items()
]


@pytest.mark.parametrize(("shop", "test"), FORMS)
def test_a_request_that_a_stub_answers_is_a_claim(
    watch: Watch, request: pytest.FixtureRequest, shop: str, test: str
) -> None:
    """The claim has route, answer, call site, what the code reads, and the line of the test that wrote the stub."""
    heard = watch(shop, test)
    (claim,) = heard.claims
    line = next(number for number, text in enumerate(test.splitlines(), 1) if "# here" in text)

    assert "@" in heard.result
    assert claim.root == "GET https://api.example.com/users/1" or claim.root == "GET https://api.example.com/users/{}"
    assert claim.at == f"tests/test_it.py:{line}"
    assert claim.double == "stub"
    assert claim.site is not None
    assert claim.site.file == "shop.py"
    exchange = heard.claimed()
    assert exchange.answer is not None
    assert exchange.answer.status == 200
    assert exchange.answer.headers == ()
    assert exchange.answer.body is not None
    assert "mail" in (exchange.answer.body.text or "")
    assert exchange.body_uses is not None
    assert [name for name, _ in exchange.body_uses.members] == ["['mail']"]
    assert heard.observations == []
    assert "own" in request.node.name or True in heard.http.wire.stubs.values()


ERRORS = {
    "responses": (
        REQUESTS,
        """
        import pytest, requests, responses, shop
        @responses.activate
        def test():
            responses.get("https://api.example.com/users/1", body=requests.Timeout("slow"))
            with pytest.raises(requests.Timeout):
                shop.mail("https://api.example.com")
        """,
    ),
    "requests-mock": (
        REQUESTS,
        """
        import pytest, requests, requests_mock, shop
        def test():
            with requests_mock.Mocker() as mocked, pytest.raises(requests.Timeout):
                mocked.get("https://api.example.com/users/1", exc=requests.Timeout)
                shop.mail("https://api.example.com")
        """,
    ),
    "respx": (
        HTTPX,
        """
        import httpx, pytest, respx, shop
        def test():
            with respx.mock, pytest.raises(httpx.ReadTimeout):
                respx.get("https://api.example.com/users/1").mock(side_effect=httpx.ReadTimeout)
                shop.mail("https://api.example.com")
        """,
    ),
    "httpx": (
        HTTPX,
        """
        import httpx, pytest, shop
        def answer(request):
            raise httpx.ReadTimeout("slow")
        def test():
            with pytest.raises(httpx.ReadTimeout):
                shop.amail("https://api.example.com", transport=httpx.MockTransport(answer))
        """,
    ),
    "aioresponses": (
        AIOHTTP,
        """
        import aioresponses, asyncio, pytest, shop
        def test():
            with aioresponses.aioresponses() as mocked, pytest.raises(asyncio.TimeoutError):
                mocked.get("https://api.example.com/users/1?page=2", timeout=True)
                shop.mail("https://api.example.com")
        """,
    ),
}


@pytest.mark.parametrize(("shop", "test"), ERRORS.values(), ids=ERRORS.keys())
def test_a_simulated_exception_is_a_claim(watch: Watch, shop: str, test: str) -> None:
    """A stub that raises claims that the service does not answer."""
    exchange = watch(shop, test).claimed()

    assert exchange.answer is None
    assert "Timeout" in str(exchange.error)


UNKNOWN = {
    "responses": (REQUESTS, "with responses.RequestsMock():"),
    "requests_mock": (REQUESTS, "with requests_mock.Mocker():"),
    "respx": (HTTPX, "with respx.mock:"),
    "aioresponses": (AIOHTTP, "with aioresponses.aioresponses():"),
}


@pytest.mark.parametrize(("library", "shop", "start"), [(name, *rest) for name, rest in UNKNOWN.items()])
def test_no_such_stub_says_nothing(watch: Watch, library: str, shop: str, start: str) -> None:
    """The complaint of a stub library about a request without a stub is neither a claim nor an observation."""
    test = f"""
        import pytest, {library}, shop
        def test():
            {start}
                with pytest.raises(BaseException):
                    shop.mail("https://api.example.com")
    """
    heard = watch(shop, test)

    assert heard.claims == []
    assert heard.observations == []


PASSED_ON = {
    "responses, prefix": (
        REQUESTS,
        """
        import responses, shop
        @responses.activate
        def test(base):
            responses.add_passthru(base)
            return shop.status(base)
        """,
    ),
    "responses, stub": (
        REQUESTS,
        """
        import responses, shop
        @responses.activate
        def test(base):
            responses.add(responses.PassthroughResponse("POST", base + "/users"))
            return shop.status(base)
        """,
    ),
    "requests-mock, mocker": (
        REQUESTS,
        """
        import requests_mock, shop
        def test(base):
            with requests_mock.Mocker(real_http=True) as mocked:
                mocked.get("https://api.example.com")
                return shop.status(base)
        """,
    ),
    "requests-mock, stub": (
        REQUESTS,
        """
        import requests_mock, shop
        def test(base):
            with requests_mock.Mocker() as mocked:
                mocked.post(base + "/users", real_http=True)
                return shop.status(base)
        """,
    ),
    "respx": (
        HTTPX.replace("def mail", "def status").replace('.json()["mail"]', ".status_code"),
        """
        import respx, shop
        def test(base):
            with respx.mock:
                respx.route(host="127.0.0.1").pass_through()
                return shop.status(base) + 1
        """,
    ),
    "respx, function": (
        HTTPX.replace('.json()["mail"]', ".status_code"),
        """
        import respx, shop
        def test(base):
            with respx.mock:
                respx.route().mock(side_effect=lambda request: request)
                return shop.amail(base) + 1
        """,
    ),
    "aioresponses": (
        AIOHTTP,
        """
        import aioresponses, shop
        def test(base):
            with aioresponses.aioresponses(passthrough=[base]):
                return shop.status(base)
        """,
    ),
}


@pytest.mark.parametrize(("shop", "test"), PASSED_ON.values(), ids=PASSED_ON.keys())
def test_what_a_stub_lets_pass_is_real(watch: Watch, service: str, shop: str, test: str) -> None:
    """A request that goes through to the service is an observation and no claim."""
    heard = watch(shop, test, service)

    assert heard.result == 201
    assert heard.claims == []
    assert heard.one().request.origin == service


def test_a_request_is_claimed_with_what_it_carries(watch: Watch) -> None:
    """Method, body, content type and the presence of credentials are part of the claim of every library."""
    test = """
        import aioresponses, shop
        def test():
            with aioresponses.aioresponses() as mocked:
                mocked.post("https://api.example.com/users", status=201, headers={"X-Id": "1"})
                return shop.status("https://api.example.com")
    """
    exchange = watch(AIOHTTP, test).claimed()

    assert (exchange.request.method, exchange.request.content_type) == ("POST", "application/json")
    assert exchange.request.body is not None
    assert exchange.request.body.text == "{'name': 'Ada'}"
    assert exchange.request.is_authorized
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.headers) == (201, ("x-id",))


def test_each_hop_of_stubbed_redirects_is_a_claim(watch: Watch) -> None:
    """Each stub that answered claims its own route."""
    for shop, test in (
        (
            REQUESTS,
            """
            import responses, shop
            @responses.activate
            def test():
                responses.get("https://api.example.com/users/1", status=302, headers={"Location": "/people/1"})
                responses.get("https://api.example.com/people/1", json={"mail": "a@b.c"})
                return shop.mail("https://api.example.com")
            """,
        ),
        (
            AIOHTTP,
            """
            import aioresponses, re, shop
            def test():
                with aioresponses.aioresponses() as mocked:
                    mocked.get(re.compile(".*/users/1.*"), status=302, headers={"Location": "/people/1"})
                    mocked.get("https://api.example.com/people/1", payload={"mail": "a@b.c"})
                    return shop.mail("https://api.example.com")
            """,
        ),
    ):
        heard = watch(shop, test)
        assert [(one.exchange.answer.status, one.exchange.request.path[0].text) for one in heard.claims] == [
            (302, "users"),
            (200, "people"),
        ]


def test_content_types_that_a_library_adds_are_not_claimed(watch: Watch) -> None:
    """`responses` sends every body as text/plain unless the author says otherwise."""
    said = watch(REQUESTS, RESPONSES["module functions"]).claimed()
    unsaid = watch(REQUESTS, RESPONSES["context manager"]).claimed()

    assert (said.answer.content_type, unsaid.answer.content_type) == ("application/json", "")


def test_tests_call_services_themselves_without_claiming(watch: Watch) -> None:
    """A claim is what is said to the project's code; a test that asks its own stub says nothing."""
    test = """
        import requests, responses
        @responses.activate
        def test():
            responses.get("https://api.example.com", json={})
            return requests.get("https://api.example.com").json()
    """

    assert watch(REQUESTS, test).claims == []


def test_stubs_look_and_pickle_as_ever(watch: Watch) -> None:
    """What a test can see of a stub is what it would see without the gate."""
    test = """
        import requests, responses
        @responses.activate
        def test():
            stub = responses.get("https://api.example.com/", json={})
            answer = requests.get("https://api.example.com/")
            assert stub.call_count == 1 and responses.calls[0].response is answer
            assert stub == responses.Response("GET", "https://api.example.com/")
            return repr(stub), answer
    """
    text, answer = watch(REQUESTS, test).result

    assert text.startswith("<Response(url='https://api.example.com/' status=200")
    assert pickle.loads(pickle.dumps(answer)).json() == {}


def test_a_library_that_has_changed_gives_one_warning(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that library is not listened to; the rest goes on."""
    import responses

    monkeypatch.delattr(responses.RequestsMock, "_find_match")
    with pytest.raises(AssertionError, match="HTTP through responses cannot be watched on this version"):
        watch(REQUESTS, "import responses, shop\ndef test(): pass")
