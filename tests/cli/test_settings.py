"""The options that come from fields of settings: the same by option and by variable, and complete."""

import argparse
import inspect
import re

import attrs
import pytest

from componentstream.cli.options import command_line
from componentstream.cli.settings import (
    Option,
    add_options,
    complete,
    given_fields,
    grammar_options,
    limit_options,
    server_options,
)
from componentstream.core.errors import ConfigurationError
from componentstream.core.grammar import POSITIONS, Grammar
from componentstream.core.limits import Limits
from componentstream.log import open_log
from componentstream.session.lifecycle import Timeouts
from tests import parts

parts.module("starlette")

from componentstream.server import ServerSettings  # noqa: E402 - it needs what is asked for above

PYTHON_ONLY = {"authenticate", "catalog", "hooks", "log"}
"""The fields that hold objects or functions, for which ``serve`` has options of its own or none."""

GIVEN = {
    ("allowed_origins",): ("https://a.example", ["https://a.example"]),
    ("heartbeat",): ("none", None),
    ("rate_limit",): ("none", None),
    ("rate_limit_storage",): ("async+redis://localhost:6379", "async+redis://localhost:6379"),
    ("on_disconnect",): ("cancel", "cancel"),
    ("decoder",): ("sse", "sse"),
    ("on_store_failure",): ("fail", "fail"),
    ("timeouts", "chunk"): ("none", None),
    ("grammar", "prefix"): ("#!", "#!"),
    ("grammar", "start"): ("BEGIN", "BEGIN"),
    ("grammar", "end"): ("FINISH", "FINISH"),
    ("grammar", "positions"): ("aside", POSITIONS | {"aside"}),
    ("grammar", "default_position"): ("cta", "cta"),
    ("grammar", "nesting"): ("close", "close"),
    ("grammar", "fences"): ("keep", "keep"),
    ("grammar", "outside"): ("discard", "discard"),
}
"""A text for each field that is neither a number nor a flag, and its value."""

OPTIONS = {option.field: option for option in server_options() if option.field}


def fields_of_settings():
    """Yield the path of every field that an option should set, with its default."""
    for field in attrs.fields(ServerSettings):
        if field.name in ("timeouts", "grammar", "limits"):
            for inner in attrs.fields(type(field.default)):
                yield (field.name, inner.name), inner.default
        elif field.name not in PYTHON_ONLY:
            yield (field.name,), field.default


FIELDS = dict(fields_of_settings())


def settings_from(arguments=(), environment=None):
    given = command_line("serve").parse_args(["serve", *arguments, "my_app:generate"])
    complete(given, server_options(), environment or {})
    return ServerSettings(
        **{
            name: kind(**given_fields(given, server_options(), name))
            for name, kind in (("timeouts", Timeouts), ("grammar", Grammar), ("limits", Limits))
        },
        **given_fields(given, server_options()),
    )


def value_at(settings, path):
    for name in path:
        settings = getattr(settings, name)
    return settings


def test_every_field_that_can_be_written_has_exactly_one_option():
    assert OPTIONS.keys() == FIELDS.keys()
    assert len([option for option in server_options() if option.field]) == len(OPTIONS)
    assert len({option.name for option in server_options()}) == len(server_options())


def test_the_fields_without_an_option_say_why():
    reasons = {
        field.name: field.metadata["setting"].help
        for field in attrs.fields(ServerSettings)
        if field.metadata["setting"].kind == "python"
    }
    assert reasons.keys() == PYTHON_ONLY
    assert all(reasons.values())


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_every_field_is_set_by_its_option_and_by_its_variable(path):
    default = FIELDS[path]
    option = OPTIONS[path]
    if isinstance(default, bool):
        text, value = ("no", False) if default else ("yes", True)
        arguments = [f"--no-{option.option[2:]}" if default else option.option]
    elif path in GIVEN:
        text, value = GIVEN[path]
        arguments = [option.option, text]
    else:
        text, value = "7", 7
        arguments = [option.option, text]
    assert value != default
    assert value_at(settings_from(arguments), path) == value
    assert value_at(settings_from(environment={option.variable: text}), path) == value
    assert settings_from(arguments) == settings_from(environment={option.variable: text})


def test_without_options_the_settings_are_the_defaults():
    assert settings_from() == ServerSettings()


def test_the_options_and_variables_of_earlier_versions_are_still_there():
    names = {option.name for option in server_options()}
    assert names >= {
        "host", "port", "log", "jwt_secret_file", "jwks", "audience", "issuer", "no_auth", "allowed_origin",
        "trusted_proxies", "rate_limit", "rate_limit_storage", "max_generations", "max_generations_per_user",
        "generation_timeout", "chunk_timeout", "on_disconnect", "on_store_failure", "grace", "compress",
        "debug",
    }  # fmt: skip


def test_the_help_names_every_option_and_every_default():
    text = " ".join(
        command_line("serve")._subparsers._group_actions[0].choices["serve"].format_help().split()
    )
    for option in server_options():
        assert f" {option.option}" in text
    for path, default in FIELDS.items():
        shown = re.search(r"default: ([^;,]+)$", OPTIONS[path].help)
        if not isinstance(default, tuple | frozenset):
            expected = {True: "on", False: "off"}.get(default) if isinstance(default, bool) else None
            number = f"{default:g}" if isinstance(default, float) else str(default)
            assert shown[1] == (expected or number), path


def test_the_log_has_an_option_for_each_argument_of_open_log():
    bounds = {
        f"log_{name}": parameter.default
        for name, parameter in inspect.signature(open_log).parameters.items()
        if name != "url"
    }
    options = {option.name: option for option in server_options()}
    named = {name for name in options if name.startswith("log_")}
    assert named == bounds.keys() | {"log_timeout"}
    for name, default in bounds.items():
        assert options[name].help.endswith(
            f"default: {default:g}" if isinstance(default, float) else f"default: {default}"
        )
        assert given_options(options[name].option, "7") == given_options(
            environment={options[name].variable: "7"}
        )


def test_the_options_of_parse_are_those_of_serve():
    common = {option.option for option in [*grammar_options(), *limit_options()]}
    assert common < {option.option for option in server_options()}
    assert {option.group for option in grammar_options()} == {"grammar"}


def given_options(*arguments, environment=None):
    given = command_line("serve").parse_args(["serve", *arguments, "my_app:generate"])
    complete(given, server_options(), environment or {})
    return given


def test_an_option_overrides_its_variable():
    given = given_options(
        *("--port", "1", "--allowed-origin", "https://a.example", "--no-compress"),
        environment={
            "COMPONENTSTREAM_PORT": "2",
            "COMPONENTSTREAM_ALLOWED_ORIGIN": "https://b.example",
            "COMPONENTSTREAM_COMPRESS": "yes",
        },
    )
    assert (given.port, given.allowed_origin, given.compress) == (1, ["https://a.example"], False)


def test_several_values_are_separated_by_spaces_in_a_variable():
    environment = {"COMPONENTSTREAM_ALLOWED_ORIGIN": "https://a.example https://b.example"}
    given = given_options(environment=environment)
    assert given.allowed_origin == ["https://a.example", "https://b.example"]


def test_an_empty_variable_and_one_of_another_program_are_ignored():
    environment = {"COMPONENTSTREAM_PORT": "", "COMPONENTSTREAM_TYPO": "", "PORT": "7"}
    assert "port" not in given_options(environment=environment)


def test_a_flag_that_is_only_negative_has_no_positive_option():
    assert given_options("--no-auth").no_auth is True
    assert given_options(environment={"COMPONENTSTREAM_NO_AUTH": "true"}).no_auth is True
    assert given_options(environment={"COMPONENTSTREAM_NO_AUTH": "off"}).no_auth is False


def test_a_wrong_value_in_a_variable_is_named():
    with pytest.raises(ConfigurationError) as caught:
        given_options(environment={"COMPONENTSTREAM_PORT": "x"})
    assert str(caught.value) == "COMPONENTSTREAM_PORT: 'x' is not an integer from 0 to 65535."


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("COMPONENTSTREAM_MAX_GENERATION", "did you mean COMPONENTSTREAM_MAX_GENERATIONS?"),
        ("COMPONENTSTREAM_SHUTDOWN_GRACE", "did you mean COMPONENTSTREAM_GRACE?"),
        ("COMPONENTSTREAM_JWT_SECRETS", "did you mean COMPONENTSTREAM_JWT_SECRET?"),
        ("COMPONENTSTREAM_Port", "did you mean COMPONENTSTREAM_PORT?"),
        ("componentstream_max_depht", "did you mean COMPONENTSTREAM_MAX_DEPTH?"),
        ("COMPONENTSTREAM_XYZ", "unset it; see componentstream serve --help."),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_name(variable, advice):
    with pytest.raises(ConfigurationError) as caught:
        given_options(environment={variable: "1"})
    assert str(caught.value) == f"The environment variable {variable} is not a setting; {advice}"


def test_the_secret_is_known_and_read_elsewhere():
    given = given_options(environment={"COMPONENTSTREAM_JWT_SECRET": "x"})
    assert "jwt_secret" not in given


def test_options_appear_under_the_headings_of_their_groups():
    parser = argparse.ArgumentParser()
    add_options(parser, [Option("one", "first", group="a"), Option("two", "second", group="a")])
    assert parser.format_help().count("\na:\n") == 1
    assert parser.parse_args(["--two", "x"]) == argparse.Namespace(two="x")


def test_a_value_outside_the_choices_is_refused(capsys):
    with pytest.raises(SystemExit):
        given_options("--on-disconnect", "stop")
    assert "argument --on-disconnect: 'stop' is not one of continue, cancel" in capsys.readouterr().err
