import asyncio
from contextlib import ExitStack

import pytest

from componentstream.log import StoreError, _notify
from componentstream.log._notify import Notifier, StoreNotifier, wait_for_notification


class Store:
    """The changes of a store, handed to a notifier one by one."""

    def __init__(self):
        self.results = asyncio.Queue()
        self.positions = []

    async def changes(self, position):
        self.positions.append(position)
        result = await self.results.get()
        if isinstance(result, Exception):
            raise result
        return result

    async def tell(self, *results):
        for result in results:
            self.results.put_nowait(result)
        for _ in range(3 * len(results)):
            await asyncio.sleep(0)


def test_a_notification_wakes_every_client_of_its_stream_and_no_other():
    notifier = Notifier()
    with notifier.subscribe("s") as one, notifier.subscribe("s") as two, notifier.subscribe("t") as other:
        notifier.notify("s")
        assert [event.is_set() for event in (one, two, other)] == [True, True, False]
        notifier.notify_all()
        assert other.is_set()
    notifier.notify("unknown")


def test_a_client_that_left_is_not_kept():
    notifier = Notifier()
    with notifier.subscribe("s") as first:
        with notifier.subscribe("s"):
            pass
        notifier.notify("s")
        assert first.is_set()
    assert notifier._subscribers == {}


def test_a_wait_ends_with_a_notification_or_with_its_time_and_can_be_repeated():
    async def main():
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        loop.call_soon(event.set)
        before = loop.time()
        await wait_for_notification(event, 60.0)
        assert loop.time() - before < 30.0
        assert not event.is_set()
        await wait_for_notification(event, 0.01)
        event.set()
        await wait_for_notification(event, 60.0)
        assert not event.is_set()

    asyncio.run(main())


def test_a_store_is_watched_once_and_only_while_a_client_waits():
    async def main():
        store = Store()
        notifier = StoreNotifier(store.changes)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with ExitStack() as clients:
            for stream in ("s", "s", "t"):
                clients.enter_context(notifier.subscribe(stream))
            await asyncio.sleep(0)
            assert store.positions == [None]
            assert len(asyncio.all_tasks()) == 2
        await notifier.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with notifier.subscribe("s"):
            await asyncio.sleep(0)
            assert store.positions == [None, None]
        await notifier.aclose()

    asyncio.run(main())


def test_changes_of_the_store_wake_the_clients_of_those_streams():
    async def main():
        store = Store()
        notifier = StoreNotifier(store.changes)
        with notifier.subscribe("s") as one, notifier.subscribe("t") as other:
            await store.tell((1, []))
            assert [one.is_set(), other.is_set()] == [True, True], "earlier changes are unknown"
            one.clear()
            other.clear()
            await store.tell((2, ["s", "unknown"]))
            assert [one.is_set(), other.is_set()] == [True, False]
            one.clear()
            await store.tell((3, []), (None, []))
            assert [one.is_set(), other.is_set()] == [False, False]
            await store.tell((1, []))
            assert [one.is_set(), other.is_set()] == [True, True], "the position was lost"
            assert store.positions == [None, 1, 2, 3, None, 1]
        await notifier.aclose()

    asyncio.run(main())


def test_a_store_that_fails_wakes_every_client_and_is_asked_again(monkeypatch):
    monkeypatch.setattr(_notify, "_RETRY_SECONDS", 0.01)

    async def main():
        store = Store()
        notifier = StoreNotifier(store.changes)
        with notifier.subscribe("s") as event:
            await store.tell((1, []))
            event.clear()
            await store.tell(StoreError("away"))
            assert event.is_set()
            event.clear()
            await asyncio.sleep(0.1)
            await store.tell((7, []))
            assert event.is_set(), "changes during the failure are unknown"
            assert store.positions == [None, 1, None, 7]
        await notifier.aclose()

    asyncio.run(main())


def test_closing_wakes_every_client():
    async def main():
        notifier = StoreNotifier(Store().changes)
        with notifier.subscribe("s") as event:
            await notifier.aclose()
            assert event.is_set()
        await notifier.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Notifier, lambda: StoreNotifier(Store().changes)], ids=["plain", "store"])
def test_a_client_that_fails_leaves_like_any_other(kind):
    async def main():
        notifier = kind()
        with pytest.raises(KeyError), notifier.subscribe("s"):
            raise KeyError
        assert notifier._subscribers == {}

    asyncio.run(main())
