"""Fuzz a small application with pages as models write them, including damaged and hostile ones.

    pip install "componentstream[testing]"
    python examples/fuzz_your_app.py

``Page`` is the application: it turns events into HTML. Three properties are checked with hundreds of
generated answers: the output does not depend on the chunking, the tags are balanced, and text of the model
never becomes a tag. ``HastyPage`` violates the first property in a way that a few hand-written tests would
probably miss; the search finds a text and a cut that prove it.
"""

import html
import re

from hypothesis import Phase, given, settings

from componentstream import (
    ComponentBlock,
    ComponentParser,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
)
from componentstream.testing import EventVerifier, assert_cut_invariant, strategies

TAG = re.compile(r'<p>|<section class="[a-z]+" title="[\w.]+">|</p>|</section>')

# Without Phase.explain, which runs the code many times under a tracer to say which part of a failure matters.
FUZZING = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
)


class Page:
    """Renders a model's answer: a section for each component, a paragraph for the text between."""

    def __init__(self) -> None:
        self.parser = ComponentParser()
        self.verifier = EventVerifier()
        self.open_tags: list[str] = []

    def feed(self, text: str) -> list[str]:
        """Feed the next chunk of the answer; return the HTML that it completes."""
        return [self.render(event) for event in self.parser.feed(text)]

    def close(self) -> list[str]:
        """Return the remaining HTML at the end of the answer."""
        pieces = [self.render(event) for event in self.parser.close()]
        self.verifier.finish()
        return pieces

    def render(self, event: Event) -> str:
        """Return the HTML of one event; empty for an error."""
        self.verifier.check(event)
        match event:
            case ContentBlockStart(block=ComponentBlock(name=name, position=position)):
                self.open_tags.append("</section>")
                return f'<section class="{position}" title="{name}">'
            case ContentBlockStart():
                self.open_tags.append("</p>")
                return "<p>"
            case ContentBlockDelta(text=text):
                return self.escape(text)
            case ContentBlockStop():
                return self.open_tags.pop()
            case _:
                return ""

    def escape(self, text: str) -> str:
        """Return text of the model as HTML."""
        return html.escape(text)


class HastyPage(Page):
    """Normalizes line ends, and forgets that a chunk may end between CR and LF."""

    def escape(self, text: str) -> str:
        """Return text of the model as HTML, with every line end as LF."""
        return html.escape(text).replace("\r\n", "\n").replace("\r", "\n")


@FUZZING
@given(strategies.documents())
def cuts_make_no_difference(page: type[Page], text: str) -> None:
    """Render a text at once, split at every place, and by characters: the HTML must be the same."""
    assert_cut_invariant(page, text, normalise="".join)


@FUZZING
@given(strategies.chunked(strategies.documents()))
def the_model_writes_no_tags(page: type[Page], chunks: list[str]) -> None:
    """Render a text in chunks: the only angle brackets are those of the page's own, balanced tags."""
    screen = page()
    rendered = "".join([piece for chunk in chunks for piece in screen.feed(chunk)] + screen.close())
    tags = TAG.findall(rendered)
    assert sum(tag.startswith("</") for tag in tags) * 2 == len(tags)
    assert "<" not in TAG.sub("", rendered)


def main() -> None:
    """Check the properties for both pages and print the results."""
    for page in (Page, HastyPage):
        for law in (cuts_make_no_difference, the_model_writes_no_tags):
            try:
                law(page)
            except AssertionError as broken:
                print(f"{page.__name__}: {law.__name__} is broken")
                print(broken, *getattr(broken, "__notes__", ()), sep="\n")
            else:
                print(f"{page.__name__}: {law.__name__} holds")


if __name__ == "__main__":
    main()
