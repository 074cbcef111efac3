"""``componentstream eval``: how well a model keeps to the protocol, over recordings or with a live model."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from componentstream.cli.options import grammar_of, limits_of
from componentstream.cli.output import counted, say, utf8
from componentstream.cli.responses import advice
from componentstream.cli.serve import load
from componentstream.core.errors import ConfigurationError, UsageError
from componentstream.core.events import ErrorEvent
from componentstream.core.grammar import Grammar
from componentstream.core.limits import Limits
from componentstream.demo.recording import is_chunk, read_recording
from componentstream.drive import DecoderFactory, aparse, parse
from componentstream.drive.decoding import DECODERS
from componentstream.inspection import AnswerScore, AnswerScorer, NearMissParser, ScoreSummary, summarize
from componentstream.sources.failures import source_failure

if TYPE_CHECKING:
    from componentstream.server import Generate

_CLEAN: Final = 0
_NOT_CLEAN: Final = 1


def evaluate(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    grammar, limits = grammar_of(options), limits_of(options)
    scores: dict[str, AnswerScore] = {}
    for name, score in _scores(options, grammar, limits):
        scores[name] = score
        say(f"{name}: {_outcome(score)}")
    summary = summarize(scores.values())
    if options.json:
        answers = [{"name": name, **score.to_dict()} for name, score in scores.items()]
        output = json.dumps({"answers": answers, "summary": summary.to_dict()}, indent=2) + "\n"
    else:
        output = _table(summary)
    sys.stdout.buffer.write(utf8(output))
    return _CLEAN if all(score.clean for score in scores.values()) else _NOT_CLEAN


def _scores(
    options: argparse.Namespace, grammar: Grammar, limits: Limits
) -> Iterator[tuple[str, AnswerScore]]:
    decoder = DECODERS[options.decoder]
    if options.prompts is None:
        for name in options.answers:
            _refuse_function(name)
            score, first = _score_file(name, NearMissParser(grammar, limits), decoder)
            yield name, score
            if options.decoder == "text" and not score.components and (told := advice(first)):
                say(f"{name} {told}")
        return
    if len(options.answers) != 1:
        raise UsageError("--prompts needs exactly one MODULE:NAME, the function that generates.")
    # The other commands start faster without it.
    import asyncio  # noqa: PLC0415

    generate = load(options.answers[0])
    for number, prompt in enumerate(_prompts(options.prompts), 1):
        parser = NearMissParser(grammar, limits)
        name = f"prompt {number}"
        yield name, asyncio.run(_score_live(name, generate, prompt, parser, decoder))


def _refuse_function(name: str) -> None:
    if re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", name) and not Path(name).exists():
        raise UsageError(
            f"{name} is not a file. If it is the function that generates, add --prompts FILE, with one "
            "prompt on each line."
        )


def _score_file(name: str, parser: NearMissParser, decoder: DecoderFactory) -> tuple[AnswerScore, bytes]:
    """Return the figures of a recording, or of a file with the bytes of an answer, and its first line."""
    scorer = AnswerScorer()
    with Path(name).open("rb") as file:
        first = file.readline()
    if is_chunk(first):
        at = 0.0
        for chunk in read_recording(name):
            at = chunk.at
            for event in parser.feed(chunk.text):
                scorer.add(event, at)
        for event in parser.close():
            scorer.add(event, at)
    else:
        for event in parse([Path(name).read_bytes()], parser=parser, decoder=decoder):
            scorer.add(event)
    return scorer.score(), first


async def _score_live(
    name: str, generate: "Generate", prompt: str, parser: NearMissParser, decoder: DecoderFactory
) -> AnswerScore:
    """Return the figures of a model's answer; an exception of the model is an error of that answer."""
    from componentstream.server.generation_request import GenerationRequest  # noqa: PLC0415 - an extra

    scorer = AnswerScorer()
    began = time.monotonic()
    try:
        source = generate(GenerationRequest(prompt))
        async with aclosing(aparse(source, parser=parser, decoder=decoder)) as events:
            async for event in events:
                scorer.add(event, time.monotonic() - began)
    except UsageError:
        # The function is not one that generates, which no other prompt changes.
        raise
    except Exception as problem:  # noqa: BLE001 - the user's function may raise any exception
        say(f"{name}: the model raised {type(problem).__name__}: {problem}")
        failure = source_failure(problem)
        scorer.add(ErrorEvent(failure.code, failure.message, fatal=True, retryable=failure.retryable))
    return scorer.score()


def _prompts(name: str) -> list[str]:
    """Return the prompts of a file: one on each line, as it is or as a string of JSON."""
    prompts = []
    for number, line in enumerate(Path(name).read_text("utf-8").splitlines(), 1):
        prompt: object = line.strip()
        if isinstance(prompt, str) and prompt.startswith('"'):
            try:
                prompt = json.loads(prompt)
            except ValueError:
                raise ConfigurationError(
                    f"{name}, line {number}: the string of JSON is not complete."
                ) from None
        if prompt:
            prompts.append(str(prompt))
    if not prompts:
        raise ConfigurationError(f"{name} has no prompts; write one on each line.")
    return prompts


def _outcome(score: AnswerScore) -> str:
    """Return the figures of an answer as one line."""
    parts = [counted(score.components, "component")]
    parts += [f"{count} {code}" for code, count in score.errors.items()]
    if score.near_misses:
        parts.append(counted(score.near_misses, "near miss", "near misses"))
    if score.truncated:
        parts.append("truncated")
    if score.first_component is not None:
        parts.append(f"the first after {score.first_component:.2f} s")
    return ", ".join(parts)


def _table(summary: ScoreSummary) -> str:
    """Return the figures of all answers as a table."""
    rows = [("answers", str(summary.answers), "")]
    counts = [
        ("clean: components, no error, no near miss", summary.clean),
        ("without errors", summary.without_errors),
        ("with errors that were recovered", summary.recovered),
        ("with near misses", summary.near_misses),
        ("truncated", summary.truncated),
        ("without components", summary.without_components),
        *((f"  with {code}", count) for code, count in summary.errors.items()),
    ]
    rows += [(title, str(count), f"{100 * count / summary.answers:.0f} %") for title, count in counts]
    for title, seconds in (
        ("seconds to the first component, median", summary.first_component_median),
        ("seconds to the first component, largest", summary.first_component_max),
    ):
        if seconds is not None:
            rows.append((title, f"{seconds:.2f}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        f"{title:<{widths[0]}}  {number:>{widths[1]}}  {share:>{widths[2]}}".rstrip() + "\n"
        for title, number, share in rows
    )
