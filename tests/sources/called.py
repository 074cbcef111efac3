"""Answers that call a tool, in the shapes of the providers: a call of another tool, and two of ``show``."""

import json

from componentstream.sources import SourceDecoder, SourceError

TEXT = '/// START A\n<p>"é😀"\\</p>\n/// END A\n/// START B\nx\n/// END B\n'
FIRST, SECOND = TEXT[: TEXT.index("/// START B") - 1], TEXT[TEXT.index("/// START B") :]
"""The values of the two calls; the line end between them is not part of either."""

WHOLE = [
    ("look", {"code": "no text"}),
    ("show", {"title": {"code": "no"}, "code": FIRST}),
    ("show", {"code": SECOND, "x": ["}"]}),
]
CALLS = [(name, json.dumps(arguments)) for name, arguments in WHOLE]


def cut(text, size=5):
    return [text[at : at + size] for at in range(0, len(text), size)]


def result(events, **options):
    """Return the text of the calls of ``show``, and the codes of the errors."""
    decoder = SourceDecoder(**{"tool": "show", "argument": "code", **options})
    pieces = [piece for event in events for piece in decoder.feed(event)] + decoder.close()
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return text, [piece.code for piece in pieces if isinstance(piece, SourceError)]


def anthropic(calls=CALLS, kind="input_json_delta"):
    yield {"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Here it is."}}
    for index, (name, arguments) in enumerate(calls, 1):
        block = {"type": "tool_use", "id": f"t{index}", "name": name, "input": {}}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for part in ["", *cut(arguments)]:
            delta = {"type": kind, "partial_json": part}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}


def chat_chunk(delta, finish_reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def chat(calls=CALLS, size=5):
    yield chat_chunk({"role": "assistant", "content": "Here it is."})
    for index, (name, arguments) in enumerate(calls):
        function = {"name": name, "arguments": ""}
        yield chat_chunk(
            {"tool_calls": [{"index": index, "id": f"t{index}", "type": "function", "function": function}]}
        )
        for part in cut(arguments, size):
            yield chat_chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield chat_chunk({}, "tool_calls")


def chat_whole(indexes=(0, 1, 2), arguments=CALLS):
    """Return all calls in one chunk, as xAI and Mistral send them; some servers give them one index."""
    calls = [
        {"index": index, "id": f"t{at}", "type": "function", "function": {"name": name, "arguments": value}}
        for at, (index, (name, value)) in enumerate(zip(indexes, arguments, strict=True))
    ]
    yield chat_chunk({"role": "assistant", "content": "", "tool_calls": calls}, "tool_calls")


def chat_function():
    """Return the one call of the API before it had several."""
    name, arguments = CALLS[1]
    yield chat_chunk({"role": "assistant", "function_call": {"name": name, "arguments": ""}})
    for part in cut(arguments):
        yield chat_chunk({"function_call": {"arguments": part}})
    yield chat_chunk({}, "function_call")


def chat_custom():
    for at, part in enumerate(cut(FIRST)):
        named = {"index": 0, "id": "t", "type": "custom"} if at == 0 else {"index": 0}
        yield chat_chunk(
            {"tool_calls": [{**named, "custom": {"name": "show" if at == 0 else None, "input": part}}]}
        )
    yield chat_chunk({}, "tool_calls")


def responses(calls=CALLS, *, custom=False):
    kind = "custom_tool_call" if custom else "function_call"
    field = "input" if custom else "arguments"
    delta_type = "custom_tool_call_input" if custom else "function_call_arguments"
    response = {"id": "r", "object": "response", "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": response}
    message = {"type": "message", "id": "m", "role": "assistant", "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": message}
    yield {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "delta": "Here it is."}
    for index, (name, arguments) in enumerate(calls, 1):
        item = {"type": kind, "id": f"i{index}", "call_id": f"t{index}", "name": name, field: ""}
        ids = {"item_id": f"i{index}", "output_index": index}
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        for part in cut(arguments):
            yield {"type": f"response.{delta_type}.delta", **ids, "delta": part}
        yield {"type": f"response.{delta_type}.done", **ids, field: arguments}
        yield {
            "type": "response.output_item.done", "output_index": index, "item": {**item, field: arguments}
        }  # fmt: skip
    yield {"type": "response.completed", "response": {**response, "status": "completed"}}


def cohere(calls=CALLS):
    yield {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}}
    for index, (name, arguments) in enumerate(calls):
        call = {"id": f"t{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": call}}}
        for part in cut(arguments):
            delta = {"message": {"tool_calls": {"function": {"arguments": part}}}}
            yield {"type": "tool-call-delta", "index": index, "delta": delta}
        yield {"type": "tool-call-end", "index": index}
    yield {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}


def gemini_chunk(*parts, **more):
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0, **more}]}


def gemini():
    yield gemini_chunk({"text": "Here it is."})
    for name, arguments in WHOLE:
        yield gemini_chunk({"functionCall": {"name": name, "args": arguments}})
    yield gemini_chunk(finishReason="STOP")


def gemini_partial(json_path="$.code"):
    """Return calls whose strings come as they grow."""
    for name, text in (("look", "no text"), ("show", FIRST), ("show", SECOND)):
        yield gemini_chunk({"functionCall": {"name": name, "willContinue": True}})
        title = {"jsonPath": "$.title", "stringValue": "no"}
        yield gemini_chunk({"functionCall": {"partialArgs": [title], "willContinue": True}})
        for part in cut(text):
            partial = {"jsonPath": json_path, "stringValue": part, "willContinue": True}
            yield gemini_chunk({"functionCall": {"partialArgs": [partial], "willContinue": True}})
        yield gemini_chunk({"functionCall": {"partialArgs": [{"jsonPath": json_path}]}})
        yield gemini_chunk({"functionCall": {}})
    yield gemini_chunk(finishReason="STOP")


def interactions(*, whole=False):
    yield {"event_type": "interaction.created", "interaction": {"id": "a"}}
    for index, (name, arguments) in enumerate(WHOLE):
        step = {"type": "function_call", "id": f"t{index}", "name": name, "arguments": {}}
        if whole:
            delta = {**step, "arguments": arguments}
            yield {"event_type": "step.delta", "index": index, "delta": delta}
            continue
        yield {"event_type": "step.start", "index": index, "step": step}
        for part in cut(json.dumps(arguments)):
            delta = {"type": "arguments_delta", "arguments": part}
            yield {"event_type": "step.delta", "index": index, "delta": delta}
        yield {"event_type": "step.stop", "index": index}
    yield {"event_type": "step.start", "index": 9, "step": {"type": "model_output"}}
    yield {"event_type": "interaction.completed", "interaction": {"status": "completed"}}


def ollama():
    for name, arguments in WHOLE:
        call = {"function": {"name": name, "arguments": arguments}}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        yield {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}
    message = {"role": "assistant", "content": "Here it is."}
    end = {"done": True, "done_reason": "stop"}
    yield {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, **end}


def pydantic_ai(*, whole=False):
    for index, (name, arguments) in enumerate(WHOLE):
        part = {"part_kind": "tool-call", "tool_name": name, "tool_call_id": f"t{index}", "args": None}
        part["args"] = arguments if whole else ""
        yield {"event_kind": "part_start", "index": index, "part": part}
        for text in [] if whole else cut(json.dumps(arguments)):
            delta = {"part_delta_kind": "tool_call", "tool_name_delta": None, "args_delta": text}
            yield {"event_kind": "part_delta", "index": index, "delta": delta}


def langchain():
    for index, (name, arguments) in enumerate(CALLS):
        for at, part in enumerate(["", *cut(arguments)]):
            chunk = {"name": None, "args": part, "id": None, "index": index, "type": "tool_call_chunk"}
            if at == 0:
                chunk |= {"name": name, "id": f"t{index}"}
            yield {"type": "AIMessageChunk", "content": "", "tool_call_chunks": [chunk]}


def langchain_whole():
    calls = [
        {"name": name, "args": arguments, "id": f"t{index}", "type": "tool_call"}
        for index, (name, arguments) in enumerate(WHOLE)
    ]
    return [{"type": "ai", "content": "Here it is.", "tool_calls": calls}]
