import io
import os
import signal
import sys
import threading

import pytest

from componentstream.cli import input as module
from componentstream.cli.input import Input, Progress
from componentstream.core.errors import UsageError


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def read(name, **options):
    with Input(str(name), **{"size": 4, "follow": False, "progress": False, **options}) as source:
        return list(source)


def test_a_file_comes_in_chunks_of_at_most_the_given_size(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abcdefghi\xff")
    assert read(path) == [b"abcd", b"efgh", b"i\xff"]


def test_the_first_chunk_can_be_looked_at_afterwards(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abcdefghi")
    with Input(str(path), size=4, follow=False, progress=False) as source:
        assert source.first == b""
        assert list(source) == [b"abcd", b"efgh", b"i"]
        assert source.first == b"abcd"


def test_the_first_line_of_a_file_can_be_looked_at_without_reading_it(tmp_path):
    path = tmp_path / "answer"
    path.write_bytes(b"first\nsecond")
    with Input(str(path), size=100, follow=False, progress=False) as source:
        assert source.first_line() == source.first_line() == b"first"
        assert b"".join(source) == b"first\nsecond"


def test_standard_input_is_not_looked_at_since_it_may_wait(monkeypatch):
    receive, send = os.pipe()
    with os.fdopen(receive, "rb") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with Input("-", size=1, follow=False, progress=False) as source:
            assert source.first_line() == b""
    os.close(send)


def test_an_empty_file_has_no_chunks(tmp_path):
    (tmp_path / "answer.txt").touch()
    assert read(tmp_path / "answer.txt") == []


def test_a_hyphen_is_standard_input_which_stays_open(tmp_path, monkeypatch):
    (tmp_path / "answer.txt").write_bytes(b"abc")
    with (tmp_path / "answer.txt").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert read("-") == [b"abc"]
        assert os.fstat(stdin.fileno()).st_size == 3


def test_a_chunk_comes_when_it_is_there_even_if_it_is_short(monkeypatch):
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, os.fdopen(writer, "wb", buffering=0) as sender:
        monkeypatch.setattr(sys, "stdin", stdin)
        with Input("-", size=100, follow=False, progress=False) as source:
            chunks = iter(source)
            sender.write(b"abc")
            assert next(chunks) == b"abc"
            sender.write(b"d")
            assert next(chunks) == b"d"
            sender.close()
            assert list(chunks) == []


def test_standard_output_is_flushed_before_each_read(tmp_path, monkeypatch):
    (tmp_path / "answer.txt").write_bytes(b"abcdefgh")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(out)))
    seen = []
    with Input(str(tmp_path / "answer.txt"), size=4, follow=False, progress=False) as source:
        for chunk in source:
            seen.append(out.getvalue())
            sys.stdout.buffer.write(chunk)
    assert seen == [b"", b"abcd"]
    assert out.getvalue() == b"abcdefgh"


def test_standard_input_cannot_be_followed():
    with pytest.raises(UsageError, match="--follow needs a FILE"):
        Input("-", size=4, follow=True, progress=False)


def test_a_file_that_is_followed_is_read_on_until_interrupted(tmp_path, monkeypatch):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abc")
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt
        if len(waits) == 2:
            with path.open("ab") as file:
                file.write(b"de")

    monkeypatch.setattr(module.time, "sleep", wait)
    with Input(str(path), size=4, follow=True, progress=False) as source:
        assert list(source) == [b"abc", b"de"]
        assert source.interrupted
    assert waits == [0.2, 0.2, 0.2]


@pytest.fixture
def followed(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abcdefgh")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield Input(str(path), size=4, follow=True, progress=False)
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_between_two_reads_ends_the_input_and_a_second_one_is_raised(followed):
    with followed as source:
        chunks = iter(source)
        assert next(chunks) == b"abcd"
        signal.raise_signal(signal.SIGINT)
        assert list(chunks) == []
        assert source.interrupted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_waiting_ends_the_input_at_once(followed, monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    with followed as source:
        assert list(source) == [b"abcd", b"efgh"]
        assert source.interrupted


def test_interrupts_that_are_ignored_stay_ignored(followed):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with followed as source:
        signal.raise_signal(signal.SIGINT)
        assert not source.interrupted
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_file_can_be_followed_in_any_thread(followed):
    chunks = []

    def follow():
        with followed as source:
            chunks.append(next(iter(source)))

    thread = threading.Thread(target=follow)
    thread.start()
    thread.join()
    assert chunks == [b"abcd"]


def test_a_file_that_becomes_shorter_while_it_is_followed_is_refused(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abc")
    with Input(str(path), size=4, follow=True, progress=False) as source:
        chunks = iter(source)
        assert next(chunks) == b"abc"
        path.write_bytes(b"x")
        with pytest.raises(
            UsageError, match=r"answer\.txt became shorter while it was followed; run the command again\."
        ):
            next(chunks)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_has_no_length_that_could_shrink(tmp_path, monkeypatch):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    keeper = os.open(path, os.O_RDWR)
    os.write(keeper, b"abc")

    def wait(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", wait)
    with Input(str(path), size=4, follow=True, progress=True) as source:
        chunks = iter(source)
        assert next(chunks) == b"abc"
        os.close(keeper)
        assert list(chunks) == []


def test_the_progress_of_a_file_shows_its_length(tmp_path, monkeypatch):
    path = tmp_path / "answer.txt"
    path.write_bytes(b"abcdefgh")
    monkeypatch.setattr(Progress, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(Progress, "NEXT_SECONDS", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert read(path, progress=True) == [b"abcd", b"efgh"]
    line = "\r0.0 MB of 0.0 MB read"
    assert sys.stderr.getvalue() == line * 3 + "\r" + " " * 21 + "\r"


def test_progress_is_shown_after_a_moment_and_then_not_too_often():
    terminal, clock = io.StringIO(), Clock()
    progress = Progress(terminal, 2_000_000, clock)
    progress.update(1)
    clock.now += 0.49
    progress.update(2)
    assert terminal.getvalue() == ""
    clock.now += 0.02
    progress.update(1_250_000)
    clock.now += 0.09
    progress.update(1_300_000)
    assert terminal.getvalue() == "\r1.2 MB of 2.0 MB read"
    clock.now += 0.02
    progress.update(1_400_000)
    assert terminal.getvalue() == "\r1.2 MB of 2.0 MB read\r1.4 MB of 2.0 MB read"


def test_progress_without_a_known_total_says_what_was_read():
    terminal, clock = io.StringIO(), Clock()
    progress = Progress(terminal, None, clock)
    clock.now += 1
    progress.update(12_345_678)
    assert terminal.getvalue() == "\r12.3 MB read"


def test_a_shorter_line_covers_a_longer_one():
    terminal, clock = io.StringIO(), Clock()
    progress = Progress(terminal, None, clock)
    for count in (12_000_000, 1_000_000):
        clock.now += 1
        progress.update(count)
    assert terminal.getvalue() == "\r12.0 MB read\r1.0 MB read "


def test_progress_that_was_not_shown_need_not_be_cleared():
    terminal = io.StringIO()
    Progress(terminal, None).clear()
    assert terminal.getvalue() == ""


def test_progress_is_cleared_once():
    terminal, clock = io.StringIO(), Clock()
    progress = Progress(terminal, None, clock)
    clock.now += 1
    progress.update(0)
    progress.clear()
    progress.clear()
    assert terminal.getvalue() == "\r0.0 MB read\r           \r"


def test_progress_without_a_terminal_shows_nothing():
    clock = Clock()
    progress = Progress(None, None, clock)
    clock.now += 1
    progress.update(0)
    progress.clear()
