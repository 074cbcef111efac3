"""What README.md shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def run(*arguments, given=""):
    return subprocess.run(
        [sys.executable, *arguments], input=given, capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout


def test_the_first_two_commands_are_one_line_each():
    main_job, tests = blocks("sh")[:2]
    assert main_job.count("\n") == 1
    assert "parse --table" in main_job
    assert tests.count("\n") == 1
    assert "python -m pytest" in tests


def test_the_first_command_prints_the_table():
    text = run("-m", "componentstream", "replay", "examples/data/landing_page.jsonl", "--rate", "0")
    assert run("-m", "componentstream", "parse", "--table", "-", given=text) == blocks("text")[0]


def test_the_example_prints_what_stands_below_it():
    code, output = blocks("python")[0], blocks("json")[0]
    assert run("-c", code) == output
    assert len([line for line in code.splitlines() if line.strip()]) <= 8


def test_the_example_is_the_quickstart():
    quickstart = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8")
    assert blocks("python")[0].strip() in quickstart


def test_the_fuzzing_example_runs():
    run("-c", blocks("python")[-1] + "\ntest_my_page_does_not_depend_on_the_cuts()\n")


def test_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("number", [1, 2], ids=["your web app", "your own model"])
def test_the_other_snippets_run_up_to_the_first_request(number):
    parts.module("fastapi")
    run("-c", blocks("python")[number])


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_links_of_the_documents_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
