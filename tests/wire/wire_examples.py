"""Events to send and receive: a recorded stream, characters that break formats, and strategies."""

from itertools import pairwise

from hypothesis import strategies as st

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    MessageStop,
    StatusEvent,
    TextBlock,
)

RECORDED = [
    StatusEvent("started", 0.0, 0, 0, 0),
    ContentBlockStart(0, TextBlock()),
    ContentBlockDelta(0, "Here is your page: grüß Gott \u2028 \U0001f600\n"),
    ContentBlockStop(0, "end", 31),
    ContentBlockStart(1, ComponentBlock("HeroSection", "header", {"tone": "dark = bold"})),
    ContentBlockDelta(1, 'export default () => <a href="x">\r\n\r\ndata: forged\r\n\r\n</a>;\n'),
    ContentBlockStart(2, ComponentBlock("Nav.Item", "nav", parent=1)),
    ErrorEvent("unclosed_component", "Nav.Item is not closed.", line=12, index=2),
    ContentBlockStop(2, "truncated", 0, trimmed=7),
    ContentBlockStop(1, "truncated", 57),
    DebugEvent({"open": [1, 2], "ratio": 0.25, "note": None}),
    ErrorEvent("too_many_errors", "Too many errors.", fatal=True, retryable=True),
    MessageStop("failed", {"chars": 88, "by_reason": {"truncated": 2}}),
]

HOSTILE = [
    "\r",
    "\n",
    "\r\n",
    "\r\r",
    "\n\n",
    "\n:\n",
    "\0",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1e",
    "\ufeff",
    "\ud800",
    "\udfff",
    "\u202e",
    "data:",
    "\ndata: x\n\n",
    "id:",
    "\nid: 99\n",
    "\r\nevent: message_stop\r\n",
    ":",
    " ",
    '"',
    "\\",
    '"}}\n\n',
    "%d%b{}",
    "</script>",
]

characters = st.sampled_from(HOSTILE) | st.characters(exclude_categories=())
texts = st.lists(characters, max_size=8).map("".join)
counts = st.integers(0, 2**53)
indices = st.none() | counts
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
states = st.dictionaries(texts, values, max_size=4)
components = st.builds(ComponentBlock, texts, texts, st.dictionaries(texts, texts, max_size=3), indices)
deltas = st.builds(ContentBlockDelta, counts, texts)
seconds = st.floats(0, 1e9)
events = (
    deltas
    | st.builds(ContentBlockStart, counts, components | st.just(TextBlock()))
    | st.builds(
        ContentBlockStop,
        counts,
        st.sampled_from(["end", "implied", "truncated", "aborted", "blocked"]),
        counts,
        counts,
    )
    | st.builds(ErrorEvent, texts, texts, st.booleans(), st.booleans(), indices, indices)
    | st.builds(StatusEvent, texts, seconds, counts, counts, counts)
    | st.builds(MessageStop, st.sampled_from(["complete", "failed", "timeout", "cancelled"]), states)
    | st.builds(DebugEvent, states)
)


def received(value):
    """The value as JSON brings it: two surrogates that are a pair come out as the character they mean."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, dict):
        return {received(key): received(item) for key, item in value.items()}
    if isinstance(value, list):
        return [received(item) for item in value]
    return value


def decode(decoder, *chunks):
    """Everything that comes out: the events, and the exception in its place, after which nothing counts."""
    out = []
    try:
        for chunk in chunks:
            out += decoder.feed(chunk)
        out += decoder.close()
    except ValueError as error:
        out.append(str(error))
    return out, decoder.last_event_id


def pieces(data, cuts):
    """``data`` cut at these offsets."""
    edges = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(edges)]
