import math
from functools import partial

import attrs
import pytest

from componentstream import Catalog, ComponentSpec, ConfigurationError, Grammar, Limits
from componentstream.core.events import ContentBlockDelta
from componentstream.log import MemoryEventLog, open_log
from componentstream.session.lifecycle import Timeouts
from componentstream.sources import JSONLinesSourceDecoder, SourceDecoder, SSESourceDecoder
from tests import parts

parts.module("starlette")

from componentstream.server import ServerSettings  # noqa: E402 - it needs what is asked for above
from componentstream.server.settings import Setting  # noqa: E402

DEFAULTS = {
    "timeouts": Timeouts(generation=30.0, chunk=15.0),
    "grammar": Grammar(),
    "limits": Limits(),
    "catalog": None,
    "hooks": (),
    "batch_chars": 256,
    "batch_delay": 0.05,
    "decoder": "text",
    "heartbeat": 15.0,
    "send_timeout": 20.0,
    "log": None,
    "lease": 10.0,
    "log_timeout": 1.0,
    "on_store_failure": "continue",
    "on_disconnect": "continue",
    "max_body_bytes": 65_536,
    "body_timeout": 10.0,
    "authenticate": None,
    "ticket_seconds": 30.0,
    "near_misses": False,
    "debug": False,
    "allowed_origins": (),
    "trusted_proxies": 0,
    "rate_limit": "100/15 minutes",
    "rate_limit_storage": "async+memory://",
    "max_generations": 1000,
    "max_generations_per_user": 10,
    "max_readers": 10_000,
    "max_readers_per_user": 100,
    "shutdown_grace": 5.0,
    "compress": False,
    "metrics": True,
}

COUNTS = [
    "batch_chars", "max_body_bytes", "max_generations", "max_generations_per_user", "max_readers",
    "max_readers_per_user",
]  # fmt: skip
NO_COUNTS = [0, -1, 1.5, 2.0, True, "1", None, math.inf]

SECONDS = [
    "batch_delay", "send_timeout", "lease", "log_timeout", "body_timeout", "ticket_seconds", "shutdown_grace",
]  # fmt: skip
NO_SECONDS = [0, 0.0, -1.0, math.inf, -math.inf, math.nan, True, "15", b"1", None]

FLAGS = ["near_misses", "debug", "compress", "metrics"]


def refusal(**settings):
    with pytest.raises(ConfigurationError) as caught:
        ServerSettings(**settings)
    return str(caught.value)


def test_the_defaults_are_those_of_the_documentation():
    assert attrs.asdict(ServerSettings(), recurse=False) == DEFAULTS


def test_given_values_are_kept():
    given = {
        "timeouts": Timeouts(None, None), "grammar": Grammar(nesting="text"), "limits": Limits(max_depth=3),
        "catalog": Catalog([ComponentSpec("Hero")]), "hooks": [print], "batch_chars": 1, "batch_delay": 0.5,
        "decoder": "sse",
        "heartbeat": 1, "send_timeout": 1, "log": MemoryEventLog(), "lease": 2.5, "log_timeout": 0.1,
        "on_store_failure": "fail", "on_disconnect": "cancel", "max_body_bytes": 1, "body_timeout": 1e-9,
        "authenticate": print, "ticket_seconds": 5, "near_misses": True, "debug": True, "allowed_origins": ["https://a.example"],
        "trusted_proxies": 2, "rate_limit": None, "rate_limit_storage": "async+redis://x",
        "max_generations": 1, "max_generations_per_user": 1, "max_readers": 1, "max_readers_per_user": 1,
        "shutdown_grace": 0.1, "compress": True, "metrics": False,
    }  # fmt: skip
    assert given.keys() == DEFAULTS.keys()
    settings = ServerSettings(**given)
    assert {name: getattr(settings, name) for name in given} == given


def test_the_settings_are_given_by_name_and_stay_as_they_are():
    with pytest.raises(TypeError):
        ServerSettings(Timeouts())
    with pytest.raises(AttributeError):
        ServerSettings().debug = True


def test_a_heartbeat_and_a_rate_limit_can_be_left_out():
    settings = ServerSettings(heartbeat=None, rate_limit=None)
    assert (settings.heartbeat, settings.rate_limit) == (None, None)


def test_a_lease_is_at_most_what_a_log_accepts():
    assert ServerSettings(lease=366 * 86_400).lease == 366 * 86_400
    assert refusal(lease=366 * 86_400 + 1) == (
        "ServerSettings: lease must be at most 31622400 seconds, not 31622401."
    )


def test_each_stream_gets_a_batcher_of_its_own():
    settings = ServerSettings()
    assert settings.new_batcher() is not settings.new_batcher()


def test_the_batcher_has_the_bounds_of_the_settings():
    batcher = ServerSettings(batch_chars=3, batch_delay=0.5).new_batcher()
    assert batcher.feed([ContentBlockDelta(0, "a")], 10.0) == [ContentBlockDelta(0, "a")]
    assert batcher.feed([ContentBlockDelta(0, "b")], 10.1) == []
    assert batcher.next_deadline() == 10.5
    assert batcher.feed([ContentBlockDelta(0, "cd")], 10.2) == [ContentBlockDelta(0, "bcd")]


def test_every_field_has_metadata_of_its_kind():
    kinds = {field.name: field.metadata["setting"].kind for field in attrs.fields(ServerSettings)}
    assert [name for name, kind in kinds.items() if kind == "count"] == COUNTS
    assert [name for name, kind in kinds.items() if kind == "seconds" and name != "heartbeat"] == SECONDS
    assert {name for name, kind in kinds.items() if kind == "flag"} == {*FLAGS}
    assert [name for name, kind in kinds.items() if kind == "fields"] == ["timeouts", "grammar", "limits"]


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
def test_a_count_is_an_integer_above_0(name, value):
    assert refusal(**{name: value}) == f"ServerSettings: {name} must be an integer >= 1, not {value!r}."


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", NO_SECONDS, ids=repr)
def test_a_time_is_a_number_of_seconds_above_0(name, value):
    expected = f"ServerSettings: {name} must be a number of seconds > 0, not {value!r}."
    assert refusal(**{name: value}) == expected


@pytest.mark.parametrize("value", [value for value in NO_SECONDS if value is not None], ids=repr)
def test_a_heartbeat_is_a_number_of_seconds_above_0_or_none(value):
    expected = f"ServerSettings: heartbeat must be a number of seconds > 0, or None, not {value!r}."
    assert refusal(heartbeat=value) == expected


@pytest.mark.parametrize("value", [-1, 1.0, True, "1", None], ids=repr)
def test_the_number_of_proxies_is_an_integer_from_0(value):
    expected = f"ServerSettings: trusted_proxies must be an integer >= 0, not {value!r}."
    assert refusal(trusted_proxies=value) == expected


@pytest.mark.parametrize("value", ["", "stop", "Continue", None, True, 0], ids=repr)
@pytest.mark.parametrize(("name", "other"), [("on_disconnect", "cancel"), ("on_store_failure", "fail")])
def test_a_choice_is_one_of_two(name, other, value):
    expected = f"ServerSettings: {name} must be 'continue' or {other!r}, not {value!r}."
    assert refusal(**{name: value}) == expected


@pytest.mark.parametrize("value", ["no", 1, None], ids=repr)
@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_a_boolean(name, value):
    assert refusal(**{name: value}) == f"ServerSettings: {name} must be True or False, not {value!r}."


def test_a_long_value_is_cut_in_the_message():
    assert len(refusal(debug="x" * 1000)) < 200


def test_a_setting_without_a_check_accepts_anything():
    assert Setting(help="it is an object", kind="python").expected_instead_of(object()) is None


WRONG = [7, -1.5, "text", b"text", object(), {}, {"a": 1}, [7], ["", None], (object(),), print, int, 1j, None]


def is_right(name, value):
    """Whether one of the wrong values happens to be right for a field."""
    return (
        (value is None and name in {"catalog", "heartbeat", "log", "authenticate", "rate_limit"})
        or (name in {"authenticate", "decoder"} and value is print)
        or (name in {"rate_limit", "rate_limit_storage", "decoder"} and value == "text")
        or (type(value) is int and value == 7 and name in {*COUNTS, *SECONDS, "heartbeat", "trusted_proxies"})
    )


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", DEFAULTS)
def test_every_field_refuses_every_wrong_type(name, value):
    if is_right(name, value):
        assert getattr(ServerSettings(**{name: value}), name) is value
    else:
        assert refusal(**{name: value}).startswith(f"ServerSettings: {name} must be ")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"timeouts": None}, "must be Timeouts(...), with None in it for a timeout that is off, not None."),
        ({"grammar": Grammar}, "must be Grammar(...), not the class Grammar."),
        ({"limits": {"max_depth": 3}}, "must be Limits(...), not dict."),
        (
            {"catalog": [ComponentSpec("Hero")]},
            "must be Catalog([ComponentSpec(...), ...]), or None, not list.",
        ),
        ({"hooks": print}, "a list of callables, such as [logging_hook()], not builtin_function_or_method."),
        ({"hooks": ["log"]}, "must be a list of callables, such as [logging_hook()], not list."),
        ({"log": MemoryEventLog}, "opens one), or None, not the class MemoryEventLog."),
        (
            {"log": open_log("memory:")},
            'with a URL, "async with open_log(url) as log" opens one), or None, not',
        ),
        ({"authenticate": "secret"}, "such as JWTBearer.from_secret(...), or None, not str."),
        ({"allowed_origins": None}, 'origins, such as ["https://app.example.com"], not None.'),
        ({"allowed_origins": "https://a.example"}, 'such as ["https://app.example.com"], not str.'),
        ({"rate_limit": 100}, "rate_limit must be a str, or None, not int."),
        ({"ticket_seconds": 31}, "ticket_seconds must be at most 30 seconds, not 31."),
        ({"batch_chars": -(10**5000)}, "must be an integer >= 1, not int of thousands of digits."),
    ],
)
def test_a_wrong_value_is_told_with_the_cure(settings, words):
    assert words in refusal(**settings)


@pytest.mark.parametrize("name", ["log", "rate_limit_storage", "authenticate"])
def test_a_password_in_a_wrong_value_is_not_shown(name):
    assert "hunter2" not in refusal(**{name: b"redis://:hunter2@localhost"})


def test_every_field_has_a_check():
    for field in attrs.fields(ServerSettings):
        assert field.metadata["setting"].expected_instead_of(object()) is not None


@pytest.mark.parametrize(
    ("decoder", "kind"),
    [
        ("text", SourceDecoder),
        ("sse", SSESourceDecoder),
        ("jsonlines", JSONLinesSourceDecoder),
        (SourceDecoder, SourceDecoder),
        (partial(SourceDecoder), SourceDecoder),
    ],
)
def test_each_stream_gets_a_decoder_of_its_own(decoder, kind):
    settings = ServerSettings(decoder=decoder)
    data = b'data: {"type":"mystery"}\n' if kind is SSESourceDecoder else b'{"type":"mystery"}\n'
    first, second = settings.new_decoder(), settings.new_decoder()
    assert first is not second
    first.feed(b"" if kind is SourceDecoder else data)
    first.close()
    assert first.ignored == (kind is not SourceDecoder)
    assert second.ignored == 0


@pytest.mark.parametrize("value", ["SSE", "", 7, None, []])
def test_an_unknown_decoder_is_refused(value):
    expected = f"'text' or 'sse' or 'jsonlines' or a class of decoders, not {value!r}."
    assert refusal(decoder=value) == f"ServerSettings: decoder must be {expected}"


def test_one_decoder_for_all_streams_is_refused():
    assert refusal(decoder=dict).startswith(
        "ServerSettings: decoder must be a decoder or a class of decoders;"
    )
    assert refusal(decoder=SSESourceDecoder()) == (
        "ServerSettings: decoder must be a class, or a function that makes a decoder for each stream, not "
        "one SSESourceDecoder; pass the class: decoder=SSESourceDecoder."
    )
