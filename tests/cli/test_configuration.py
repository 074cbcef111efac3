"""What ``serve`` can be told: the same by an option and by the environment, and the defaults as they are."""

import math
import re
from typing import get_args

import attrs
import pytest

from componentstream.cli.configuration import SETTINGS, complete
from componentstream.cli.options import command_line
from componentstream.core.errors import UsageError
from componentstream.session.lifecycle import Timeouts
from tests import parts

GIVEN = {
    "host": ("::1", "::1"),
    "port": ("0", 0),
    "log": ("memory:", "memory:"),
    "jwt_secret_file": ("secret.txt", "secret.txt"),
    "jwks": ("keys.json", "keys.json"),
    "audience": ("pages", "pages"),
    "issuer": ("https://login.example.com", "https://login.example.com"),
    "no_auth": ("1", True),
    "allowed_origin": ("https://a.example https://b.example", ["https://a.example", "https://b.example"]),
    "trusted_proxies": ("2", 2),
    "rate_limit": ("5/second", "5/second"),
    "rate_limit_storage": ("async+redis://localhost:6379", "async+redis://localhost:6379"),
    "max_generations": ("3", 3),
    "max_generations_per_user": ("2", 2),
    "generation_timeout": ("none", math.inf),
    "chunk_timeout": ("2.5", 2.5),
    "on_disconnect": ("cancel", "cancel"),
    "on_store_failure": ("fail", "fail"),
    "grace": ("9", 9.0),
    "compress": ("1", True),
    "debug": ("1", True),
}
"""Of each setting a text and what it means."""


def read(*arguments):
    return command_line().parse_args(["serve", *arguments, "my_app:generate"])


def arguments_of(setting, text):
    """Return the arguments that say the text of GIVEN."""
    option = f"--{setting.name.replace('_', '-')}"
    if setting.metavar is None:
        return [option]
    values = text.split() if setting.many else [text]
    return [word for value in values for word in (option, value)]


def test_the_table_is_complete():
    assert [setting.name for setting in SETTINGS] == list(GIVEN)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_an_option_and_its_variable_say_the_same(setting):
    text, value = GIVEN[setting.name]
    by_option = read(*arguments_of(setting, text))
    by_variable = read()
    assert getattr(by_variable, setting.name) is None
    complete(by_variable, {f"COMPONENTSTREAM_{setting.name.upper()}": text})
    assert getattr(by_variable, setting.name) == value
    assert vars(by_option) == vars(by_variable)


def test_the_option_wins():
    options = read("--port", "1", "--allowed-origin", "https://a.example")
    complete(options, {"COMPONENTSTREAM_PORT": "2", "COMPONENTSTREAM_ALLOWED_ORIGIN": "https://b.example"})
    assert (options.port, options.allowed_origin) == (1, ["https://a.example"])


def test_an_empty_variable_says_nothing_and_a_flag_can_be_off():
    options = read()
    complete(options, {"COMPONENTSTREAM_PORT": "", "COMPONENTSTREAM_DEBUG": "0", "PORT": "7"})
    assert (options.port, options.debug) == (None, False)


def test_a_wrong_variable_is_named():
    with pytest.raises(UsageError) as caught:
        complete(read(), {"COMPONENTSTREAM_PORT": "x"})
    assert str(caught.value) == "COMPONENTSTREAM_PORT: 'x' is no whole number from 0 to 65535."


def test_the_defaults_in_the_help_are_those_of_the_server():
    parts.module("starlette")
    settings = parts.module("componentstream.server.settings")
    told = {
        setting.name: match[1]
        for setting in SETTINGS
        if (match := re.search(r"\bdefault ([^;,]+)", setting.help))
    }
    fields = {field.name: field.default for field in attrs.fields(settings.ServerSettings)}
    fields |= {f"{field.name}_timeout": field.default for field in attrs.fields(Timeouts)}
    fields["grace"] = fields["shutdown_grace"]
    common = told.keys() & fields.keys() - {"log"}
    assert len(common) == 10
    for name in common:
        default = fields[name]
        assert told[name] == (f"{default:g}" if isinstance(default, float) else str(default)), name
    assert told["log"] == "sqlite:componentstream.db"
    assert (told["host"], told["port"]) == ("127.0.0.1", "8000")


def test_the_choices_are_those_of_the_server():
    parts.module("starlette")
    settings = parts.module("componentstream.server.settings")
    metavars = {setting.name: setting.metavar for setting in SETTINGS}
    assert tuple(metavars["on_disconnect"].split("|")) == get_args(settings.OnDisconnect)
    assert tuple(metavars["on_store_failure"].split("|")) == get_args(settings.OnStoreFailure)


def test_what_is_no_choice_is_refused(capsys):
    with pytest.raises(SystemExit):
        read("--on-disconnect", "stop")
    assert "argument --on-disconnect: 'stop' is neither continue nor cancel" in capsys.readouterr().err
