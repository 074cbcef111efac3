"""``componentstream eval`` over real files and a real generate function."""

import json
import textwrap
from pathlib import Path

import pytest

from componentstream.cli import main
from tests.sources import recorded

GOOD = "/// START Hero\n<h1/>\n/// END Hero\n"
NEAR = "{/* /// START Hero */}\n<h1/>\n"


@pytest.fixture
def answers(tmp_path):
    recording = [
        {"at": 0.5, "text": "Hello\n/// STA"},
        {"at": 1.25, "text": GOOD[7:]},
        {"at": 2, "text": "x"},
    ]
    (tmp_path / "good.jsonl").write_text("".join(json.dumps(chunk) + "\n" for chunk in recording))
    (tmp_path / "near.txt").write_text(NEAR)
    (tmp_path / "bad.txt").write_text("/// END Hero\n/// START Hero\n")
    return [str(tmp_path / name) for name in ("good.jsonl", "near.txt", "bad.txt")]


def test_clean_answers_give_status_0(answers, capfdbinary):
    assert main(["eval", answers[0]]) == 0
    out, err = capfdbinary.readouterr()
    assert err.decode() == f"componentstream: {answers[0]}: 1 component, the first after 1.25 s\n"
    assert out.decode().splitlines() == [
        "answers                                       1",
        "clean: components, no error, no near miss     1  100 %",
        "without errors                                1  100 %",
        "with errors that were recovered               0    0 %",
        "with near misses                              0    0 %",
        "truncated                                     0    0 %",
        "without components                            0    0 %",
        "seconds to the first component, median     1.25",
        "seconds to the first component, largest    1.25",
    ]


def test_the_page_shows_the_figures_of_the_recordings_of_the_examples(capfdbinary):
    root = Path(__file__).parents[2]
    assert main(["eval", *map(str, sorted(root.glob("examples/data/*.jsonl")))]) == 1
    table = textwrap.indent(capfdbinary.readouterr().out.decode(), "    ")
    assert table in (root / "docs/prompt.md").read_text()


def test_one_answer_that_is_not_clean_gives_status_1(answers, capfdbinary):
    assert main(["eval", *answers]) == 1
    out, err = capfdbinary.readouterr()
    assert err.decode().splitlines()[1:] == [
        f"componentstream: {answers[1]}: 0 components, 1 near miss",
        f"componentstream: {answers[2]}: 1 component, 1 unclosed_component, 1 unexpected_end, truncated",
    ]
    assert b"  with unexpected_end                         1  33 %\n" in out


def test_the_figures_come_as_json_too(answers, capfdbinary):
    assert main(["eval", "--json", *answers[:2]]) == 1
    figures = json.loads(capfdbinary.readouterr().out)
    assert [answer["name"] for answer in figures["answers"]] == answers[:2]
    assert figures["answers"][0]["first_component"] == 1.25
    assert figures["summary"]["answers"] == 2
    assert figures["summary"]["near_misses"] == 1


def test_options_of_the_grammar_count(answers, capfdbinary):
    assert main(["eval", "--prefix", "@@", answers[0]]) == 1
    assert b"without components                         1  100 %" in capfdbinary.readouterr().out


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "my_model.py").write_text(
        "async def generate(request):\n"
        "    yield f'/// START {request.prompt}\\n'\n"
        "    yield f'x\\n/// END {request.prompt}\\n'\n"
        "def plain(request):\n"
        "    return ['/// START A\\n', '\\n' + request.prompt]\n"
        "def failing(request):\n"
        "    yield '/// START A\\n/// END A\\n'\n"
        "    if request.prompt == 'broken':\n"
        "        raise ConnectionError('the network is down')\n"
        "    if request.prompt == 'bug':\n"
        "        raise RuntimeError('a bug')\n"
        "def wire(request):\n"
        "    yield __import__('pathlib').Path('answer.sse').read_bytes()\n"
        "def wrong(request):\n"
        "    return 7\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_live_model_gets_each_prompt(model, capfdbinary):
    (model / "prompts.txt").write_text('Hero\n\n  Footer  \n"Menu"\n')
    assert main(["eval", "my_model:generate", "--prompts", "prompts.txt"]) == 0
    out, err = capfdbinary.readouterr()
    assert err.count(b": 1 component, the first after ") == 3
    assert b"clean: components, no error, no near miss     3  100 %" in out


def test_a_prompt_may_have_several_lines(model, capfdbinary):
    (model / "prompts.txt").write_text('"/// END A\\n/// END B"\n')
    assert main(["eval", "my_model:plain", "--prompts", "prompts.txt", "--json"]) == 1
    figures = json.loads(capfdbinary.readouterr().out)
    assert figures["answers"][0]["errors"] == {"unexpected_end": 1}
    assert figures["answers"][0]["name"] == "prompt 1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("\n \n", "prompts.txt has no prompts; write one on each line."),
        ('"Hero\n', "prompts.txt, line 1: the string of JSON is not complete."),
    ],
)
def test_a_file_without_prompts_is_refused(model, capfdbinary, content, problem):
    (model / "prompts.txt").write_text(content)
    assert main(["eval", "my_model:generate", "--prompts", "prompts.txt"]) == 2
    assert problem.encode() in capfdbinary.readouterr().err


def test_prompts_are_for_one_function(model, capfdbinary):
    (model / "prompts.txt").write_text("Hero\n")
    assert main(["eval", "my_model:generate", "my_model:plain", "--prompts", "prompts.txt"]) == 2
    assert b"--prompts needs exactly one MODULE:NAME" in capfdbinary.readouterr().err


def test_a_file_that_is_not_there_gives_status_2(tmp_path, capfdbinary):
    assert main(["eval", str(tmp_path / "missing.txt")]) == 2
    assert b"missing.txt: No such file" in capfdbinary.readouterr().err


def test_an_exception_of_the_model_is_an_error_of_its_answer_and_the_others_follow(model, capfdbinary):
    (model / "prompts.txt").write_text("one\nbroken\nbug\ntwo\n")
    assert main(["eval", "my_model:failing", "--prompts", "prompts.txt", "--json"]) == 1
    out, err = capfdbinary.readouterr()
    answers = json.loads(out)["answers"]
    assert [answer["errors"] for answer in answers] == [
        {}, {"source_incomplete": 1}, {"source_failed": 1}, {}
    ]  # fmt: skip
    assert [answer["components"] for answer in answers] == [1, 1, 1, 1]
    assert b"prompt 2: the model raised ConnectionError: the network is down\n" in err
    assert b"prompt 3: the model raised RuntimeError: a bug\n" in err


def test_a_function_that_does_not_generate_ends_the_run(model, capfdbinary):
    (model / "prompts.txt").write_text("one\ntwo\n")
    assert main(["eval", "my_model:wrong", "--prompts", "prompts.txt"]) == 2
    assert b"aparse" in capfdbinary.readouterr().err


def test_a_function_without_prompts_is_told_to_add_them(capfdbinary):
    assert main(["eval", "my_model:generate"]) == 2
    assert b"my_model:generate is not a file. If it is the function that generates, add --prompts FILE" in (
        capfdbinary.readouterr().err
    )


def test_a_live_model_may_yield_the_bytes_of_a_response(model, capfdbinary):
    (model / "answer.sse").write_bytes(recorded.sse(*recorded.chat(), done=True))
    (model / "prompts.txt").write_text("one\n")
    assert main(["eval", "my_model:wire", "--prompts", "prompts.txt", "--decoder", "sse"]) == 0
    assert b"prompt 1: 1 component" in capfdbinary.readouterr().err


def test_the_response_of_a_provider_is_read_with_its_decoder(tmp_path, capfdbinary):
    path = tmp_path / "answer.sse"
    path.write_bytes(recorded.sse(*recorded.chat(), done=True))
    assert main(["eval", "--decoder", "sse", str(path)]) == 0
    assert b"1 component\n" in capfdbinary.readouterr().err
    assert main(["eval", str(path)]) == 1
    _, err = capfdbinary.readouterr()
    assert b"answer.sse: 0 components\n" in err
    assert b"answer.sse looks like the response of a provider; read it with --decoder sse.\n" in err
