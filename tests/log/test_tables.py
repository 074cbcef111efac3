"""What an SQLite log does when its file is broken. The test file of that log imports all of this."""

import asyncio
import random
import sqlite3
from collections import Counter

import pytest

from componentstream.log import LogError, SQLiteEventLog, StoreError
from componentstream.testing.log_contract._scenario import numbered, read_payloads, started


async def some_streams(file, **options):
    """Return a log in which the entries of three streams lie on pages of their own, for the most part."""
    log = SQLiteEventLog(file, **options)
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


def test_where_one_stream_is_broken_the_others_are_read_and_written(tmp_path):
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


def test_a_broken_stream_that_has_had_its_time_is_forgotten_and_in_nobodys_way(tmp_path):
    async def scenario():
        file = tmp_path / "log.db"
        log = await some_streams(file, keep=0.3)
        assert break_pages(file, b"two ", b"one ", b"three ") > 5
        await asyncio.sleep(0.4)
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
def test_what_comes_before_the_damage_of_a_write_ahead_log_is_there_and_goes_on(tmp_path, how):
    chance = random.Random(how)

    def damage(data):
        at = chance.randrange(len(data))
        return data[:at] + (
            b"" if how == "cut" else bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        )

    async def scenario():
        log = SQLiteEventLog(tmp_path / "log.db")
        lease = await started(log)
        for seq in range(1, 61):
            await log.append(lease, seq, [b"%d" % seq])
        lasts = set()
        for n in range(12):
            image = SQLiteEventLog(crash_image(tmp_path / "log.db", tmp_path / str(n), damage))
            lease = await image.acquire("s", owner="ada", take_over="open")
            lasts.add(lease.last)
            await image.append(lease, lease.last + 1, [b"%d" % (lease.last + 1)])
            await image.finish(lease)
            assert await read_payloads(image, "s") == numbered(1, lease.last + 1)
            await image.aclose()
        assert len(lasts) > 3
        await log.aclose()

    asyncio.run(scenario())


def test_of_a_file_that_was_cut_short_what_is_missing_is_said(tmp_path):
    async def scenario():
        file = tmp_path / "log.db"
        await (await some_streams(file)).aclose()
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        log = SQLiteEventLog(file)
        with pytest.raises(StoreError, match="The file of the log failed"):
            await read_payloads(log, "three")
        await log.aclose()
        file.write_bytes(b"no" + file.read_bytes())
        log = SQLiteEventLog(file)
        with pytest.raises(StoreError, match="The file of the log failed: file is not a database"):
            await log.acquire("s", owner="ada")
        await log.aclose()

    asyncio.run(scenario())


def test_a_bit_that_flips_in_the_file_raises_nothing_but_the_errors_of_a_log(tmp_path):
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
            log = SQLiteEventLog(file)
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


def test_what_is_no_entry_and_no_number_is_not_handed_on(tmp_path):
    async def scenario():
        log = SQLiteEventLog(tmp_path / "log.db")
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
