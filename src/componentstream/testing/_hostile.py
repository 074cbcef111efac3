"""Hypothesis strategies for damaged and hostile text; the public ones are in ``strategies``."""

from hypothesis import strategies as st

from componentstream.core.grammar import Grammar

_ANY_CHAR = st.characters(exclude_categories=())

# Pieces of hostile text: {p} is the prefix, {s} and {e} the keywords, {ls} START in the other case.
_HOSTILE = (
    "\n", "\n", "\r\n", "\r", "\r\r\n", "\n\n", " ", "\t", "\u00a0", "\u3000", "\u2003", "\u1680",
    "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\u200b", "\u200d", "\u180e",
    "\ufeff", "\u202e", "\ud800", "\udc00", "\U0001f468\u200d\U0001f469", "e\u0301", "\uff0f\uff0f\uff0f",
    "{p}", "{p}", "{p} {s} A", "{p} {s} A\n", "{p} {s} B position=hero\n", "{p} {e} A\n", "{p} {e} B\n",
    "{p}{s} A", "{p}/ {s} A\n", "/{p} {s} A\n", "{p} {ls} A\n", "{p} {s}ED A\n", "{p} {s}", "{p} {e}",
    "{s}", "{e}", " {p} {s}\t", "{p}\u00a0{s}\u3000A\u2003x=1\n", "{p} {s}\r\n", "{p} {s}\rX\n",
    "{p} {s} A\r\n", "{p} {e} A\r\n", "{p} {s} A\r", "{p} {s} \u200bA\n", "{p} {s} \uff21\n",
    "{p} {s} 9a\n", "{p} {s} A.b.C\n", "{p} {s} A..b\n", "{p} {s} __proto__\n", "{p} {s} A extra\n",
    "{p} {e} A x=1\n", "{p} {s} A position=HERO\n", "{p} {s} A position=moon\n", "{p} {s} A x=1 x=2\n",
    '{p} {s} A x="unclosed\n', "{p} {s} A x='a b=c' y=\n", '{p} {s} A x="1"y=2\n', '{p} {s} A x="<b>"\n',
    "{p} {s} A x=\ud800\n", "```", "``", "`", "```\n", "```\n", "```jsx\n", "```\r\n", " ``` \n",
    "````c++\n", "``` jsx\n", "```\u00a0\n", "```\r", "~~~\n", "```jsx`\n",
    "~~~\n", "~~~ts x\n", " ~~~~\r\n", "~~", "~~~ `\n", "``` ~~~\n", "```a b=c {{1}}\n",
    "{p} {e}\n", "{p} {e} --\n", "{p} {e} A;\n", "{p} {e} A -->\n", "{p} {e} a\n", "{p} {e} A-b\n",
    "{p} {e} B position=hero\n", "{p} {s} A,\n", "{p} {s} A, position=hero\n", "{p} {s} B position: nav\n",
    "{p} {s} A position=hero,\n", "{p} {s} A x = 1; y='2',\n", "{p} {s} A */\n", "{p} {s} Then loop\n",
    "{p} {s} A position=\n", "{p} {s} A position=root\n", "{p} {s} A.B position=nav\n",
    "{p} {s} then loop,\n",
    '{p} {s} A x="a<b" y=1\n', '{p} {s} A x="a y=1\n', "{p} {e} A",
)  # fmt: skip
# A long line is one of these, then one of these many times.
_LONG = (
    "x", " ", "/", "`", "{p}", "{p} {s} ", "{p} {s} A x=", "{p} {e} A", "```", "``` ", "```jsx",
    "~", "~~~ i", "\r", "\n", "k='",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """Draw a text with one to four pieces removed, doubled, moved or replaced."""
    text = draw(texts)
    edits = st.sampled_from(["remove", "double", "move", "replace"])
    for edit in draw(st.lists(edits, min_size=1, max_size=4)):
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        before, piece, after = text[:first], text[first:last], text[last:]
        if edit == "remove":
            text = before + after
        elif edit == "double":
            text = before + piece + piece + after
        elif edit == "move":
            text = after + piece + before
        else:
            text = before + draw(st.text(_ANY_CHAR, max_size=3)) + after
    return text


def hostile(grammar: Grammar, markers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw near-markers, slips, odd white space and line ends, fences and long lines in any order."""
    words = {"p": grammar.prefix, "s": grammar.start, "e": grammar.end, "ls": grammar.start.swapcase()}
    piece = st.sampled_from([piece.format(**words) for piece in _HOSTILE])
    long = st.sampled_from([piece.format(**words) for piece in _LONG])
    # Around the small limits of limits() and around the default of a marker.
    times = st.integers(2, 45) | st.integers(500, 515)
    long_line = st.builds(lambda head, body, count: head + body * count, long, long, times)
    deep = st.integers(2, 12).map(lambda count: f"\n{grammar.prefix} {grammar.start} A" * count)
    free = st.text(_ANY_CHAR, max_size=4)
    marker = markers.map("{}\n".format)
    rare = {0: long_line, 1: deep, 2: free, 3: marker, 4: marker}
    part = st.integers(0, 15).flatmap(lambda number: rare.get(number, piece))
    return st.lists(part, max_size=14).map("".join)
