"""Responses of providers, in the shape that their servers send: the same answer from each of them.

Each also contains parts that must not become text: thoughts, tool arguments, empty chunks, usage, and events
that repeat the text.
"""

import binascii
import json
import struct

PIECES = ["/// START Hero\n", "export ", "const Größe = 1 < 2\n", "/// END Hero\n"]
TEXT = "".join(PIECES)
DATA = json.dumps


def sse(*events, named=False, done=False):
    """Return events as a body: with the type as the name of each, and with the sentinel of OpenAI."""
    heads = [f"event: {event['type']}\n" if named else "" for event in events]
    blocks = [f"{head}data: {DATA(event)}\n\n" for head, event in zip(heads, events, strict=True)]
    return "".join([*blocks, "data: [DONE]\n\n" if done else ""]).encode()


def anthropic(stop_reason="end_turn"):
    """Return the events of Anthropic messages: a thought, the answer, a call of a tool."""
    usage = {"input_tokens": 9, "output_tokens": 3}
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude",
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip

    def block(index, opening, *deltas):
        yield {"type": "content_block_start", "index": index, "content_block": opening}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}

    texts = [{"type": "text_delta", "text": piece} for piece in PIECES]
    tool = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    return [
        {"type": "message_start", "message": message},
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "no text"},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        {"type": "ping"},
        *block(1, {"type": "text", "text": ""}, *texts),
        *block(2, tool, {"type": "input_json_delta", "partial_json": '{"text": "no text"}'}),
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": usage,
        },
        {"type": "message_stop"},
    ]


def chat(finish_reason="stop", *, usage=True):
    """Return the chunks of OpenAI chat completions: the last two without text, the last without choices."""
    deltas = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"content": piece} for piece in PIECES]
    choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "logprobs": None, "finish_reason": finish_reason})
    about = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt"}
    chunks = [{**about, "choices": [choice], "usage": None} for choice in choices]
    if usage:
        tokens = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        chunks.append({**about, "choices": [], "usage": tokens})
    return chunks


def responses(end="response.completed", **ended):
    """Return the events of OpenAI responses: reasoning, the answer, the arguments of a function."""
    response = {
        "id": "resp_1", "object": "response", "created_at": 1, "model": "gpt", "output": [],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "status": "in_progress",
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
    }  # fmt: skip
    part = {"type": "output_text", "text": "", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    call = {"item_id": "fc_1", "output_index": 1}
    arguments = '{"delta": "no text"}'
    look = {
        "id": "fc_1", "type": "function_call", "call_id": "c", "name": "look", "arguments": "",
        "status": "in_progress",
    }  # fmt: skip
    events = [
        {"type": "response.created", "response": response},
        {"type": "response.in_progress", "response": response},
        {"type": "response.reasoning_text.delta", **at, "delta": "no text"},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **at, "part": part},
        *({"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []} for piece in PIECES),
        {"type": "response.output_text.done", **at, "text": TEXT, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": {**part, "text": TEXT}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**item, "status": "completed", "content": [{**part, "text": TEXT}]},
        },
        {"type": "response.output_item.added", "output_index": 1, "item": look},
        {"type": "response.function_call_arguments.delta", **call, "delta": arguments},
        {"type": "response.function_call_arguments.done", **call, "name": "look", "arguments": arguments},
        {
            "type": "response.output_item.done",
            "output_index": 1,
            "item": {**look, "status": "completed", "arguments": arguments},
        },
        {"type": end, "response": {**response, "status": end.removeprefix("response."), **ended}},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def gemini(finish_reason="STOP"):
    """Return the chunks of Gemini's generateContent: a thought, the answer, an end without text."""
    parts = [{"text": "no text", "thought": True}, *({"text": piece} for piece in PIECES)]
    chunks = [
        {
            "candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
            "modelVersion": "gemini",
        }
        for part in parts
    ]
    chunks.append({"candidates": [{"finishReason": finish_reason, "index": 0}], "modelVersion": "gemini"})
    chunks.append({"usageMetadata": {"totalTokenCount": 3}, "modelVersion": "gemini"})
    return chunks


def interactions(status="completed"):
    """Return the events of Gemini's interactions."""
    interaction = {"id": "int_1", "object": "interaction", "model": "gemini"}
    thought = {"type": "thought_summary", "content": {"type": "text", "text": "no text"}}
    deltas = [thought, *({"type": "text", "text": piece} for piece in PIECES)]
    return [
        {"event_type": "interaction.created", "interaction": {**interaction, "status": "in_progress"}},
        {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
        *({"event_type": "step.delta", "index": 0, "delta": delta} for delta in deltas),
        {"event_type": "step.stop", "index": 0},
        {"event_type": "interaction.completed", "interaction": {**interaction, "status": status}},
    ]


def ollama(done_reason="stop"):
    """Return the lines of Ollama's chat."""
    messages = [{"role": "assistant", "content": "", "thinking": "no text"}]
    messages += [{"role": "assistant", "content": piece} for piece in PIECES]
    lines = [{"model": "m", "created_at": "t", "message": message, "done": False} for message in messages]
    last = {"role": "assistant", "content": ""}
    return [*lines, {**lines[0], "message": last, "done": True, "done_reason": done_reason}]


def cohere(finish_reason="COMPLETE"):
    """Return the events of Cohere's chat."""

    def content(**value):
        return {"type": "content-delta", "index": 0, "delta": {"message": {"content": value}}}

    opening = {"message": {"content": {"type": "text", "text": ""}}}
    return [
        {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant", "content": []}}},
        {"type": "content-start", "index": 0, "delta": opening},
        content(thinking="no text"),
        *(content(text=piece) for piece in PIECES),
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": finish_reason, "usage": {}}},
    ]


def lines(*events):
    """Return events as JSON lines."""
    return "".join(f"{DATA(event)}\n" for event in events).encode()


def message(event, kind="event"):
    """Return an event as a binary message of Amazon's event streams."""
    (name, body), *_ = event.items()
    payload = json.dumps(body).encode()
    headers = b""
    for key, value in {
        f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind
    }.items():  # fmt: skip
        headers += struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value))
        headers += value.encode()
    start = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = start + struct.pack("!I", binascii.crc32(start)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))
