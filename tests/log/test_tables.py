"""The tables of an SQLite log, and its behaviour when the file is damaged."""

import asyncio
import random
import sqlite3
from collections import Counter
from contextlib import aclosing

import pytest

from componentstream.log import Entry, LeaseLostError, LogError, SequenceError, SQLiteEventLog, StoreError
from componentstream.log._sqlite_thread import SQLiteThread
from componentstream.log._tables import READING, Acquire, connect
from componentstream.testing.log_contract._scenario import numbered, read_payloads, started, waiting_client
from tests.log.running import run
from tests.timing import STORE_WAIT


def opened(file, **options):
    return SQLiteEventLog(file, call_timeout=STORE_WAIT, **options)


def expire(file):
    """Let every stream have ended two hours ago, longer than it is kept."""
    connection = sqlite3.connect(file)
    connection.execute("UPDATE log_stream SET until = until - 7200")
    connection.commit()
    connection.close()


@pytest.fixture
def with_log(tmp_path):
    def with_log(scenario, **options):
        run(lambda: aclosing(opened(tmp_path / "log.db", **options)), scenario)

    return with_log


async def some_streams(file, **options):
    """Return a log in which the entries of three streams lie on pages of their own, for the most part."""
    log = opened(file, **options)
    for name in ("one", "two", "three"):
        lease = await started(log, name)
        await log.append(lease, 1, [b"%s %d " % (name.encode(), n) + bytes(500) for n in range(100)])
        await log.finish(lease)
    return log


def break_pages(file, marker, *others):
    """Write nonsense over the pages of a file that have a marker and none of the others."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data = file.read_bytes()
    pages = [data[start : start + size] for start in range(0, len(data), size)]
    broken = [marker in page and not any(other in page for other in others) for page in pages]
    file.write_bytes(
        b"".join(b"\xff" * size if bad else page for page, bad in zip(pages, broken, strict=True))
    )
    return sum(broken)


def test_damage_in_one_stream_does_not_affect_the_others(tmp_path):
    async def scenario():
        file = tmp_path / "log.db"
        log = await some_streams(file)
        assert break_pages(file, b"two ", b"one ", b"three ") > 5
        with pytest.raises(StoreError, match="The file of the log failed: database disk image is malformed"):
            await read_payloads(log, "two")
        for name in ("one", "three"):
            assert len(await read_payloads(log, name)) == 100
        lease = await started(log, "four", count=3)
        await log.finish(lease)
        assert await read_payloads(log, "four") == numbered(1, 3)
        await log.delete("two")
        assert await log.status("two") is None
        await log.aclose()

    asyncio.run(scenario())


def test_an_expired_damaged_stream_is_abandoned(tmp_path):
    async def scenario():
        file = tmp_path / "log.db"
        log = await some_streams(file)
        expire(file)
        assert break_pages(file, b"two ", b"one ", b"three ") > 5
        await started(log, "two", count=3)
        assert (await log.status("two")).last == 3
        connection = sqlite3.connect(file)
        assert connection.execute("SELECT name FROM log_stream").fetchall() == [("two",)]
        connection.close()
        await log.aclose()

    asyncio.run(scenario())


def test_a_file_that_fails_otherwise_while_a_stream_is_forgotten_fails(tmp_path):
    async def scenario():
        log = await some_streams(tmp_path / "log.db")
        connection = sqlite3.connect(tmp_path / "log.db")
        connection.execute("CREATE TRIGGER t BEFORE DELETE ON log_entry BEGIN SELECT RAISE(FAIL, 'no'); END")
        connection.close()
        with pytest.raises(StoreError, match="The file of the log failed: no"):
            await log.delete("two")
        assert (await log.status("two")).last == 100
        await log.aclose()

    asyncio.run(scenario())


def crash_image(file, folder, change):
    """Copy a log as a crash would leave it, with another write-ahead log."""
    folder.mkdir()
    (folder / "log.db").write_bytes(file.read_bytes())
    (folder / "log.db-wal").write_bytes(change(file.with_name("log.db-wal").read_bytes()))
    return folder / "log.db"


@pytest.mark.parametrize("how", ["cut", "flip"])
def test_entries_before_the_damage_of_a_write_ahead_log_survive(tmp_path, how):
    chance = random.Random(how)

    def damage(data):
        at = chance.randrange(len(data))
        return data[:at] + (
            b"" if how == "cut" else bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        )

    async def scenario():
        log = opened(tmp_path / "log.db")
        lease = await started(log)
        for seq in range(1, 61):
            await log.append(lease, seq, [b"%d" % seq])
        lasts = set()
        for n in range(12):
            image = opened(crash_image(tmp_path / "log.db", tmp_path / str(n), damage))
            lease = await image.acquire("s", owner="ada", take_over="open")
            lasts.add(lease.last)
            await image.append(lease, lease.last + 1, [b"%d" % (lease.last + 1)])
            await image.finish(lease)
            assert await read_payloads(image, "s") == numbered(1, lease.last + 1)
            await image.aclose()
        assert len(lasts) > 3
        await log.aclose()

    asyncio.run(scenario())


def test_a_truncated_file_is_reported(tmp_path):
    async def scenario():
        file = tmp_path / "log.db"
        await (await some_streams(file)).aclose()
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        log = opened(file)
        with pytest.raises(StoreError, match="The file of the log failed"):
            await read_payloads(log, "three")
        await log.aclose()
        file.write_bytes(b"no" + file.read_bytes())
        log = opened(file)
        with pytest.raises(StoreError, match="The file of the log failed: file is not a database"):
            await log.acquire("s", owner="ada")
        await log.aclose()

    asyncio.run(scenario())


def test_a_flipped_bit_raises_only_log_errors(tmp_path):
    chance = random.Random(8)
    told = Counter()

    async def outcome(log, name):
        try:
            return await read_payloads(log, name)
        except LogError as error:
            return type(error).__name__

    async def scenario():
        file = tmp_path / "log.db"
        await (await some_streams(file)).aclose()
        data = file.read_bytes()
        for _ in range(60):
            page = chance.randrange(len(data) // 4096) * 4096
            at = page + (chance.randrange(4096) if chance.random() < 0.3 else 0)
            file.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
            log = opened(file)
            for name in ("one", "two", "three"):
                got = await outcome(log, name)
                if isinstance(got, list):
                    assert len(got) == 100
                    assert {type(payload) for payload in got} == {bytes}
                told[got if isinstance(got, str) else "read"] += 1
            await log.aclose()

    asyncio.run(scenario())
    assert told["read"] > 60
    assert told["StoreError"] > 20


def test_values_of_the_wrong_type_in_the_file_are_rejected(tmp_path):
    async def scenario():
        log = opened(tmp_path / "log.db")
        leases = [await started(log, name, count=3) for name in ("entry", "number")]
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("UPDATE log_entry SET payload = 50 WHERE stream = 1 AND seq = 2")
        connection.execute("UPDATE log_stream SET last = 'three' WHERE id = 2")
        connection.close()
        broken = r"^The file of the log is damaged: an entry or its number has the wrong type\.$"
        for call in (
            read_payloads(log, "entry"),
            read_payloads(log, "number"),
            log.status("number"),
            log.append(leases[1], 4, [b"4"]),
            log.acquire("number", owner="ada", take_over="open"),
        ):
            with pytest.raises(StoreError, match=broken):
                await call
        assert (await log.status("entry")).last == 3
        await log.aclose()

    asyncio.run(scenario())


def test_an_append_that_waits_while_its_stream_is_taken_over_is_refused(with_log, tmp_path):
    async def scenario(log):
        old = await started(log, count=1)
        connection = connect(str(tmp_path / "log.db"), 0.0, durable=False)
        connection.execute("BEGIN IMMEDIATE")
        late = asyncio.create_task(log.append(old, 2, [b"late"]))
        await asyncio.sleep(0.1)
        assert not late.done()
        new = Acquire("s", "ada", "token", 60.0, "open", 60.0)(connection)
        connection.execute("COMMIT")
        connection.close()
        with pytest.raises(LeaseLostError):
            await late
        await log.append(new, 2, [b"2"])
        await log.finish(new)
        assert await read_payloads(log, "s") == [b"1", b"2"]

    with_log(scenario)


def test_opening_a_locked_file_is_retried(tmp_path):
    async def scenario():
        connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        asyncio.get_running_loop().call_later(0.1, connection.close)
        worker = SQLiteThread(
            lambda _: connect(str(tmp_path / "log.db"), 0.0, durable=False), READING, call_timeout=STORE_WAIT
        )
        assert await worker.run(lambda _: "done") == "done"
        await worker.aclose()

    asyncio.run(scenario())


def test_starting_a_stream_purges_some_expired_ones(with_log, tmp_path):
    async def scenario(log):
        for n in range(25):
            await log.finish(await started(log, f"s{n}", count=1))
        expire(tmp_path / "log.db")
        connection = sqlite3.connect(tmp_path / "log.db")
        left = []
        for n in range(3):
            await started(log, f"new{n}", count=1)
            left.append(
                connection.execute("SELECT count(DISTINCT stream) FROM log_entry").fetchone()[0] - n - 1
            )
        connection.close()
        assert left == [15, 5, 0]

    with_log(scenario)


def test_other_users_of_the_machine_cannot_read_the_files(tmp_path):
    async def main():
        log = opened(tmp_path / "log.db")
        await log.acquire("s", owner="ada")
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        await log.aclose()
        return modes

    assert asyncio.run(main()) == {0o600}


def test_every_job_of_a_producer_keeps_to_its_lease_and_the_bounds(with_log):
    async def scenario(log):
        lease = await started(log, count=3)
        await log.append(lease, 2, numbered(2, 4))
        await log.renew(lease)
        for first, payload in ((9, b"9"), (5, b"x")):
            with pytest.raises(SequenceError) as caught:
                await log.append(lease, first, [payload])
            assert caught.value.last == 5
        assert await log.acquire("s", owner="ada") is None
        await log.finish(lease)
        await log.finish(lease)
        with pytest.raises(LeaseLostError):
            await log.renew(lease)
        assert [entry async for page in log.read("s", 2) for entry in page] == [
            Entry(seq=seq, payload=b"%d" % seq) for seq in (3, 4, 5)
        ]
        await log.delete("s")
        await log.delete("s")
        assert await log.status("s") is None

    with_log(scenario, max_entries=3)


def test_a_lease_that_expires_leaves_a_lost_stream(with_log):
    async def scenario(log):
        lease = await started(log, ttl=0.05)
        await asyncio.sleep(2 * lease.ttl)
        assert (await log.status("s")).state == "lost"

    with_log(scenario)


def test_a_client_waits_for_the_changes_of_the_file(with_log):
    async def scenario(log):
        lease = await started(log, count=1)
        client = await waiting_client(log)
        await log.finish(lease)
        assert [entry.payload for entry in await client] == [b"1"]

    with_log(scenario)


def test_an_open_fails_when_the_tables_cannot_be_created(tmp_path):
    (tmp_path / "log.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        connect(str(tmp_path / "log.db"), 0.0, durable=True)
