"""Builds the frames from their sources and the npm packages of the lock file."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from componentstream.browser.preview.bundle import (
    DIGEST,
    digest,
    input_files,
    is_current,
    output_folders,
    source_folder,
)
from componentstream.browser.preview.toolchain import find_toolchain
from componentstream.core.errors import ConfigurationError

_PROGRESS_SECONDS: Final = 5.0


def build(
    folder: Path | None = None, *, force: bool = False, progress: Callable[[str], None] | None = None
) -> Path:
    """Build the frames of the preview if they are missing or older than their sources.

    It works in a temporary copy, so that a folder that is not writable, or a build that fails, does no harm.
    The result is placed beside the sources, or in the cache folder of the user where that is not possible.

    Args:
        folder: The source folder; by default that of the installed package.
        force: Build in any case.
        progress: Called with each line of progress; by default they are printed on standard error.

    Returns:
        The folder that holds the frames, their ``manifest.json`` and ``LICENSES.txt``.

    Raises:
        ConfigurationError: Node.js is missing, a step failed, or the result cannot be written.
    """
    folder = source_folder() if folder is None else folder
    say = _print if progress is None else progress
    outputs = output_folders(folder)
    current = next((output for output in outputs if is_current(output, folder)), None)
    if current is not None and not force:
        say(f"The frame of the preview is up to date: {current}")
        return current
    tools = find_toolchain()
    environment = tools.environment()
    with tempfile.TemporaryDirectory(prefix="componentstream-preview-") as scratch:
        copy = Path(scratch, "browser")
        for name in input_files(folder):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, copy / name)
        built = copy / "preview" / "dist"
        say("Installing the npm packages of the lock file ...")
        _run([*tools.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], copy, environment, say)
        say("Building the frames ...")
        _run([*tools.node, "build.mjs", str(built)], copy, environment, say)
        (built / DIGEST).write_text(digest(copy) + "\n", encoding="ascii")
        output = _place(built, outputs)
    say(f"The frame of the preview is ready: {output}")
    return output


def _run(command: Sequence[str], copy: Path, environment: dict[str, str], say: Callable[[str], None]) -> None:
    """Run a step, tell how long it has been running, and raise with its output if it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(  # noqa: S603 - our own commands
            command, cwd=copy / "preview", env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process:
            while True:
                try:
                    status = process.wait(_PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  ... {time.monotonic() - began:.0f} s")
        if status:
            log.seek(0)
            raise ConfigurationError(
                "The frame of the preview could not be built: "
                f"{' '.join(command[:3])} ended with status {status}:\n{log.read()[-4000:].strip()}"
            )


def _place(built: Path, outputs: Sequence[Path]) -> Path:
    """Move a finished build to the first folder that can be written; return that folder."""
    problem: OSError | None = None
    for output in outputs:
        # A process that serves the frames meanwhile must find a complete build, so it is renamed into place.
        fresh = output.with_name(f"{output.name}.{os.getpid()}.new")
        stale = output.with_name(f"{output.name}.{os.getpid()}.old")
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(built, fresh)
            if output.exists():
                output.rename(stale)
            fresh.rename(output)
        except OSError as failure:
            problem = failure
        else:
            return output
        finally:
            for leftover in (fresh, stale):
                shutil.rmtree(leftover, ignore_errors=True)
    raise ConfigurationError(f"The frame of the preview cannot be written to {outputs[-1]}: {problem}.")


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the frames; return the exit status. ``--force`` builds them even if they are up to date."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not set(given) <= {"--force"}:
        _print("usage: python -m componentstream.browser.preview [--force]")
        return 0 if set(given) & {"-h", "--help"} else 2
    try:
        build(force=bool(given))
    except ConfigurationError as problem:
        _print(str(problem))
        return 1
    return 0
