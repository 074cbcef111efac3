"""What can be said on the command line, and the grammar and limits that it means."""

import argparse
from importlib.metadata import version
from typing import Final, get_args

import attrs

from componentstream.cli.configuration import SETTINGS
from componentstream.cli.values import count, port, rate, suffix
from componentstream.core.grammar import POSITIONS, Fences, Grammar, Nesting, Outside
from componentstream.core.limits import Limits

_STATUS: Final = (
    "exit status: 0 no errors; 1 the stream has errors; 2 wrong usage, or a file that cannot be read or "
    "written; 130 interrupted; 141 nobody reads the output any more"
)
_STATUS_OF_SERVERS: Final = (
    "exit status: 0 interrupted from the keyboard, or asked to terminate; 2 wrong usage, a file that cannot "
    "be read, or a port that cannot be had"
)
_ENVIRONMENT: Final = (
    "What an option sets can be set in the environment too, by COMPONENTSTREAM_ and its name, as in "
    "COMPONENTSTREAM_RATE_LIMIT=none; the option wins. COMPONENTSTREAM_JWT_SECRET, a secret itself, and an "
    "address with a password in it can only stand there, because everybody on a machine sees what a command "
    "was started with. "
)
_WRITE: Final = (
    "also write one file per component into DIR, which is made if it is not there; each is named on standard "
    "error; no existing file is touched: where a name is taken, in whatever case, the new one gets a number, "
    "as in Hero-2.tsx"
)


def command_line() -> argparse.ArgumentParser:
    """Return what reads the arguments; ``command`` of its result is the name of the command."""
    root = argparse.ArgumentParser(
        prog="componentstream",
        description="Read the component markers in a language model's answer.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"%(prog)s {version('componentstream')}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _describe_parse(
        commands.add_parser(
            "parse",
            help="print the events of an answer",
            description="Print the events of an answer as JSON lines, as they come.",
            epilog=_STATUS,
            allow_abbrev=False,
        )
    )
    _describe_replay(
        commands.add_parser(
            "replay",
            help="play a recorded stream",
            description="Write the text of a recorded stream, as it is, at the pace of the recording.",
            epilog=_STATUS,
            allow_abbrev=False,
        )
    )
    _describe_demo(
        commands.add_parser(
            "demo",
            help="show a stream in the browser",
            description="Serve a page on this machine that streams a recorded answer, until interrupted, and "
            "the interface behind it, with a token to try it by hand. It needs componentstream[server].",
            epilog=_STATUS_OF_SERVERS,
            allow_abbrev=False,
        )
    )
    _describe_serve(
        commands.add_parser(
            "serve",
            help="serve the answers of your model",
            description="Serve what a function of yours generates, as resumable streams, until interrupted. "
            "It needs componentstream[server].",
            epilog=_ENVIRONMENT + _STATUS_OF_SERVERS,
            allow_abbrev=False,
        )
    )
    return root


def grammar_of(options: argparse.Namespace) -> Grammar:
    """Return the grammar that the options of ``parse`` ask for.

    Raises:
        UsageError: they do not fit together.
    """
    return Grammar(
        prefix=options.prefix,
        start=options.start,
        end=options.end,
        positions=POSITIONS.union(options.position),
        default_position=options.default_position,
        strict=options.strict,
        nesting=options.nesting,
        fences=options.fences,
        outside=options.outside,
    )


def limits_of(options: argparse.Namespace) -> Limits:
    """Return the limits that the options of ``parse`` ask for."""
    return Limits(**{field.name: getattr(options, field.name) for field in attrs.fields(Limits)})


def _describe_parse(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="what the model wrote; - is standard input")
    add("--table", action="store_true", help="print a table for people at the end instead of the events")
    add("--write", metavar="DIR", help=_WRITE)
    add("--suffix", type=suffix, default=".tsx", help="how the names of those files end; default .tsx")
    add("--follow", action="store_true", help="go on reading while FILE grows, until interrupted")
    add("--chunk", type=count, default=65_536, metavar="N", help="read at most N bytes at once")
    grammar = command.add_argument_group("grammar")
    grammar.add_argument("--strict", action="store_true", help="an unknown position makes a marker malformed")
    grammar.add_argument(
        "--position", action="append", default=[], metavar="NAME", help="one more position; may be repeated"
    )
    for field in attrs.fields(Grammar):
        if field.name in ("default_position", "prefix", "start", "end"):
            grammar.add_argument(
                _option(field.name), default=field.default, metavar="TEXT", help=f"default {field.default}"
            )
    for name, choices in (("nesting", Nesting), ("fences", Fences), ("outside", Outside)):
        values = get_args(choices)
        grammar.add_argument(_option(name), choices=values, default=values[0], help=f"default {values[0]}")
    limits = command.add_argument_group("limits", "sizes in characters")
    for field in attrs.fields(Limits):
        limits.add_argument(
            _option(field.name),
            type=count,
            default=field.default,
            metavar="N",
            help=f"default {field.default}",
        )


def _describe_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help='JSON lines: {"at": seconds, "text": "chunk"}')
    command.add_argument(
        "--rate", type=rate, default=1.0, metavar="N", help="N times as fast; 0 without waiting; default 1"
    )


def _describe_demo(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--host", default="127.0.0.1", help="address to listen at; default 127.0.0.1, this machine alone")
    add("--port", type=port, default=8000, metavar="N", help="default 8000; 0 is any that is free")
    add("--recording", metavar="FILE", help="play this one instead of the one that comes with the package")
    add("--rate", type=rate, default=1.0, metavar="N", help="N times as fast; 0 without waiting; default 1")


def _describe_serve(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "app",
        metavar="APP",
        help="MODULE:NAME of a function that takes a GenerationRequest and returns the chunks of the answer; "
        "the module is looked for in the current directory too",
    )
    for setting in SETTINGS:
        option = _option(setting.name)
        if setting.metavar is None:
            command.add_argument(option, action="store_true", default=None, help=setting.help)
        else:
            command.add_argument(
                option,
                action="append" if setting.many else "store",
                type=setting.read,
                metavar=setting.metavar,
                help=setting.help,
            )


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"
