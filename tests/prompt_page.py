"""The programs in docs/prompt.md and their output; ``python -m tests.prompt_page`` rewrites the output."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

PATH = Path(__file__).parent.parent / "docs" / "prompt.md"
_PROGRAM = re.compile(r"^```python\n(.*?)^```$(\n\n```(?:text|json)\n)?", re.DOTALL | re.MULTILINE)


def written(page: str) -> str:
    """Return the page with the output that its programs print now. They share their names."""
    names: dict[str, object] = {}
    parts, at = [], 0
    for match in _PROGRAM.finditer(page):
        with redirect_stdout(io.StringIO()) as output:
            exec(match[1], names)  # noqa: S102 - the programs are ours
        parts.append(page[at : match.end()])
        at = match.end()
        if match[2]:
            parts.append(output.getvalue().rstrip("\n") + "\n")
            at = page.index("```\n", at)
    return "".join([*parts, page[at:]])


if __name__ == "__main__":
    PATH.write_text(written(PATH.read_text(encoding="utf-8")), encoding="utf-8")
