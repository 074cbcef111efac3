"""The calls of one tool give one text, however their parts come."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    assert found == ("x", ["source_incomplete"])
    found = result(Part(0, "show", "a", '{"code": "x'), Part(0, "show", "b", '{"code": "y"}'))
    assert found == ("x", ["source_incomplete"])


def test_parts_of_parallel_calls_may_come_mixed():
    def mixed(*texts):
        return [Part(key, None, None, text) for key, text in texts]

    named = [Part(key, "show", f"id{key}") for key in range(3)]
    whole = mixed((1, '{"code": "y"}'), (0, '{"code": "x"}'), (2, '{"code": ""}'))
    assert result(*named, *whole) == ("x\ny", [])
    cut = mixed((2, '{"code": "z'), (1, '{"code": "p'), (0, '{"code": "x'), (1, 'q"}'), (2, '"}'), (0, 'y"}'))
    assert result(*named, *cut) == ("xy\npq\nz", [])
    assert pieces(*named, *cut, message_ends=True) == ["x", "y", "\n", "p", "q", "\n", "z"]


@given(st.lists(st.sampled_from(range(4)), max_size=60))
def test_the_text_of_calls_does_not_depend_on_the_order_of_their_parts(order):
    texts = [f'{{"a": {{}}, "code": "x{key}-\\ud83d\\ude00", "b": "no"}}' for key in range(4)]
    steps = {
        key: iter([text[at : at + 3] for at in range(0, len(text), 3)]) for key, text in enumerate(texts)
    }
    parts = [Part(key, text=part) for key in order if (part := next(steps[key], None)) is not None]
    rest = [Part(key, text=part) for key in range(4) for part in steps[key]]
    named = [Part(key, "show") for key in range(4)]
    assert result(*named, *parts, *rest) == ("\n".join(f"x{key}-\U0001f600" for key in range(4)), [])


def test_another_call_ends_a_free_form_input_and_mixed_ones_are_told():
    named = [Part(0, "show", text="a"), Part(1, "show", text="b"), Part(1, text="c")]
    assert result(*named, Part(0, text=""), argument=None) == ("a\nbc", [])
    decoder = ToolCallDecoder("show", None)
    [*texts, error] = decoder.feed([*named, Part(0, text="d"), Part(1, text="e")])
    assert texts == ["a", "\n", "b", "c"]
    assert (error.code, error.fatal) == ("source_not_understood", True)
    assert decoder.feed([Part(1, text="e")]) == []


def test_nothing_follows_a_fatal_error():
    parts = [Part(0, "show", "1", '{"code": "x'), Part(0, "show", "2", '{"code": "y"}'), Part(0, text="z")]
    *texts, error = ToolCallDecoder("show", "code").feed(parts)
    assert (texts, error.code) == (["x"], "source_incomplete")
    decoder = ToolCallDecoder("show", "code")
    assert decoder.feed([Part(0, "show", text='{"code": "x'), Part(1, "show", text='{"code": "y"}')]) == ["x"]
    [error] = decoder.end_message()
    assert error.code == "source_incomplete"
    assert decoder.feed([Part(1, text="no")]) == []


def test_a_tentative_end_waits_for_the_calls():
    decoder = ToolCallDecoder("show", "code")
    assert decoder.feed([Part(0, "show", None, '{"code": "x')]) == ["x"]
    assert decoder.end_message(tentative=True) == []
    assert decoder.feed([Part(0, text='y"}')]) == ["y"]
    assert decoder.end_message(tentative=True) == []
    assert decoder.feed([Part(0, "show", None, '{"code": "z"}')]) == ["\n", "z"]


def test_the_calls_that_wait_are_bounded():
    first = Part("first", "show", None, '{"code": "x')
    for parts in (
        [Part(key, "show") for key in range(2000)],
        [Part(1, "show", None, '{"code": "'), *[Part(1, text="y" * 9999)] * 200],
    ):
        decoder = ToolCallDecoder("show", "code")
        text, error = decoder.feed([first, *parts])
        assert text == "x"
        assert (error.code, error.fatal, error.retryable) == ("source_incomplete", True, True)


def test_text_that_no_longer_waits_is_not_counted():
    decoder = ToolCallDecoder("show", "code")
    for number in range(30):
        keys = number * 2, number * 2 + 1
        parts = [Part(key, "show", None, '{"code": "') for key in keys]
        waiting = [Part(keys[1], text="y" * 99_999), Part(keys[1], text='"}'), Part(keys[0], text='"}')]
        assert decoder.feed([*parts, *waiting])[-1] == "y" * 99_999


def test_the_calls_of_other_tools_are_forgotten():
    decoder = ToolCallDecoder("show", "code")
    parts = (Part(key, "look") for key in range(20_000))
    assert decoder.feed(parts) == []
    assert sys.getsizeof(decoder._known) < 200_000
    assert decoder.feed([Part(5, "show", None, '{"code": "x"}')]) == ["x"]


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


def test_the_tools_and_arguments_that_came_are_named():
    [error] = pieces(Part(0, "look"), Part(1, "see"), Part(2, "a sentence"), Part(3, "look"))
    assert error.message.endswith("argument 'code'. It calls 'look', 'see'.")
    text = '{"html": "x", "size": {"w": 1}, "code": 7, "a sentence": "", "more": 1}'
    for part in (
        Part(0, "show", None, text),
        Part(0, "show", arguments={"html": "x", "size": 1, "code": 7}),
        Part(name="show", added={"html": "x", "size": "1", "code2": "x"}),
    ):
        told, error = pieces(Part(5, "look"), part)
        assert "The arguments of its calls are 'html', 'size', 'code" in error.message
        if part.added is None:
            assert told.message.endswith(" that is a string. Its arguments are 'html', 'size', 'code'.")


def test_an_input_that_is_not_json_is_the_text():
    assert result(Part(0, "show", text=""), Part(0, text='{"a'), Part(0), argument=None) == ('{"a', [])
    assert result(Part(0, "show"), argument=None) == ("", [])


@pytest.mark.parametrize(
    ("tool", "argument"),
    [("", "code"), (None, "code"), (5, "code"), ("show", 5)],
)
def test_a_misuse_is_refused(tool, argument):
    with pytest.raises(UsageError, match="must be the name of"):
        ToolCallDecoder(tool, argument)


def test_an_integer_of_any_size_is_refused():
    for options in [(10**5000, None), ("show", 10**5000)]:
        with pytest.raises(UsageError, match="not int of thousands of digits"):
            ToolCallDecoder(*options)


def test_the_options_of_a_decoder_belong_together():
    assert tool_call_decoder(None, None) is None
    assert tool_call_decoder("show", None) is not None
    with pytest.raises(UsageError, match="pass the name of the tool too"):
        tool_call_decoder(None, "code")
