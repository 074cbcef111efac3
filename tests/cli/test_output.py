import io
import json
import sys

import pytest

from componentstream.cli.output import JSONLines, Table, counted, has_password, say, utf8, without_passwords
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Finding,
    FindingEvent,
    TextBlock,
)


def printed(table, capfdbinary):
    table.finish()
    sys.stdout.flush()
    return capfdbinary.readouterr().out.decode().split("\n")


def test_a_message_is_one_line_on_standard_error(capsys):
    say("no\nnonsense \x1b[2J")
    assert capsys.readouterr() == ("", "componentstream: no\\nnonsense \\x1b[2J\n")


def test_a_number_comes_with_its_noun():
    assert [counted(number, "component") for number in (0, 1, 2)] == [
        "0 components", "1 component", "2 components"
    ]  # fmt: skip
    assert counted(2, "near miss", "near misses") == "2 near misses"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://user:p%40ss@host:6379/0", "redis://user:***@host:6379/0"),
        ("not 'redis://:hunter2@host'; or", "not 'redis://:***@host'; or"),
        ("redis://:p@ss/w:rd@host", "redis://:***@host"),
        ("unix://:secret@/run/redis?db=1", "unix://:***@/run/redis?db=1"),
        ("redis://host?db=1&password=p%40ss&x=1", "redis://host?db=1&password=***&x=1"),
    ],
)
def test_the_password_of_a_url_is_not_printed(text, shown, capsys):
    assert has_password(text)
    assert without_passwords(text) == shown
    say(text)
    assert capsys.readouterr().err == f"componentstream: {shown}\n"


@pytest.mark.parametrize(
    "text", ["redis://user@host:6379/0", "https://a.example:8000/x", "sqlite:///var/a@b.db", "a: b@c"]
)
def test_a_text_without_a_password_is_left_as_it_is(text):
    assert not has_password(text)
    assert without_passwords(text) == text


@pytest.mark.parametrize(
    ("text", "data"),
    [("aé\n", b"a\xc3\xa9\n"), ("\ud83d\ude00", "😀".encode()), ("\ud83da\ude00", "\ufffda\ufffd".encode())],
)
def test_any_text_can_be_written_as_utf_8(text, data):
    assert utf8(text) == data


def test_events_are_printed_as_lines_of_json(capfdbinary):
    lines = JSONLines()
    lines.add(ContentBlockDelta(0, "é\x1b"))
    lines.finish()
    sys.stdout.flush()
    out = capfdbinary.readouterr().out
    assert out.isascii()
    assert json.loads(out) == ContentBlockDelta(0, "é\x1b").to_dict()
    assert out.endswith(b"}\n")


def test_findings_are_for_the_table_only(capfdbinary):
    event = FindingEvent(Finding("near-miss", "info", "Almost a \x1bmarker.", line=7, span=(1, 2)))
    lines = JSONLines()
    lines.add(event)
    lines.finish()
    table = Table()
    table.add(event)
    assert printed(table, capfdbinary)[-2:-1] == [r"line 7: near-miss: Almost a \x1bmarker."]


def test_the_table_lists_blocks_with_children_indented_and_the_errors_below(capfdbinary):
    table = Table()
    for event in [
        ContentBlockStart(0, TextBlock()),
        ContentBlockDelta(0, "hello"),
        ContentBlockStop(0, "end", 5),
        ContentBlockStart(1, ComponentBlock("Menu", "nav")),
        ContentBlockStart(2, ComponentBlock("Menu.Item", "main", {}, 1)),
        ContentBlockStart(3, ComponentBlock("Icon", "main", {}, 2)),
        ErrorEvent("component_too_large", "Too large.", index=3),
        ContentBlockStop(3, "end", 1200, 34),
        ContentBlockStop(2, "implied", 7),
        ErrorEvent("unclosed_component", "Menu.Item is open.", line=12, index=2),
        ErrorEvent("stream_too_large", "Too long.", fatal=True),
    ]:
        table.add(event)
    assert printed(table, capfdbinary) == [
        "index  component    position                size  reason",
        "    0  (text)                                  5  end",
        "    1  Menu         nav",
        "    2    Menu.Item  main                       7  implied",
        "    3      Icon     main      1200 (+34 dropped)  end",
        "",
        "block 3: component_too_large: Too large.",
        "line 12: unclosed_component: Menu.Item is open.",
        "whole stream: stream_too_large: Too long.",
        "",
    ]


def test_an_empty_table_consists_of_its_headings(capfdbinary):
    assert printed(Table(), capfdbinary) == ["index  component  position  size  reason", ""]


def test_nothing_from_the_input_reaches_the_terminal_unescaped(capfdbinary):
    table = Table()
    table.add(ContentBlockStart(0, ComponentBlock("A\x1b[2J", "x\x07")))
    table.add(ErrorEvent("invalid_name", "\x1b]0;title\x07\nnext", line=1))
    assert printed(table, capfdbinary) == [
        r"index  component  position  size  reason",
        r"    0  A\x1b[2J   x\x07",
        r"",
        r"line 1: invalid_name: \x1b]0;title\x07\nnext",
        r"",
    ]


def test_a_terminal_of_few_characters_gets_the_others_escaped(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    table = Table()
    table.add(ErrorEvent("invalid_name", "é", line=1))
    table.finish()
    sys.stdout.flush()
    assert out.getvalue().endswith(b"line 1: invalid_name: \\xe9\n")
