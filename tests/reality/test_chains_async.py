"""Coroutines, asynchronous generators and context managers are seen under every runner, each task for itself."""

from __future__ import annotations

import asyncio

import pytest

from pytest_integration_gate.model.shape import ANYTHING, NEVER, Awaitable, Scalar, Sequence, Tuple

FEED = """
    import asyncio
    from contextlib import aclosing, asynccontextmanager

    import anylib


    class Feed:
        async def __aenter__(self):
            await self.pause()
            return self

        async def __aexit__(self, *exc):
            return False

        async def pause(self):
            await anylib.sleep(0)

        async def get(self, key):
            await self.pause()
            if not key:
                raise KeyError(key)
            return {"key": key}

        async def ticks(self, upto):
            for number in range(upto):
                await self.pause()
                yield number, "tick"

        @asynccontextmanager
        async def lease(self, key):
            await self.pause()
            yield key

        async def apply(self, work, label):
            await self.pause()
            await work()
            await self.pause()
            return label


    async def first(feed):
        async with aclosing(feed.ticks(3)) as ticks:
            async for tick in ticks:
                return tick


    async def everything(upto):
        async with Feed() as feed, feed.lease("k") as lease:
            return lease, [tick async for tick in feed.ticks(upto)], await feed.get("a")


    async def linked():
        connection = await anylib.connect()
        async with connection.cursor() as cursor:
            return [row async for row in cursor.rows()]
    """

ANYLIB = """
    sleep = None


    class Cursor:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *exc):
            return None

        async def rows(self):
            await sleep(0)
            yield 1, "Ada"


    class Connection:
        def cursor(self):
            return Cursor()


    async def connect():
        await sleep(0)
        return Connection()
    """


@pytest.fixture(params=["asyncio", "anyio", "anyio on trio"])
def run(request, workshop):
    """Run coroutine functions to their end."""
    anylib = workshop.library("anylib", ANYLIB)
    if request.param == "asyncio":
        anylib.sleep = asyncio.sleep
        return lambda function, *args: asyncio.run(function(*args))
    anyio = pytest.importorskip("anyio")
    anylib.sleep = anyio.sleep
    if request.param == "anyio":
        return anyio.run
    pytest.importorskip("trio")
    return lambda function, *args: anyio.run(function, *args, backend="trio")


@pytest.fixture
def feed(workshop, run):
    return workshop.write("feed", FEED)


def only(observations):
    (each,) = observations
    return each


def test_everything_asynchronous_is_seen(workshop, feed, run):
    """Results that were awaited, elements, and what ``async with`` gives, by class and by decorator."""

    def use():
        assert run(feed.everything, 2) == ("k", [(0, "tick"), (1, "tick")], {"key": "a"})

    seen = workshop.see(use)
    assert only(seen["feed:Feed.get"]).outcome.kind == "awaited"
    assert only(seen["feed:Feed.get"]).site.function == "everything"
    entered = only(seen["feed:Feed.__aenter__"]).outcome
    assert (entered.kind, entered.shape.cls) == ("awaited", "feed:Feed")
    leased = only(seen["feed:Feed.lease().__aenter__"])
    assert (leased.outcome.kind, leased.outcome.text) == ("awaited", "'k'")
    ticks = only(seen["feed:Feed.ticks"])
    assert ticks.outcome.kind == "returned"
    assert ticks.outcome.shape == Sequence("async generator", Tuple((Scalar("int"), Scalar("str"))))
    assert ticks.site.call == "feed.ticks(upto)"


def test_generators_that_are_left_empty_or_untouched(workshop, feed, run):
    """One element is enough to know it; none says so; nobody asking says nothing."""

    async def untouched():
        feed.Feed().ticks(9)

    def use():
        assert run(feed.first, feed.Feed()) == (0, "tick")
        run(feed.everything, 0)
        run(untouched)

    seen = workshop.see(use)
    shapes = {each.arguments.keywords[0][1].text: each.outcome.shape.element for each in seen["feed:Feed.ticks"]}
    assert shapes == {"3": Tuple((Scalar("int"), Scalar("str"))), "0": NEVER, "9": ANYTHING}


def test_failures_and_forgotten_coroutines(workshop, feed, run):
    """What awaiting raises is told as such; a coroutine that nobody awaits is only that."""

    async def use():
        with pytest.raises(KeyError):
            await feed.Feed().get("")
        feed.Feed().get("x").close()

    raised, forgotten = workshop.see(lambda: run(use))["feed:Feed.get"]
    assert (raised.outcome.kind, raised.outcome.awaiting) == ("raised", True)
    assert forgotten.outcome.shape == Awaitable(ANYTHING)


def test_links_of_asynchronous_libraries(workshop, feed, run):
    """A chain goes on through what was awaited and entered."""

    def use():
        assert run(feed.linked) == [(1, "Ada")]

    seen = workshop.see(use, named=["feed.anylib.connect"])
    assert only(seen["anylib:connect"]).outcome.shape.cls == "anylib:Connection"
    assert only(seen["anylib:Connection.cursor"]).outcome.shape.cls == "anylib:Cursor"
    assert only(seen["anylib:Cursor.__aenter__"]).outcome.kind == "awaited"
    assert only(seen["anylib:Cursor.rows"]).outcome.shape.element == Tuple((Scalar("int"), Scalar("str")))


def test_interleaved_tasks_are_contaminated_each_for_itself(workshop, feed):
    """A double that one task calls leaves the calls of other tasks, under way at the same time, clean."""
    feed.anylib.sleep = asyncio.sleep
    watcher = workshop.watcher()

    async def use():
        store = feed.Feed()
        started = [asyncio.Event() for _ in range(3)]

        def work(number):
            async def double():
                started[number].set()
                for event in started:
                    await event.wait()
                if number == 1:
                    watcher.contaminate("a double")

            return double

        async def ticking():
            # The consumer calls a double between two elements; the generator stands still meanwhile.
            async for _ in store.ticks(3):
                watcher.contaminate("another double")  # called beneath nothing

        await asyncio.gather(*(store.apply(work(number), number) for number in range(3)), ticking())

    watcher.start()
    asyncio.run(use())
    observations = watcher.stop().observations
    applied = {each.outcome.text: each.contaminated for each in observations if each.target == "feed:Feed.apply"}
    assert applied == {"0": "", "1": "a double", "2": ""}
    assert {each.contaminated for each in observations if each.target == "feed:Feed.ticks"} == {""}


def test_cancelled_calls_say_nothing(workshop, feed):
    """A cancellation is the caller's doing, no outcome of the collaborator."""
    feed.anylib.sleep = asyncio.sleep

    async def use():
        async def forever():
            await asyncio.sleep(60)

        task = asyncio.create_task(feed.Feed().apply(forever, "x"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert "feed:Feed.apply" not in workshop.see(lambda: asyncio.run(use()))
