"""Fuzz one target with Atheris until told to stop: python tests/fuzz/run.py TARGET [libFuzzer options].

TARGET is parser, sse or utf8. Findings go to a folder outside the checkout, printed at the start; the
committed corpus is read and not written.
"""

import importlib
import shlex
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> None:
    """Run the target that the first argument names; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415 - the corpus is replayed on machines that do not have it

    target, *options = arguments
    sys.path.insert(0, str(HERE.parents[1]))
    with atheris.instrument_imports(include=["componentstream"], exclude=["componentstream.testing"]):
        harness = importlib.import_module(f"tests.fuzz.fuzz_{target}")
    findings = Path(tempfile.gettempdir(), "componentstream-fuzz", target)
    findings.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"Writing to {findings}.\n")
    given = [option for option in options if option.startswith("-")]
    corpora = [option for option in options if not option.startswith("-")]
    atheris.Setup(
        [
            # libFuzzer starts further processes, to merge or with -jobs, by a shell with this in front.
            shlex.join([sys.executable, __file__, target]),
            f"-dict={HERE / 'tokens.dict'}",
            f"-artifact_prefix={findings}/",
            *given,
            *(corpora or [_folder(findings / "corpus"), str(HERE / "corpus" / target)]),
        ],
        harness.check,
    )
    atheris.Fuzz()


def _folder(path: Path) -> str:
    path.mkdir(exist_ok=True)
    return str(path)


if __name__ == "__main__":
    main(sys.argv[1:] or ["parser"])
