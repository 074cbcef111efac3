"""The options that come from fields of settings, and their values from the environment.

The options of ``serve`` are generated from the fields of ``ServerSettings`` and their metadata; those of
``parse`` for the grammar and the limits come from the same fields. An option that is not given is absent from
the parsed options, so that None can be a value.
"""

import argparse
import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs

from componentstream.cli.values import flag, integer, one_of, optional, seconds
from componentstream.core.errors import ConfigurationError
from componentstream.core.grammar import POSITIONS, Grammar
from componentstream.core.limits import Limits

if TYPE_CHECKING:
    from componentstream.server.settings import Setting

PREFIX: Final = "COMPONENTSTREAM_"
"""The beginning of the names of all environment variables."""

SECRET_VARIABLE: Final = f"{PREFIX}JWT_SECRET"
"""The one variable without an option: everybody on a machine can read the command lines."""

_CLOSE: Final = 0.5
"""Similarity of two names, from 0 to 1, from which one is offered as a correction of the other."""

_HELP: Final = {
    "prefix": "beginning of a marker line",
    "start": "keyword that opens a component",
    "end": "keyword that closes a component",
    "positions": "an additional position; may be repeated",
    "default_position": "position of a component that names none",
    "strict": "treat a marker with an unknown position as malformed",
    "recover": "act on a faulty marker whose meaning is clear",
    "nesting": "effect of a START inside a component: open a child unless it has a position (sections), open "
    "a child, close all components, or none (text)",
    "fences": "drop Markdown fences around components, or keep them",
    "outside": "send the text between components, or drop it",
    "max_marker_chars": "longest marker or fence line",
    "max_component_chars": "longest content of a component",
    "max_components": "most components in a stream",
    "max_depth": "most components open at once",
    "max_total_chars": "longest input",
    "max_errors": "most errors in a stream",
    "generation": "timeout of a whole generation, or none",
    "chunk": "timeout between two chunks of the model, or none",
}
"""Help texts by field of ``Grammar``, ``Limits`` and ``Timeouts``, which know nothing of a command line."""


@attrs.frozen
class Option:
    """One option of a command, which the environment may give too.

    Attributes:
        name: The attribute of the parsed options; the names of option and variable are derived from it.
        help: The help text.
        read: Converts a text to the value, or raises ``ArgumentTypeError``.
        metavar: The placeholder in the help; None for a flag.
        many: Whether it may be repeated; a variable holds the values separated by spaces.
        field: The path of the field it sets, such as ``("limits", "max_depth")``; empty if it sets none.
        group: The heading in the help; empty for the common one.
    """

    name: str
    help: str
    read: Callable[[str], object] = str
    metavar: str | None = "TEXT"
    many: bool = False
    field: tuple[str, ...] = ()
    group: str = ""

    @property
    def option(self) -> str:
        """The option, such as ``--max-depth``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable, such as ``COMPONENTSTREAM_MAX_DEPTH``."""
        return f"{PREFIX}{self.name.upper()}"

    def value_of(self, text: str) -> object:
        """Return the value that the text of a variable means, or raise ``ArgumentTypeError``."""
        return [self.read(word) for word in text.split()] if self.many else self.read(text)


def grammar_options() -> list[Option]:
    """Return the options that set the fields of a ``Grammar``."""
    return list(_options_of_fields("grammar", Grammar(), "grammar"))


def limit_options() -> list[Option]:
    """Return the options that set the fields of ``Limits``."""
    return list(_options_of_fields("limits", Limits(), "limits (sizes in characters)"))


def server_options() -> list[Option]:
    """Return all options of ``serve``.

    Raises:
        MissingExtraError: The packages of the server are not installed.
    """
    # Only `serve` needs the server and its dependencies; the other commands start without them.
    from componentstream.server.settings import ServerSettings  # noqa: PLC0415

    options = _own_options()
    for field in attrs.fields(ServerSettings):
        setting: Setting = field.metadata["setting"]
        if setting.kind == "fields":
            options += _options_of_fields(field.name, field.default, setting.help, setting.suffix)
        elif setting.kind != "python":
            options.append(_option_of_setting(field, setting))
    return options


def add_options(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add options to a command, each under the heading of its group."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in options:
        if option.group and option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        add = groups[option.group].add_argument if option.group else parser.add_argument
        if option.metavar is not None:
            action = "append" if option.many else "store"
            add(
                option.option,
                action=action,
                type=option.read,
                metavar=option.metavar,
                help=option.help,
                default=argparse.SUPPRESS,
            )
        elif option.name.startswith("no_"):
            add(option.option, action="store_true", help=option.help, default=argparse.SUPPRESS)
        else:
            flags = argparse.BooleanOptionalAction
            add(option.option, action=flags, help=option.help, default=argparse.SUPPRESS)


def complete(given: argparse.Namespace, options: Iterable[Option], environment: Mapping[str, str]) -> None:
    """Fill in the options that were not given from the environment; an empty variable counts as unset.

    Raises:
        ConfigurationError: The value of a variable is wrong, or a variable with the prefix is unknown.
    """
    by_variable = {option.variable: option for option in options}
    for variable, text in environment.items():
        if not text or not variable.upper().startswith(PREFIX) or variable == SECRET_VARIABLE:
            continue
        option = by_variable.get(variable)
        if option is None:
            raise ConfigurationError(_unknown(variable, [*by_variable, SECRET_VARIABLE]))
        if option.name in given:
            continue
        try:
            setattr(given, option.name, option.value_of(text))
        except argparse.ArgumentTypeError as problem:
            raise ConfigurationError(f"{variable}: {problem}.") from None


def given_fields(given: argparse.Namespace, options: Iterable[Option], owner: str = "") -> dict[str, Any]:
    """Return the fields that were given and their values.

    Args:
        given: The parsed options, completed from the environment.
        options: The options of the command.
        owner: The field of the settings that holds the object; empty for the settings themselves.
    """
    path = (owner,) if owner else ()
    fields = {
        option.field[-1]: getattr(given, option.name)
        for option in options
        if option.field and option.field[:-1] == path and option.name in given
    }
    if "positions" in fields:
        fields["positions"] = POSITIONS.union(fields["positions"])
    return fields


def _own_options() -> list[Option]:
    """Return the options of ``serve`` that set no single field."""
    from componentstream.log import open_log  # noqa: PLC0415 - see server_options

    bounds = inspect.signature(open_log).parameters

    def log_option(name: str, help_text: str, kind: str) -> Option:
        read, metavar = _PARSERS_OF_KIND[kind]
        return Option(f"log_{name}", _with_default(help_text, bounds[name].default), read, metavar)

    return [
        Option("host", "address to listen on; default: 127.0.0.1, this machine only", metavar="ADDRESS"),
        Option("port", "port to listen on, 0 for any free one; default: 8000", integer(0, 65_535), "N"),
        Option(
            "log",
            "where streams are kept: sqlite:PATH for processes of this machine, redis://HOST for those of "
            "many, memory: for this process; default: sqlite:componentstream.db",
            metavar="URL",
        ),
        log_option("keep", "time for which an ended stream is kept", "seconds"),
        log_option("max_entries", "most entries kept of a stream", "count"),
        log_option("call_timeout", "timeout of a call of the log", "seconds"),
        Option(
            "jwt_secret_file",
            "file with the secret, 32 bytes or more, that signs the tokens of users by HS256; surrounding "
            "white space is ignored",
            metavar="FILE",
        ),
        Option("jwks", "JSON web key set with the public keys that verify RS256 tokens", metavar="FILE"),
        Option("audience", "the claim aud that tokens must have; required with tokens"),
        Option("issuer", "the claim iss that tokens must have; default: any"),
        Option(
            "page", "also serve the page of the demo, at /demo/, for this server; default: off", flag, None
        ),
        Option("no_auth", "disable authentication: all clients share one anonymous user", flag, None),
    ]


def _option_of_setting(field: "attrs.Attribute[object]", setting: "Setting") -> Option:
    read, metavar = _PARSERS_OF_KIND[setting.kind]
    if setting.kind == "choice":
        read, metavar = one_of(*setting.choices), "|".join(setting.choices)
    return Option(
        setting.option or field.name,
        _with_default(setting.help, field.default),
        optional(read) if setting.optional else read,
        metavar,
        setting.kind == "texts",
        (field.name,),
    )


def _options_of_fields(owner: str, value: Any, group: str, suffix: str = "") -> Iterator[Option]:
    """Yield the options for the fields of an object; their kinds follow from types and defaults."""
    for field in attrs.fields(type(value)):
        name, default, choices = field.name, field.default, get_args(field.type)
        many = isinstance(default, frozenset)
        if isinstance(default, bool):
            read, metavar = _PARSERS_OF_KIND["flag"]
        elif isinstance(default, int):
            read, metavar = _PARSERS_OF_KIND["count"]
        elif isinstance(default, float):
            read, metavar = optional(seconds), "SECONDS"
        elif default in choices:
            read, metavar = one_of(*choices), "|".join(choices)
        else:
            read, metavar = str, "TEXT"
        help_text = _HELP[name] if many else _with_default(_HELP[name], default)
        option = "position" if many else f"{name}{suffix}"
        yield Option(option, help_text, read, metavar, many, (owner, name), group)


_PARSERS_OF_KIND: Final[Mapping[str, tuple[Callable[[str], object], str | None]]] = {
    "count": (integer(1), "N"),
    "natural": (integer(0), "N"),
    "seconds": (seconds, "SECONDS"),
    "flag": (flag, None),
    "choice": (str, "TEXT"),
    "text": (str, "TEXT"),
    "texts": (str, "TEXT"),
}


def _with_default(help_text: str, default: object) -> str:
    if default == ():
        return f"{help_text}; may be repeated"
    if isinstance(default, bool):
        shown = "on" if default else "off"
    else:
        shown = f"{default:g}" if isinstance(default, float) else str(default)
    return f"{help_text}; default: {shown}"


def _unknown(variable: str, known: Iterable[str]) -> str:
    names = [name.removeprefix(PREFIX) for name in known]
    close = difflib.get_close_matches(variable[len(PREFIX) :].upper(), names, n=1, cutoff=_CLOSE)
    advice = f"did you mean {PREFIX}{close[0]}?" if close else "unset it; see componentstream serve --help."
    return f"The environment variable {variable} is not a setting; {advice}"
