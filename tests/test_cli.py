import json
import os
import runpy
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest

from componentstream.cli import main
from tests.sources import recorded
from tests.timing import WAIT, passed_once

ANSWER = """\
Here it is.
/// START HeroSection position=header tone="warm"
<Button/>
/// START Title
text
/// END Title
/// END HeroSection
"""
EVENTS = [
    ("content_block_start", 0),
    ("content_block_delta", 0),
    ("content_block_stop", 0),
    ("content_block_start", 1),
    ("content_block_delta", 1),
    ("content_block_start", 2),
    ("content_block_delta", 2),
    ("content_block_stop", 2),
    ("content_block_stop", 1),
]
CALM = {**os.environ, "PYTHONIOENCODING": "utf-8"}

interruptible = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")


@pytest.fixture
def answer(tmp_path):
    def write(content=ANSWER, name="answer.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def command(*arguments):
    return [sys.executable, "-m", "componentstream", *arguments]


def run(*arguments, **options):
    return subprocess.run(
        command(*arguments), check=False, capture_output=True, timeout=WAIT, env=CALM, **options
    )


def start(*arguments, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    # Whoever runs the tests in the background has made them, and so the command, ignore an interrupt.
    attend = None if os.name == "nt" else partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command(*arguments), bufsize=0, env=CALM, preexec_fn=attend, **pipes)  # noqa: PLW1509


def events(output):
    return [json.loads(line) for line in output.splitlines()]


def outline(output):
    return [(event["type"], event["index"]) for event in events(output)]


def codes(output):
    return [event["error"]["type"] for event in events(output) if event["type"] == "error"]


def recording(*chunks):
    return "".join(json.dumps({"at": at, "text": text}) + "\n" for at, text in chunks)


# The real command


def test_parse_prints_the_events_of_a_file_and_ends_with_status_0(answer):
    done = run("parse", answer())
    assert (done.returncode, done.stderr) == (0, b"")
    assert outline(done.stdout) == EVENTS
    assert events(done.stdout)[3]["content_block"]["attributes"] == {"tone": "warm"}


@pytest.mark.parametrize("arguments", [["parse"], ["parse", "-"], ["parse", "--chunk", "1"]])
def test_parse_reads_standard_input(arguments):
    done = run(*arguments, input=ANSWER.encode())
    assert done.returncode == 0
    merged = list(dict.fromkeys(outline(done.stdout)))
    assert merged == EVENTS


def test_errors_in_the_stream_are_events_and_make_the_status_1(answer):
    done = run("parse", answer("/// START Hero position=nowhere\nx\n"))
    assert (done.returncode, done.stderr) == (1, b"")
    assert codes(done.stdout) == ["invalid_position", "unclosed_component"]


def test_a_text_without_components_in_which_a_line_looks_like_a_marker_is_told(answer):
    path = answer("{/* /// START Hero */}\n<h1/>\n// END Hero\n")
    done = run("parse", path)
    assert done.returncode == 0
    assert {kind for kind, _ in outline(done.stdout)} == {
        "content_block_start", "content_block_delta", "content_block_stop"
    }  # fmt: skip
    assert done.stderr.decode() == (
        "componentstream: No component was found, but 2 lines look like a marker; see them with --table.\n"
    )
    table = run("parse", "--table", path)
    assert b"2 lines look like a marker; the table lists them.\n" in table.stderr
    assert b'line 1: near-miss: This looks like a marker, but there is "{/*" on the line' in table.stdout
    assert b'line 3: near-miss: This looks like a marker, but it begins with "//"' in table.stdout


def test_one_such_line_beside_a_component_is_in_the_table_only(answer):
    done = run("parse", answer("- /// START Hero\n/// START Hero\n/// END Hero\n"))
    assert (done.returncode, done.stderr) == (0, b"")
    done = run("parse", answer("- /// START Hero\n"))
    assert b"but 1 line looks like a marker" in done.stderr


def test_the_response_of_a_provider_is_read_with_its_decoder(answer, capfdbinary):
    path = answer(recorded.sse(*recorded.chat(), done=True), name="answer.sse")
    assert main(["parse", "--decoder", "sse", path]) == 0
    names = [event["content_block"].get("name") for event in events(capfdbinary.readouterr().out)
             if event["type"] == "content_block_start"]  # fmt: skip
    assert names == ["Hero"]


def test_a_response_that_was_read_as_text_is_told(answer, capfdbinary):
    body = recorded.sse(*recorded.chat(), done=True)
    path = answer(body, name="answer.sse")
    told = "looks like the response of a provider; read it with --decoder sse.\n"
    assert main(["parse", path]) == 0
    assert capfdbinary.readouterr().err.decode() == (
        f"componentstream: No component was found: {path} {told}"
    )
    assert run("parse", input=body).stderr.decode().endswith(f"found: the input {told}")
    assert main(["parse", answer("Hello.")]) == 0
    assert capfdbinary.readouterr().err == b""


@pytest.mark.parametrize("options", [[], ["--table"], ["--chunk", "1"]])
def test_a_recording_is_not_parsed_as_the_text_of_a_model(answer, options):
    path = answer(recording((0.1, "/// START Hero\n")), name="a recording.jsonl")
    done = run("parse", *options, path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"componentstream: {path} is a recording; play it with: componentstream replay '{path}' "
        "| componentstream parse\n"
    )


def test_events_come_while_the_input_is_still_open():
    process = start("parse")
    try:
        process.stdin.write(b"/// START Hero\nabc")
        lines = [process.stdout.readline() for _ in range(2)]
        assert outline(b"".join(lines)) == [("content_block_start", 0), ("content_block_delta", 0)]
    finally:
        rest, _ = process.communicate(timeout=WAIT)
    assert codes(rest) == ["unclosed_component"]
    assert process.returncode == 1


def test_invalid_utf_8_is_read_with_replacements(answer):
    done = run("parse", answer(b"/// START Hero\na\xffb\xe2\x82\n/// END Hero\n\xc3"), "--chunk", "2")
    assert done.returncode == 0
    text = "".join(event["delta"]["text"] for event in events(done.stdout) if "delta" in event)
    assert text == "a\ufffdb\ufffd\n\ufffd"


def test_any_bytes_at_all_give_events_and_no_crash(answer):
    done = run("parse", answer(bytes(range(256)) * 40), "--table")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_pipe_ends_quietly():
    process = start("parse", "--chunk", "100")
    process.stdout.close()
    try:
        while process.poll() is None:
            process.stdin.write(b"text\n" * 100)
    except BrokenPipeError:
        pass
    finally:
        process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait(WAIT) == 141
    process.stderr.close()


@interruptible
def test_an_interrupt_ends_quietly_with_status_130():
    process = start("parse")
    process.stdin.write(b"abc")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT) == 130
    _, problems = process.communicate()
    assert problems == b""


@interruptible
def test_a_file_is_followed_until_interrupted_and_then_ended_properly(answer):
    path = answer("/// START Hero\nabc")
    process = start("parse", "--follow", path)
    assert outline(process.stdout.readline() + process.stdout.readline()) == EVENTS[:2]
    with Path(path).open("ab") as file:
        file.write(b"def")
    assert json.loads(process.stdout.readline())["delta"]["text"] == "def"
    process.send_signal(signal.SIGINT)
    rest, problems = process.communicate(timeout=WAIT)
    assert [event["type"] for event in events(rest)] == ["error", "content_block_stop"]
    assert (process.returncode, problems) == (130, b"")


@passed_once
def test_replay_keeps_the_pace_of_the_recording(answer):
    path = answer(recording((0.0, "/// START A\n"), (0.6, "text")), "answer.jsonl")
    process = start("replay", path, "--rate", "2")
    assert process.stdout.read(12) == b"/// START A\n"
    first = time.monotonic()
    assert process.stdout.read(4) == b"text"
    assert 0.2 < time.monotonic() - first < 10
    assert process.communicate(timeout=WAIT) == (b"", b"")
    assert process.returncode == 0


def test_replay_and_parse_fit_together(answer):
    replayed = run("replay", answer(recording((0.0, ANSWER[:70]), (9.0, ANSWER[70:]))), "--rate", "0")
    assert replayed.stdout == ANSWER.encode()
    assert outline(run("parse", input=replayed.stdout).stdout) == EVENTS


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["parse", "--help"], ["prompt", "--help"]])
def test_help_and_version_exit_with_status_0(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    wanted = (
        f"componentstream {version('componentstream')}\n" if arguments == ["--version"] else "Exit status"
    )
    assert wanted in done.stdout.decode()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
def test_progress_is_shown_on_a_terminal_and_removed_at_the_end():
    terminal, slave = os.openpty()
    process = start("parse", stderr=slave)
    os.close(slave)
    os.set_blocking(terminal, False)
    shown = b""
    deadline = time.monotonic() + WAIT
    while b" MB read" not in shown and time.monotonic() < deadline:
        process.stdin.write(b"text\n")
        time.sleep(0.05)
        shown += available(terminal)
    out, _ = process.communicate(timeout=WAIT)
    shown += available(terminal)
    os.close(terminal)
    assert shown.startswith(b"\r0.0 MB read")
    assert shown.endswith(b"\r" + b" " * len("0.0 MB read") + b"\r")
    assert process.returncode == 0
    assert b"MB" not in out


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
def test_no_progress_appears_between_events():
    terminal, slave = os.openpty()
    process = start("parse", stdout=slave, stderr=slave)
    os.close(slave)
    for _ in range(8):
        process.stdin.write(b"text\n")
        time.sleep(0.1)
    process.stdin.close()
    assert process.wait(WAIT) == 0
    os.set_blocking(terminal, False)
    shown = available(terminal)
    os.close(terminal)
    assert b"content_block_delta" in shown
    assert b"MB read" not in shown


def available(terminal):
    """What has been written to a pseudo-terminal; reading one that was closed is an error on Linux."""
    data = b""
    try:
        while piece := os.read(terminal, 65_536):
            data += piece
    except OSError:
        pass
    return data


# In this process


def output(capfdbinary):
    return capfdbinary.readouterr().out


def test_main_returns_the_status_and_flushes(answer, capfdbinary):
    assert main(["parse", answer()]) == 0
    assert outline(output(capfdbinary)) == EVENTS


def test_the_table_shows_every_block(answer, capfdbinary):
    assert main(["parse", "--table", answer(ANSWER + "/// START foot position=\x1b\n")]) == 1
    lines = output(capfdbinary).decode().split("\n")
    assert lines[:4] == [
        "index  component    position  size  reason",
        "    0  (text)                   12  end",
        "    1  HeroSection  header      10  end",
        "    2    Title      main         5  end",
    ]
    assert lines[4].split() == ["3", "(text)", "26", "end"]
    assert lines[5] == ""
    assert lines[6].startswith("line 8: invalid_attribute: ")
    assert "\x1b" not in "".join(lines)


def test_components_are_written_to_files_that_are_named_on_standard_error(answer, tmp_path, capfdbinary):
    text = "/// START Con\na\r\n/// END Con\n/// START Con\nb\n/// END Con\n"
    folder = tmp_path / "out"
    assert main(["parse", answer(text), "--write", str(folder), "--suffix", ".jsx"]) == 0
    out, problems = capfdbinary.readouterr()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "_Con.jsx": b"a\r\n",
        "_Con-2.jsx": b"b\n",
    }
    assert problems.decode().splitlines() == [
        f"componentstream: wrote {folder / '_Con.jsx'}",
        f"componentstream: wrote {folder / '_Con-2.jsx'}",
    ]
    assert len(events(out)) == 6


def test_a_component_that_was_cut_off_is_written_as_far_as_it_came(answer, tmp_path):
    assert main(["parse", answer("/// START Hero\nabc"), "--write", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out" / "Hero.tsx").read_text() == "abc"


def test_options_reach_the_grammar_and_the_limits(answer, capfdbinary):
    text = "#! START Hero position=top\nabcdef\n#! END Hero\nprose\n"
    assert main(["parse", answer(text), "--prefix=#!", "--position=top", "--outside=discard"]) == 0
    assert [event["type"] for event in events(output(capfdbinary))] == [kind for kind, _ in EVENTS[:3]]
    assert main(["parse", answer(), "--max-component-chars", "3"]) == 1
    assert codes(output(capfdbinary)) == ["component_too_large", "component_too_large"]


def test_a_fatal_error_is_the_last_one(answer, capfdbinary):
    assert main(["parse", answer("x" * 1000), "--max-total-chars", "10", "--chunk", "10"]) == 1
    assert codes(output(capfdbinary)) == ["stream_too_large"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["parse", "{}/none"], "{}/none: No such file or directory"),
        (["parse", "{}"], "{}: Is a directory"),
        (["parse", "{}/a", "--write", "{}/a"], "{}/a: File exists"),
        (["parse", "--follow"], "--follow needs a FILE; standard input is always read to its end."),
        (
            ["parse", "{}/a", "--default-position", "nowhere"],
            "Grammar: default_position must be one of positions; pass both.",
        ),
        (["replay", "{}/none"], "{}/none: No such file or directory"),
        (["replay", "{}/a"], "{}/a, line 1: the line is not valid JSON in UTF-8."),
    ],
)
def test_an_impossible_command_ends_with_status_2_and_a_sentence(arguments, sentence, tmp_path, capfd):
    (tmp_path / "a").write_text("text")
    assert main([argument.format(tmp_path) for argument in arguments]) == 2
    assert capfd.readouterr() == ("", f"componentstream: {sentence.format(tmp_path)}\n")


def test_the_package_can_be_run_as_a_module(answer, monkeypatch, capfdbinary):
    monkeypatch.setattr(sys, "argv", ["componentstream", "parse", answer()])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("componentstream", run_name="__main__")
    assert ended.value.code == 0
    assert outline(output(capfdbinary)) == EVENTS


def test_importing_the_module_that_is_run_runs_nothing(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["componentstream", "--version"])
    assert runpy.run_module("componentstream.__main__", run_name="other")["main"] is main


def test_wrong_arguments_end_with_status_2(capfd):
    with pytest.raises(SystemExit) as ended:
        main(["parse", "--chunk", "none"])
    assert ended.value.code == 2
    assert "argument --chunk: 'none' is not an integer >= 1" in capfd.readouterr().err


def test_the_name_of_a_file_cannot_control_the_terminal_either(tmp_path, capfd):
    assert main(["parse", str(tmp_path / "\x1b[2J")]) == 2
    assert capfd.readouterr().err == f"componentstream: {tmp_path}/\\x1b[2J: No such file or directory\n"


def test_events_before_a_problem_are_still_printed(answer, tmp_path, capfdbinary):
    folder = tmp_path / "out"
    folder.mkdir()
    name = "A" * 128
    text = f"/// START {name}\n/// END {name}\n"
    assert main(["parse", answer(text), "--write", str(folder), "--suffix", ".a" + "b" * 31 + ".c" * 3]) == 0
    assert main(["parse", answer(text), "--write", str(folder), "--suffix", (".a" + "b" * 31) * 4]) == 2
    out, problems = capfdbinary.readouterr()
    assert len(events(out)) == 4
    assert b"File name too long" in problems


def test_a_closed_pipe_gives_status_141(answer, monkeypatch, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["parse", answer()]) == 141
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_gives_status_2(answer, monkeypatch, capfd):
    with Path("/dev/full").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["parse", answer()]) == 2
    assert capfd.readouterr().err == "componentstream: input or output: No space left on device\n"


def test_an_interrupt_gives_status_130(answer, monkeypatch, capfd):
    def interrupt(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("componentstream.cli.time.sleep", interrupt)
    assert main(["replay", answer(recording((0.0, "a"), (5.0, "b")))]) == 130
    assert capfd.readouterr() == ("a", "")


def test_an_interrupt_while_following_still_shows_the_table(answer, monkeypatch, capfd):
    def interrupt(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("componentstream.cli.input.time.sleep", interrupt)
    assert main(["parse", "--follow", "--table", answer()]) == 130
    assert capfd.readouterr().out.startswith("index  component    position  size  reason\n    0  (text)")


def test_replay_at_rate_0_does_not_wait(answer, monkeypatch, capfd):
    monkeypatch.delattr("componentstream.cli.time.sleep")
    assert main(["replay", answer(recording((0.0, "a"), (1e9, "b"))), "--rate", "0"]) == 0
    assert capfd.readouterr().out == "ab"


def test_replay_waits_for_the_remaining_time(answer, monkeypatch, capfd):
    now, waits = [100.0], []

    def wait(seconds):
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("componentstream.cli.time.monotonic", lambda: now[0])
    monkeypatch.setattr("componentstream.cli.time.sleep", wait)
    assert main(["replay", answer(recording((1.0, "a"), (1.0, "b"), (16_000, "c"))), "--rate", "4"]) == 0
    assert waits == [0.25, 3600.0, 399.75]
    assert capfd.readouterr().out == "abc"


def test_replay_always_writes_utf_8(answer, capfdbinary):
    assert (
        main(["replay", answer(recording((0.0, "é\x1b"), (0.0, "\ud83d\ude00\ud83d"))), "--rate", "0"]) == 0
    )
    assert output(capfdbinary) == "é\x1b😀\ufffd".encode()


def test_the_instructions_for_a_model_can_be_read_by_parse_with_the_same_options(tmp_path):
    catalog = tmp_path / "catalog.json"
    catalog.write_text('[{"name": "Menu", "description": "Unter dem Logo."}, "Hero"]', encoding="utf-8")
    grammar = ["--prefix", "#!", "--start", "BEGIN", "--end", "FINISH", "--position", "aside"]
    prompt = run("prompt", "--catalog", str(catalog), "--language", "de", *grammar)
    assert (prompt.returncode, prompt.stderr) == (0, b"")
    text = prompt.stdout.decode()
    assert "- Menu: Unter dem Logo.\n- Hero\n" in text
    assert "#! BEGIN Menu position=main\n" in text
    assert " aside, " in text
    parsed = run("parse", *grammar, "-", input=prompt.stdout)
    assert parsed.returncode == 0
    starts = [event["content_block"] for event in events(parsed.stdout) if "content_block" in event]
    assert [start.get("name") for start in starts] == [None, "Menu", "Hero"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--language", "tlh"], b"'tlh' is not one of en, de"),
        (["--catalog", "missing.json"], b"missing.json: No such file"),
        (["--default-position", "nowhere"], b"default_position must be one of positions"),
    ],
)
def test_wrong_options_of_the_instructions_have_status_2(arguments, sentence):
    done = run("prompt", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == b""
