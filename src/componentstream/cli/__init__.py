"""The command line: ``componentstream parse``, ``prompt``, ``replay``, ``demo`` and ``serve``.

``parse`` reads the output of a model and prints its events as JSON lines as they occur, or a table at the
end. ``prompt`` prints the instructions for a model that is to write such output. ``replay`` plays a recorded
stream at its own pace, so that ``replay | parse`` shows it as a client saw it. ``demo`` shows the whole path
from a request to a page on one machine, and ``serve`` serves your own model; an interrupt ends both with
status 0.

Exit status: 0 no errors; 1 the stream has errors; 2 wrong usage, or a file that cannot be read or written;
130 interrupted; 141 the reader of the output has closed it.
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from componentstream.cli.catalogs import read_catalog
from componentstream.cli.demo import serve_demo
from componentstream.cli.evaluation import evaluate
from componentstream.cli.files import ComponentFiles
from componentstream.cli.input import Input
from componentstream.cli.options import command_line, grammar_of, limits_of
from componentstream.cli.output import JSONLines, Table, counted, say, utf8
from componentstream.cli.responses import advice
from componentstream.cli.serve import serve
from componentstream.core.buffer import ComponentBuffer
from componentstream.core.errors import MissingExtraError, UsageError
from componentstream.core.events import ComponentBlock, ContentBlockStart, ErrorEvent, FindingEvent
from componentstream.core.limits import BufferLimits
from componentstream.demo.recording import is_chunk, read_recording
from componentstream.drive import parse
from componentstream.drive.decoding import DECODERS
from componentstream.inspection import NearMissParser
from componentstream.prompt import instructions

__all__ = ["main"]

_ERRORS_FOUND: Final = 1
_UNUSABLE: Final = 2
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_LONGEST_SLEEP: Final = 3600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        argv: The arguments without the program's name; by default those of the process.

    Raises:
        SystemExit: The arguments are wrong (status 2), or ask for help or the version (status 0).
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        options = command_line(arguments[0] if arguments else "").parse_args(arguments)
        status = _COMMANDS[options.command](options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _release_output()
        return _BROKEN_PIPE
    except OSError as problem:
        _release_output()
        say(f"{problem.filename or 'input or output'}: {problem.strerror}")
        return _UNUSABLE
    except (MissingExtraError, UsageError) as problem:
        say(str(problem))
        return _UNUSABLE
    return status


def _release_output() -> None:
    with suppress(OSError):
        sys.stdout.flush()
        return
    # The interpreter flushes once more at exit, and would report output that it cannot write.
    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _parse(options: argparse.Namespace) -> int:
    parser = NearMissParser(grammar_of(options), limits_of(options))
    show = Table() if options.table else JSONLines()
    files = None if options.write is None else ComponentFiles(options.write, options.suffix)
    # Each component is written when it completes, so the buffer need not keep it.
    buffer = ComponentBuffer(limits=BufferLimits(max_components=1, max_chars=1, max_uses=1))
    errors = components = near_misses = 0
    source = Input(
        options.file,
        size=options.chunk,
        follow=options.follow,
        progress=sys.stderr.isatty() and (options.table or not sys.stdout.isatty()),
    )
    with source:
        _refuse_recording(options.file, source.first_line())
        for event in parse(source, parser=parser, decoder=DECODERS[options.decoder]):
            show.add(event)
            errors += isinstance(event, ErrorEvent)
            components += isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock)
            near_misses += isinstance(event, FindingEvent)
            if files is not None and (component := buffer.apply(event)) is not None:
                path = files.write(component)
                source.progress.clear()
                say(f"wrote {path}")
    show.finish()
    if not components:
        _tell_why(options, near_misses, source.first)
    if source.interrupted:
        return _INTERRUPTED
    return _ERRORS_FOUND if errors else 0


def _tell_why(options: argparse.Namespace, near_misses: int, beginning: bytes) -> None:
    """Say why no component was found, if the input shows it."""
    if near_misses:
        lines = counted(near_misses, "line looks", "lines look")
        cure = "the table lists them" if options.table else "see them with --table"
        say(f"No component was found, but {lines} like a marker; {cure}.")
    elif options.decoder == "text" and (told := advice(beginning)):
        say(f"No component was found: {'the input' if options.file == '-' else options.file} {told}")


def _prompt(options: argparse.Namespace) -> int:
    catalog = None if options.catalog is None else read_catalog(options.catalog)
    text = instructions(grammar_of(options), catalog, language=options.language)
    sys.stdout.buffer.write(utf8(text))
    return 0


def _refuse_recording(name: str, line: bytes) -> None:
    """Raise UsageError if ``line``, the first of a file, is of a recording: that is not a model's text."""
    if is_chunk(line):
        raise UsageError(
            f"{name} is a recording; play it with: componentstream replay {shlex.quote(name)} "
            "| componentstream parse"
        )


def _replay(options: argparse.Namespace) -> int:
    chunks = read_recording(options.file)
    began = time.monotonic()
    for chunk in chunks:
        if options.rate:
            due = began + chunk.at / options.rate
            while (wait := due - time.monotonic()) > 0:
                time.sleep(min(wait, _LONGEST_SLEEP))
        sys.stdout.buffer.write(utf8(chunk.text))
        sys.stdout.buffer.flush()
    return 0


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "parse": _parse,
    "prompt": _prompt,
    "eval": evaluate,
    "replay": _replay,
    "demo": serve_demo,
    "serve": serve,
}
