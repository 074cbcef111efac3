import json

import pytest

from componentstream.core.errors import ConfigurationError
from componentstream.demo.recording import Chunk, is_chunk, read_recording

AT = '"at" must be a number of seconds from 0 to 1e+09, not'


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "answer.jsonl"

    def write(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_recording_is_read_chunk_by_chunk(recording):
    path = recording('{"at": 0, "text": "/// START A"}\n{"at": 0.5, "text": "\\n\\u00e9\\u2028"}\n')
    assert read_recording(path) == [Chunk(0.0, "/// START A"), Chunk(0.5, "\né\u2028")]
    assert type(read_recording(path)[0].at) is float
    assert read_recording(str(path)) == read_recording(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"at": 0.5, "text": "a"}', True),
        (b'\xef\xbb\xbf{"text": "a", "at": 1, "more": 2}\r', True),
        (b'{"at": 0.5}', False),
        (b'{"at": 0.5, "text": "a"', False),
        (b"/// START Hero", False),
        (b"", False),
    ],
)
def test_a_chunk_can_be_told_from_the_text_of_a_model(line, expected):
    assert is_chunk(line) is expected


def test_an_empty_file_is_an_empty_recording(recording):
    assert read_recording(recording("")) == []


def test_line_ends_blank_lines_and_a_byte_order_mark_are_tolerated(recording):
    path = recording(b'\xef\xbb\xbf{"at": 1, "text": "a"}\r\n\n \t\r\n{"at": 1, "text": "b"}')
    assert read_recording(path) == [Chunk(1.0, "a"), Chunk(1.0, "b")]


def test_raw_line_separators_of_unicode_do_not_end_a_line(recording):
    path = recording('{"at": 1, "text": "a\u2028b\x85c"}\n')
    assert read_recording(path) == [Chunk(1.0, "a\u2028b\x85c")]


def test_other_fields_are_ignored(recording):
    assert read_recording(recording('{"at": 1, "text": "", "model": "x"}')) == [Chunk(1.0, "")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nonsense", "the line is not valid JSON in UTF-8."),
        (b'{"at": 1, "text": "\xff"}', "the line is not valid JSON in UTF-8."),
        (b"[" * 100_000, "the line is not valid JSON in UTF-8."),
        (b'{"at": ' + b"9" * 5000 + b', "text": ""}', "the line is not valid JSON in UTF-8."),
        (b'["at"]', 'the line must be an object such as {"at": 0.41, "text": "..."}.'),
        (b"7", 'the line must be an object such as {"at": 0.41, "text": "..."}.'),
        (b'{"text": ""}', f"{AT} None."),
        (b'{"at": true, "text": ""}', f"{AT} True."),
        (b'{"at": "1", "text": ""}', f"{AT} '1'."),
        (b'{"at": -0.1, "text": ""}', f"{AT} -0.1."),
        (b'{"at": NaN, "text": ""}', f"{AT} nan."),
        (b'{"at": Infinity, "text": ""}', f"{AT} inf."),
        (b'{"at": ' + b"9" * 400 + b', "text": ""}', f"{AT} {'9' * 100}."),
        (b'{"at": 1}', '"text" must be a string, not None.'),
        (b'{"at": 1, "text": null}', '"text" must be a string, not None.'),
        (b'{"at": 0.5, "text": ""}', '"at" decreases from 0.75 to 0.5; sort the lines by time.'),
    ],
)
def test_a_line_that_is_not_a_chunk_is_refused_with_its_number(recording, line, problem):
    path = recording(b'{"at": 0.75, "text": "a"}\n\n' + line + b"\n")
    with pytest.raises(ConfigurationError) as caught:
        read_recording(path)
    assert str(caught.value) == f"{path}, line 3: {problem}"


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_recording(tmp_path / "none.jsonl")


def test_json_output_is_read_back(recording):
    chunks = [Chunk(0.0, "a\n"), Chunk(0.25, '"\\'), Chunk(1.0, "\ud83d")]
    lines = "".join(json.dumps({"at": chunk.at, "text": chunk.text}) + "\n" for chunk in chunks)
    assert read_recording(recording(lines)) == chunks
