"""Score a model by how well its answers keep to the protocol, with Inspect AI.

    pip install inspect-ai
    python examples/inspect_ai_scorer.py           # recorded answers, without a key
    inspect eval examples/inspect_ai_scorer.py --model anthropic/claude-sonnet-5-5

Each figure of an answer is a metric of its own: whether it is clean, how many components it has, errors,
slips that the parser recovered from, and near misses. The whole is in the metadata of the score.
"""

import sys
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

from componentstream.demo.recording import read_recording
from componentstream.inspection import AnswerScore, AnswerScorer, NearMissParser
from componentstream.prompt import instructions

PROMPTS = ["a landing page for a bakery", "a dashboard for a bicycle rental", "a page with a mistake or two"]
RECORDINGS = ["landing_page", "dashboard", "prose_and_mistakes"]


def figures_of(answer: str) -> AnswerScore:
    """Return the figures of a whole answer."""
    parser, figures = NearMissParser(), AnswerScorer()
    for event in [*parser.feed(answer), *parser.close()]:
        figures.add(event)
    return figures.score()


@scorer(metrics={"*": [mean()]})
def protocol() -> Scorer:
    """Score an answer by its events."""

    async def score(state: TaskState, _target: Target) -> Score:
        figures = figures_of(state.output.completion)
        value: dict[str, str | int | float | bool | None] = {
            "clean": int(figures.clean),
            "components": figures.components,
            "errors": sum(figures.errors.values()),
            "recovered": figures.recovered,
            "near_misses": figures.near_misses,
            "truncated": int(figures.truncated),
        }
        return Score(value=value, metadata=figures.to_dict())

    return score


@task
def page() -> Task:
    """Ask for some pages, with the instructions of the protocol as the system message."""
    system = ChatMessageSystem(content=instructions())
    samples = [Sample(input=[system, ChatMessageUser(content=prompt)]) for prompt in PROMPTS]
    return Task(dataset=samples, solver=generate(), scorer=protocol())


def main() -> None:
    """Score the recorded answers, and print the mean of each figure."""
    data = Path(__file__).parent / "data"
    answers = ["".join(chunk.text for chunk in read_recording(data / f"{name}.jsonl")) for name in RECORDINGS]
    outputs = [ModelOutput.from_content("mockllm/model", answer) for answer in answers]
    for output in outputs:
        output.usage = ModelUsage()  # otherwise the mock downloads a tokenizer to count
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = evaluate(page(), model=model, display="none", log_dir=sys.argv[1] if sys.argv[1:] else "logs")
    if log.results is None:
        raise SystemExit(f"The evaluation failed: {log.error.message if log.error else log.status}")
    for score in log.results.scores:
        print(f"{score.name:12} {score.metrics['mean'].value:.2f}")


if __name__ == "__main__":
    main()
