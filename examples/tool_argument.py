"""Show a page that a model writes into an argument of a tool, while the argument grows.

Give the model a tool such as ``render_page(code)``. Providers send the arguments of a call as fragments of
JSON, here those of Anthropic; a ``SourceDecoder`` with the name of the tool and of the argument turns them
into text.
"""

import json
from collections.abc import Iterator

from componentstream import ContentBlockDelta, ContentBlockStart, ContentBlockStop, ErrorEvent, parse
from componentstream.sources import SourceDecoder

PAGE = '/// START Hero position=hero\n<h1 className="big">Brot & Käse 🧀</h1>\n/// END Hero\n'
ARGUMENTS = json.dumps({"title": "A bakery", "code": PAGE})


def events_of_the_provider() -> Iterator[dict[str, object]]:
    """Yield an answer as Anthropic's library yields it, with fragments that end anywhere."""
    yield {"type": "message_start", "message": {"id": "msg_1"}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Here it is."}}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "render_page", "input": {}}
    yield {"type": "content_block_start", "index": 1, "content_block": tool}
    for at in range(0, len(ARGUMENTS), 20):
        delta = {"type": "input_json_delta", "partial_json": ARGUMENTS[at : at + 20]}
        yield {"type": "content_block_delta", "index": 1, "delta": delta}
    yield {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    yield {"type": "message_stop"}


decoder = SourceDecoder(tool="render_page", argument="code")
for event in parse(events_of_the_provider(), decoder=decoder):
    match event:
        case ContentBlockStart(block=block):
            print(f"{block.name} begins at {block.position}")
        case ContentBlockDelta(text=text):
            print(f"  {text!r}")
        case ContentBlockStop(reason=reason):
            print(f"it ends: {reason}")
        case ErrorEvent(code=code, message=message):
            print(f"{code}: {message}")
