"""The calls of one tool give one text, however their parts come."""

import pytest

from componentstream.core.errors import UsageError
from componentstream.sources import SourceError
from componentstream.sources._tool_calls import ToolCallDecoder, ToolFragment, tool_call_decoder

Part = ToolFragment


def pieces(*parts, argument="code", message_ends=False):
    decoder = ToolCallDecoder("show", argument)
    found = [piece for part in parts for piece in decoder.feed([part])]
    if message_ends:
        found += decoder.end_message()
    return found + decoder.close()


def result(*parts, **options):
    """Return the joined text, and the codes of the errors."""
    found = pieces(*parts, **options)
    text = "".join(piece for piece in found if isinstance(piece, str))
    return text, [piece.code for piece in found if isinstance(piece, SourceError)]


def test_parts_of_a_call_are_found_by_their_key():
    parts = [Part(1, "show"), Part(0, "look"), Part(1, text='{"code":'), Part(0, text='{"code": "no"}')]
    assert result(*parts, Part(1, text=' "x"}'), Part(2, text="no")) == ("x", [])


def test_the_first_part_may_have_text_and_a_name_may_be_repeated():
    assert result(Part(0, "show", "a", '{"code"'), Part(0, "show", "a", ': "x"}')) == ("x", [])
    assert result(Part(0, "show", None, '{"code"'), Part(0, "show", None, ': "x"}')) == ("x", [])


def test_another_id_begins_another_call():
    first = Part(0, "show", "a", '{"code": "x"}')
    assert result(first, Part(0, "show", "b", '{"code": "y"}')) == ("x\ny", [])
    assert result(first, Part(0, "look", "b", '{"code": "y"}')) == ("x", [])


def test_parts_without_a_key_follow_the_call_that_was_named_last():
    parts = [Part(name="show", added={"code": "a", "x": "no"}), Part(added={"code": "b"}), Part(added={})]
    assert result(*parts) == ("ab", [])
    assert result(*parts, Part(name="show", added={"code": ""}), Part(added={"code": "c"})) == ("ab\nc", [])
    assert result(*parts, Part(name="look"), Part(added={"code": "no"})) == ("ab", [])


def test_arguments_may_come_whole():
    assert result(Part(name="show", arguments={"code": "x"}), Part(name="look", arguments={"code": "y"})) == (
        "x",
        [],
    )


def test_several_calls_give_one_text_with_a_line_end_between_them():
    def call(key, text):
        return Part(key, "show", None, f'{{"code": "{text}"}}')

    assert result(call(0, "x"), call(1, "y\\n"), call(2, "z"), call(3, "")) == ("x\ny\nz", [])


def test_the_keys_of_a_message_mean_nothing_in_the_next():
    decoder = ToolCallDecoder("show", "code")
    assert decoder.feed([Part(0, "show", None, '{"code": "x"}')]) == ["x"]
    assert decoder.end_message() == []
    assert decoder.feed([Part(0, None, None, '{"code": "no"}')]) == []
    assert decoder.feed([Part(0, "show", None, '{"code": "y"}')]) == ["\n", "y"]
    assert decoder.close() == []


@pytest.mark.parametrize("message_ends", [True, False])
def test_a_call_that_ends_too_early_is_incomplete(message_ends):
    *_, error = pieces(Part(0, "show", None, '{"code": "x'), message_ends=message_ends)
    assert (error.code, error.fatal, error.retryable) == ("source_incomplete", True, True)


def test_a_call_that_another_one_interrupts_is_incomplete():
    found = result(Part(0, "show", None, '{"code": "x'), Part(1, "show", None, '{"code": "y"}'))
    assert found == ("x\ny", ["source_incomplete"])


def test_an_answer_without_a_call_of_the_tool_is_told():
    for parts in ([], [Part(0, "look", None, '{"code": "x"}')], [Part(0, None, None, '{"code": "x"}')]):
        [error] = pieces(*parts)
        assert (error.code, error.fatal, error.retryable) == ("source_not_understood", True, False)
        assert "'show' with a string argument 'code'" in error.message
    [error] = pieces(argument=None)
    assert "'show'." in error.message


def test_a_call_without_the_argument_is_told():
    assert result(Part(0, "show", None, "{}")) == ("", ["invalid_chunk", "source_not_understood"])
    assert result(Part(0, "show")) == ("", ["invalid_chunk", "source_not_understood"])
    given = Part(1, "show", None, '{"code": ""}')
    assert result(Part(0, "show", None, "{}"), given) == ("", ["invalid_chunk"])


def test_an_input_that_is_not_json_is_the_text():
    assert result(Part(0, "show", text=""), Part(0, text='{"a'), Part(0), argument=None) == ('{"a', [])
    assert result(Part(0, "show"), argument=None) == ("", [])


@pytest.mark.parametrize(("tool", "argument"), [("", "code"), (None, "code"), (5, "code"), ("show", 5)])
def test_a_misuse_is_refused(tool, argument):
    with pytest.raises(UsageError, match="must be the name of"):
        ToolCallDecoder(tool, argument)


def test_the_options_of_a_decoder_belong_together():
    assert tool_call_decoder(None, None) is None
    assert tool_call_decoder("show", None) is not None
    with pytest.raises(UsageError, match="pass the name of the tool too"):
        tool_call_decoder(None, "code")
