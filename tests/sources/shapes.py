"""Streams as providers, gateways and broken connections send them: one row for each shape.

The words are our own; each shape was met in a recording or in a bug report.
"""

from typing import NamedTuple

from tests.sources import recorded


class Shape(NamedTuple):
    """One stream, and its result.

    Attributes:
        name: Name of the shape.
        source: Events, or the bytes of a body.
        text: Expected text.
        errors: Expected errors: the code, ``!`` if it is fatal, ``~`` if it is retryable, and the last word
            of the message in parentheses if it matters.
        wire: Format of events as bytes: server-sent events, or JSON lines. None if they are not sent so.
        done: Whether ``[DONE]`` follows the events in bytes.
        tail: Number of last events whose loss cannot be seen; None if the shape cannot show a cut.
    """

    name: str
    source: list[dict] | bytes
    text: str = "Hi you"
    errors: tuple[str, ...] = ()
    wire: str | None = "sse"
    done: bool = False
    tail: int | None = 0


def chat(delta, finish=None, **more):
    """Return a chat chunk with one choice."""
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    chunk["choices"][0]["finish_reason"] = finish
    return {**chunk, **more}


def content(text, finish=None, **more):
    return chat({"content": text}, finish, **more)


def with_object(*names):
    """Return a chat stream whose chunks have this ``object``, or none."""
    chunks = [chat({"role": "assistant", "content": ""}), content("Hi "), content("you"), chat({}, "stop")]
    about = {"object": names[0]} if names else {}
    return [{"choices": chunk["choices"], **about} for chunk in chunks]


def start(name="msg_1", **usage):
    return {"type": "message_start", "message": {"id": name, "usage": usage or None}}


def said(text, kind="text_delta", field="text"):
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: text}}


def stop(reason="end_turn"):
    return {"type": "message_delta", "delta": {"stop_reason": reason}}


STOP = {"type": "message_stop"}


def created(name="resp_1"):
    return {"type": "response.created", "response": {"id": name, "status": "in_progress"}}


def output(text):
    return {"type": "response.output_text.delta", "delta": text}


def completed(kind="completed", **response):
    return {"type": f"response.{kind}", "response": {"status": kind, **response}}


def gemini(text=None, finish=None, **part):
    parts = [] if text is None else [{"text": text, **part}]
    candidate = {"content": {"parts": parts}, "index": 0}
    return {"candidates": [candidate if finish is None else {**candidate, "finishReason": finish}]}


def ollama(text, **more):
    return {"model": "m", "created_at": "t", "message": {"role": "assistant", "content": text}, **more}


def chunk(text, **metadata):
    return {"type": "AIMessageChunk", "content": text, "response_metadata": metadata}


USAGE = {"prompt_tokens": 3, "completion_tokens": 2}
HI = [content("Hi "), content("you")]
BEGIN = chat({"role": "assistant", "content": ""})
NO_END = ("source_incomplete!~",)

CHAT = [
    Shape("a chat", [BEGIN, *HI, chat({}, "stop")], done=True),
    Shape("the end is in the last chunk of text", [content("Hi "), content("you", "stop")]),
    Shape("object is missing", with_object()),
    Shape("object is empty", with_object("")),
    Shape("object is null", with_object(None)),
    Shape("object is that of a whole completion", with_object("chat.completion")),
    Shape("object is of a future API", with_object("chat.chunk.v9")),
    Shape(
        "a last event of another object ends",
        [*HI, {**chat({"content": ""}, "stop"), "object": "chat.completion.done"}],
    ),
    Shape(
        "a last event repeats the whole text",
        [
            *HI,
            {
                "object": "chat.completion.done",
                "choices": [
                    {
                        "index": 0,
                        "message": {"content": "Hi you"},
                        "delta": {"content": ""},
                        "finish_reason": "stop",
                    }
                ],
            },
        ],
    ),
    Shape(
        "usage with a role follows the end",
        [
            BEGIN,
            *HI,
            chat({"role": "assistant", "content": ""}, "stop"),
            chat({"role": "assistant", "content": ""}, usage=USAGE),
        ],
        tail=1,
    ),
    Shape(
        "empty usage with a role follows the end",
        [BEGIN, *HI, chat({}, "stop"), chat({"role": "assistant", "content": ""}, usage={})],
        tail=1,
    ),
    Shape(
        "usage without choices follows the end",
        [BEGIN, *HI, chat({}, "stop"), {"choices": [], "usage": USAGE}],
        tail=1,
    ),
    Shape("no reason, but usage", [BEGIN, *HI, {"choices": [], "usage": USAGE}], done=True),
    Shape("no reason, but usage with an empty choice", [BEGIN, *HI, chat({"content": ""}, usage=USAGE)]),
    Shape(
        "usage in every chunk",
        [content("Hi ", usage=USAGE), content("you", usage=USAGE), chat({}, "stop", usage=USAGE)],
    ),
    Shape(
        "the reason is repeated with usage", [*HI, chat({}, "stop"), chat({}, "stop", usage=USAGE)], tail=1
    ),
    Shape("length", [*HI, chat({}, "length")], errors=("source_truncated(length)",)),
    Shape(
        "length is told once",
        [*HI, chat({}, "length"), chat({}, "length", usage=USAGE)],
        errors=("source_truncated(length)",),
        tail=1,
    ),
    Shape("a filter", [*HI, chat({}, "content_filter")], errors=("source_failed!(content_filter)",)),
    Shape("an error as a reason", [*HI, chat({}, "error")], errors=("source_failed!",)),
    Shape(
        "resources are short",
        [*HI, chat({}, "insufficient_system_resource")],
        errors=("source_failed!~(insufficient_system_resource)",),
    ),
    Shape(
        "a network error as a reason",
        [*HI, chat({}, "network_error")],
        errors=("source_failed!~(network_error)",),
    ),
    Shape("a reason of the future", [*HI, chat({}, "moon_phase")], errors=("source_truncated(moon_phase)",)),
    Shape(
        "a reason that is a sentence", [*HI, chat({}, "see /a/path")], errors=("source_truncated(reason)",)
    ),
    Shape(
        "tool calls without text",
        [chat({"tool_calls": [{"index": 0}]}), chat({}, "tool_calls")],
        text="",
        errors=("source_without_text",),
    ),
    Shape(
        "a function call without text",
        [chat({"function_call": {"name": "f"}}), chat({}, "function_call")],
        text="",
        errors=("source_without_text",),
    ),
    Shape(
        "text, a tool, text again",
        [content("Hi "), chat({}, "tool_calls"), content("you"), chat({}, "stop")],
        tail=None,
    ),
    Shape(
        "reasoning only, then cut",
        [chat({"reasoning_content": "hm"}), chat({"reasoning": "hm"})],
        text="",
        errors=NO_END,
        tail=None,
    ),
    Shape("reasoning, then text", [chat({"reasoning": "hm"}), *HI, chat({}, "stop")]),
    Shape(
        "content is a list with reasoning",
        [
            chat(
                {
                    "content": [
                        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                        {"type": "text", "text": "Hi you"},
                    ]
                }
            ),
            chat({}, "stop"),
        ],
    ),
    Shape(
        "two choices",
        [
            {
                "choices": [
                    {"index": 1, "delta": {"content": "no"}},
                    {"index": 0, "delta": {"content": "Hi you"}},
                ]
            },
            {"choices": [{"index": 1, "delta": {"content": "no"}}]},
            chat({}, "stop"),
        ],
        tail=0,
    ),
    Shape(
        "choices with text beside delta",
        [{"choices": [{"index": 0, "text": "Hi you", "delta": {"content": "Hi you"}}]}, chat({}, "stop")],
    ),
    Shape(
        "legacy completions",
        [
            {"object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": None}]}
            for text in ("Hi ", "you")
        ]
        + [{"object": "text_completion", "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}],
    ),
    Shape(
        "legacy completions that are too long",
        [{"object": "text_completion", "choices": [{"text": "Hi you", "finish_reason": "length"}]}],
        errors=("source_truncated(length)",),
    ),
    Shape(
        "a whole completion instead of a stream",
        [
            {
                "object": "chat.completion",
                "choices": [{"index": 0, "message": {"content": "Hi you"}, "finish_reason": "stop"}],
            }
        ],
    ),
    Shape(
        "a filter chunk goes first",
        [{"choices": [], "prompt_filter_results": []}, BEGIN, *HI, chat({}, "stop")],
        tail=None,
    ),
    Shape(
        "a refusal",
        [BEGIN, chat({"refusal": "I will not"})],
        text="",
        errors=("source_failed!(refusal)",),
        tail=None,
    ),
    Shape(
        "an error chunk",
        [*HI, {"error": {"code": 502, "message": "m"}}],
        errors=("source_failed!~",),
        tail=None,
    ),
    Shape(
        "an error chunk whose number is a string",
        [*HI, {"error": {"code": "502"}}],
        errors=("source_failed!~",),
        tail=None,
    ),
    Shape(
        "an error chunk whose number is a float",
        [*HI, {"error": {"code": 503.0}}],
        errors=("source_failed!~",),
        tail=None,
    ),
    Shape(
        "an error beside choices",
        [*HI, {"choices": [], "error": {"type": "invalid_request_error"}}],
        errors=("source_failed!(invalid_request_error)",),
        tail=None,
    ),
    Shape(
        "each chunk has an id of its own",
        [content(text, id=f"c{number}") for number, text in enumerate(("H", "i ", "you"))]
        + [chat({}, "stop", id="c9"), {"choices": [], "usage": USAGE, "id": "c9"}],
        tail=1,
    ),
    Shape(
        "the id of the first chunk is empty",
        [chat({"role": "assistant"}, id=""), content("Hi you", id="a"), chat({}, "stop", id="a")],
    ),
    Shape(
        "the id of the first, empty chunk is another",
        [
            chat({"role": "assistant"}, id="b"),
            content("Hi ", id="a"),
            content("you", id="a"),
            chat({}, "stop", id="a"),
        ],
    ),
    Shape(
        "another answer begins in the first",
        [
            chat({"role": "assistant"}, id="a"),
            content("Hi ", id="a"),
            chat({"role": "assistant"}, id="b"),
            content("Hi you", id="b"),
            chat({}, "stop", id="b"),
        ],
        text="Hi ",
        errors=NO_END,
        tail=None,
    ),
    Shape(
        "another answer begins after one chunk",
        [content("Hi ", id="a"), content("Hi ", id="b"), content("you", id="b"), chat({}, "stop", id="b")],
        text="Hi Hi ",
        errors=NO_END,
        tail=None,
    ),
    Shape(
        "two answers one after the other",
        [content("Hi ", id="a"), chat({}, "stop", id="a"), content("you", id="b"), chat({}, "stop", id="b")],
        tail=None,
    ),
    Shape("cut after text", [BEGIN, *HI], errors=NO_END, tail=None),
    Shape(
        "the helper repeats each chunk",
        [
            {"type": "chunk", "chunk": HI[0]},
            {"type": "content.delta", "delta": "Hi "},
            {"type": "chunk", "chunk": HI[1]},
            {"type": "content.delta", "delta": "you"},
            {"type": "content.done", "content": "Hi you"},
            {"type": "chunk", "chunk": chat({}, "stop")},
        ],
        wire=None,
    ),
    Shape(
        "the helper of two choices",
        [
            {"type": "chunk", "chunk": {"choices": [{"index": 1, "delta": {"content": "no"}}]}},
            {"type": "content.delta", "delta": "no"},
            {"type": "chunk", "chunk": content("Hi you", "stop")},
            {"type": "content.delta", "delta": "Hi you"},
        ],
        wire=None,
        tail=None,
    ),
    Shape(
        "only the text events of the helper",
        [{"type": "content.delta", "delta": "Hi "}, {"type": "content.delta", "delta": "you"}],
        wire=None,
        tail=None,
    ),
]

ANTHROPIC = [
    Shape("messages", [start(), {"type": "ping"}, said("Hi "), said("you"), stop(), STOP]),
    Shape(
        "messages with a thought and a tool",
        [
            start(),
            said("hm", "thinking_delta", "thinking"),
            said("Hi you"),
            said("{}", "input_json_delta", "partial_json"),
            stop("tool_use"),
            STOP,
        ],
    ),
    Shape("the same message begins twice", [start(), start(), said("Hi you"), stop(), STOP]),
    Shape(
        "another message begins in the first",
        [start(), said("Hi "), start("msg_2"), said("Hi you"), stop(), STOP],
        text="Hi ",
        errors=NO_END,
        tail=None,
    ),
    Shape(
        "two messages one after the other",
        [start(), said("Hi "), stop("tool_use"), STOP, start("msg_2"), said("you"), stop(), STOP],
        tail=None,
    ),
    Shape(
        "messages that are too long",
        [start(), said("Hi you"), stop("max_tokens"), STOP],
        errors=("source_truncated(max_tokens)",),
    ),
    Shape(
        "messages that pause",
        [start(), said("Hi you"), stop("pause_turn"), STOP],
        errors=("source_truncated(pause_turn)",),
    ),
    Shape(
        "messages that are refused",
        [start(), said("Hi you"), stop("refusal"), STOP],
        errors=("source_failed!(refusal)",),
        tail=1,
    ),
    Shape(
        "messages with a reason of the future",
        [start(), said("Hi you"), stop("compaction"), STOP],
        errors=("source_truncated(compaction)",),
    ),
    Shape(
        "messages overloaded in the middle",
        [start(), said("Hi you"), {"type": "error", "error": {"type": "overloaded_error"}}],
        errors=("source_failed!~(overloaded_error)",),
        tail=None,
    ),
    Shape(
        "messages with an error of the request",
        [{"type": "error", "error": {"type": "invalid_request_error"}}],
        text="",
        errors=("source_failed!(invalid_request_error)",),
        tail=None,
    ),
    Shape("messages without an end", [start(), said("Hi you"), stop()], errors=NO_END, tail=None),
    Shape(
        "messages with a filter of a gateway",
        [start(), said("Hi you"), stop("guardrail_intervened"), STOP],
        errors=("source_failed!(guardrail_intervened)",),
        tail=1,
    ),
    Shape(
        "a whole message instead of a stream",
        [{"type": "message", "content": [{"type": "text", "text": "Hi you"}], "stop_reason": "end_turn"}],
    ),
    Shape(
        "the old completions",
        [
            {"type": "completion", "completion": "Hi ", "stop_reason": None},
            {"type": "completion", "completion": "you", "stop_reason": "stop_sequence"},
        ],
    ),
    Shape("only pings", [{"type": "ping"}], text="", errors=NO_END, tail=None),
    Shape(
        "only the text events of the helper of messages",
        [
            {"type": "text", "text": "Hi ", "snapshot": "Hi "},
            {"type": "text", "text": "you", "snapshot": "Hi you"},
        ],
        wire=None,
        tail=None,
    ),
]

RESPONSES = [
    Shape(
        "responses",
        [
            created(),
            output("Hi "),
            output("you"),
            {"type": "response.output_text.done", "text": "Hi you"},
            completed(output=[{"type": "message", "content": [{"type": "output_text", "text": "Hi you"}]}]),
        ],
    ),
    Shape("a response that is resumed", [{"type": "response.in_progress"}, output("Hi you"), completed()]),
    Shape("a response that was queued", [{"type": "response.queued"}, output("Hi you"), completed()]),
    Shape(
        "realtime",
        [created(), output("Hi "), output("you"), {"type": "response.output_item.done"}, completed("done")],
    ),
    Shape(
        "realtime that is complete",
        [created(), output("Hi you"), {"type": "response.done", "response": {"status": "completed"}}],
    ),
    Shape(
        "realtime of old",
        [
            created(),
            {"type": "response.text.delta", "delta": "Hi you"},
            {"type": "response.done", "response": {"status": "completed"}},
        ],
    ),
    Shape(
        "realtime that is interrupted",
        [
            created(),
            output("Hi you"),
            {
                "type": "response.done",
                "response": {"status": "cancelled", "status_details": {"reason": "client_cancelled"}},
            },
        ],
        errors=("source_truncated(client_cancelled)",),
    ),
    Shape(
        "realtime that is too long",
        [
            created(),
            output("Hi you"),
            {
                "type": "response.done",
                "response": {"status": "incomplete", "status_details": {"reason": "max_output_tokens"}},
            },
        ],
        errors=("source_truncated(max_output_tokens)",),
    ),
    Shape(
        "realtime that fails",
        [
            created(),
            output("Hi you"),
            {
                "type": "response.done",
                "response": {"status": "failed", "status_details": {"error": {"code": "server_error"}}},
            },
        ],
        errors=("source_failed!~(server_error)",),
    ),
    Shape(
        "a response that is too long",
        [
            created(),
            output("Hi you"),
            completed("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        ],
        errors=("source_truncated(max_output_tokens)",),
    ),
    Shape(
        "a response that is filtered",
        [
            created(),
            output("Hi you"),
            completed("incomplete", incomplete_details={"reason": "content_filter"}),
        ],
        errors=("source_failed!(content_filter)",),
    ),
    Shape(
        "a response that fails",
        [created(), output("Hi you"), completed("failed", error={"code": "server_error"})],
        errors=("source_failed!~(server_error)",),
    ),
    Shape(
        "a response that is refused",
        [created(), {"type": "response.refusal.delta", "delta": "I"}],
        text="",
        errors=("source_failed!(refusal)",),
        tail=None,
    ),
    Shape(
        "a response with reasoning",
        [
            created(),
            {"type": "response.reasoning_summary_text.delta", "delta": "hm"},
            output("Hi you"),
            completed(),
        ],
    ),
    Shape(
        "a response without deltas",
        [
            created(),
            completed(
                output=[
                    {"type": "reasoning"},
                    {"type": "message", "content": [{"type": "output_text", "text": "Hi you"}]},
                ]
            ),
        ],
    ),
    Shape(
        "another response begins in the first",
        [created(), output("Hi "), created("resp_2"), output("you"), completed()],
        text="Hi ",
        errors=NO_END,
        tail=None,
    ),
    Shape(
        "a whole response instead of a stream",
        [
            {
                "object": "response",
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi you"}]}],
            }
        ],
    ),
]

GEMINI = [
    Shape("generate_content", [gemini("hm", thought=True), gemini("Hi "), gemini("you", "STOP")]),
    Shape(
        "the end without parts, and usage",
        [
            gemini("Hi you"),
            {"candidates": [{"finishReason": "STOP"}]},
            {"usageMetadata": {"promptTokenCount": 1}},
        ],
        tail=1,
    ),
    Shape("an end in the middle", [gemini("Hi ", "STOP"), gemini("you"), gemini(finish="STOP")], tail=None),
    Shape("an end in every chunk", [gemini("Hi ", "STOP"), gemini("you", "STOP")], tail=None),
    Shape("no end", [gemini("Hi you")], errors=NO_END, tail=None),
    Shape("a thought only", [gemini("hm", thought=True)], text="", errors=NO_END, tail=None),
    Shape(
        "a function call",
        [{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}]}}]}, gemini(finish="STOP")],
        text="",
        errors=("source_without_text",),
    ),
    Shape("too long", [gemini("Hi you", "MAX_TOKENS")], errors=("source_truncated(max_tokens)",)),
    *(
        Shape(
            f"stopped by {word}", [gemini("Hi you", word)], errors=(f"source_failed!{sign}({word.lower()})",)
        )
        for word, sign in {
            "SAFETY": "",
            "RECITATION": "",
            "SPII": "",
            "IMAGE_SAFETY": "",
            "NO_IMAGE": "",
            "TOO_MANY_TOOL_CALLS": "",
            "MISSING_THOUGHT_SIGNATURE": "",
            "MALFORMED_FUNCTION_CALL": "~",
            "UNEXPECTED_TOOL_CALL": "~",
        }.items()
    ),
    Shape("an unknown end", [gemini("Hi you", "FAKE_ENUM")], errors=("source_truncated(fake_enum)",)),
    Shape("an unspecified end", [gemini("Hi you", "FINISH_REASON_UNSPECIFIED")]),
    Shape(
        "a blocked prompt",
        [{"promptFeedback": {"blockReason": "SAFETY"}}],
        text="",
        errors=("source_failed!(blocked)",),
    ),
    Shape(
        "unavailable in the middle",
        [gemini("Hi you"), {"error": {"code": 503, "status": "UNAVAILABLE"}}],
        errors=("source_failed!~(UNAVAILABLE)",),
        tail=None,
    ),
    Shape("interactions", recorded.interactions(), text=recorded.TEXT),
    Shape(
        "interactions of old",
        [
            {"event_type": "interaction.start", "interaction": {"id": "a"}},
            {"event_type": "content.delta", "delta": {"type": "text", "text": "Hi you"}},
            {"event_type": "interaction.complete", "interaction": {"status": "completed"}},
        ],
    ),
]

OTHERS = [
    Shape(
        "ollama",
        [ollama("Hi ", done=False), ollama("you", done=False), ollama("", done=True, done_reason="stop")],
        wire="lines",
    ),
    Shape(
        "ollama with the other sign of the end",
        [ollama("Hi you", done=False), ollama("", done=False, done_reason="stop")],
        wire="lines",
    ),
    Shape(
        "ollama without done", [ollama("Hi "), ollama("you"), ollama("", done_reason="stop")], wire="lines"
    ),
    Shape(
        "ollama completions",
        [
            {"created_at": "t", "response": "Hi you", "done": False},
            {"created_at": "t", "response": "", "done": True},
        ],
        wire="lines",
    ),
    Shape(
        "ollama that is too long",
        [ollama("Hi you", done=True, done_reason="length")],
        errors=("source_truncated(length)",),
        wire="lines",
    ),
    Shape(
        "ollama with an error",
        [ollama("Hi you", done=False), {"error": "out of memory"}],
        errors=("source_failed!",),
        wire="lines",
        tail=None,
    ),
    Shape(
        "ollama that thinks only",
        [{**ollama("", done=False), "message": {"thinking": "hm"}}],
        text="",
        errors=NO_END,
        wire="lines",
        tail=None,
    ),
    Shape("cohere", recorded.cohere(), text=recorded.TEXT),
    Shape(
        "cohere that times out",
        recorded.cohere("TIMEOUT"),
        text=recorded.TEXT,
        errors=("source_failed!~(timeout)",),
    ),
    Shape(
        "cohere of old",
        [
            {"event_type": "stream-start", "generation_id": "a"},
            {"event_type": "text-generation", "text": "Hi you"},
            {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": {"text": "Hi you"}},
        ],
    ),
    Shape("langchain without a sign of its provider", [chunk("Hi "), chunk("you")], wire=None, tail=None),
    Shape(
        "langchain on openai",
        [
            chunk("Hi ", model_provider="openai"),
            chunk("you", model_provider="openai"),
            chunk("", finish_reason="stop"),
        ],
        wire=None,
    ),
    Shape(
        "langchain on converse",
        [chunk("Hi you"), chunk("", stopReason="max_tokens")],
        errors=("source_truncated(max_tokens)",),
        wire=None,
        tail=None,
    ),
    Shape(
        "langchain on bedrock with a guardrail",
        [chunk("Hi you"), chunk("", stopReason="guardrail_intervened")],
        errors=("source_failed!(guardrail_intervened)",),
        wire=None,
        tail=None,
    ),
    Shape(
        "langchain on responses",
        [chunk("Hi you"), chunk("", status="incomplete", incomplete_details={"reason": "max_output_tokens"})],
        errors=("source_truncated(max_output_tokens)",),
        wire=None,
        tail=None,
    ),
    Shape(
        "langchain with a camel in the reason",
        [chunk("Hi you"), chunk("", finishReason="MAX_TOKENS")],
        errors=("source_truncated(max_tokens)",),
        wire=None,
        tail=None,
    ),
    Shape(
        "langchain with a reason that was joined",
        [chunk("Hi you"), chunk("", finish_reason="stopstop")],
        wire=None,
        tail=None,
    ),
    Shape(
        "pydantic ai",
        [
            {"event_kind": "part_start", "part": {"part_kind": "text", "content": "Hi "}},
            {"event_kind": "part_delta", "delta": {"part_delta_kind": "text", "content_delta": "you"}},
            {
                "event_kind": "agent_run_result",
                "result": {"output": "Hi you", "response": {"finish_reason": "stop"}},
            },
        ],
        wire=None,
        tail=None,
    ),
    Shape(
        "pydantic ai that is too long",
        [
            {"event_kind": "part_start", "part": {"part_kind": "text", "content": "Hi you"}},
            {"event_kind": "agent_run_result", "result": {"response": {"finish_reason": "length"}}},
        ],
        errors=("source_truncated(length)",),
        wire=None,
        tail=None,
    ),
    Shape(
        "unknown events alone",
        [{"type": "brand-new", "delta": "Hi"}],
        text="",
        errors=("source_not_understood!",),
        tail=None,
    ),
    Shape(
        "unknown events among known ones",
        [{"type": "brand-new"}, start(), said("Hi you"), {"type": "brand-new"}, stop(), STOP],
        tail=None,
    ),
]

EVENTS = [*CHAT, *ANTHROPIC, *RESPONSES, *GEMINI, *OTHERS]

ARRAY = recorded.DATA([gemini("Hi "), gemini("you", "STOP")], indent=2).encode()
HI_BYTES = recorded.sse(*HI)
BODIES = [
    Shape(
        "an error as JSON", b'{\n  "error": {\n    "code": 401\n  }\n}', text="", errors=("source_failed!",)
    ),
    Shape(
        "an overload as JSON on one line",
        b'{"error":{"type":"overloaded_error"}}',
        text="",
        errors=("source_failed!~(overloaded_error)",),
    ),
    Shape(
        "an array with an error",
        b'[{"error": {"code": 503, "status": "UNAVAILABLE"}}]',
        text="",
        errors=("source_failed!~(UNAVAILABLE)",),
    ),
    Shape(
        "a page of HTML",
        b"<!doctype html>\n<html><title>502</title></html>",
        text="",
        errors=("source_not_understood!",),
    ),
    Shape("plain text", b"Bad Gateway", text="", errors=("source_not_understood!",)),
    Shape(
        "an eventstream",
        b'\x00\x00\x00\xa1\x00\x00\x00\x4b\x0b:event-type\x07\x00\x05chunk{"bytes":"eyJ"}\xff',
        text="",
        errors=("source_not_understood!",),
    ),
    Shape("nothing", b"", text="", errors=NO_END),
    Shape("comments alone", b": keep alive\n\n: keep alive\n\n", text="", errors=NO_END),
    Shape("the sentinel alone", b"data: [DONE]\n\n", text="", errors=NO_END),
    Shape("a sentinel with a space", HI_BYTES + b"data: [DONE] \n\n"),
    Shape(
        "an error in a field of its own",
        HI_BYTES + b'error: {"code":500,"type":"server_error"}\n\n',
        errors=("source_failed!~(server_error)",),
    ),
    Shape(
        "an error without a field",
        HI_BYTES + b'{"error":{"type":"server_error"}}\n',
        errors=("source_failed!~(server_error)",),
    ),
    Shape(
        "an error by its event name",
        HI_BYTES + b"event: error\ndata: Internal Server Error\n\n",
        errors=("source_failed!",),
    ),
    Shape(
        "null among chunks", b"data: null\n\n".join([b"", HI_BYTES, b"", b"", recorded.sse(chat({}, "stop"))])
    ),
    Shape(
        "empty values and fields with other names among chunks",
        b'data: ""\n\nx-other: y\n' + HI_BYTES + b"data: []\n\n" + recorded.sse(chat({}, "stop")),
    ),
    Shape(
        "numbers and lists among chunks",
        b"data: 7\n\n" + HI_BYTES + b"data: [1]\n\n" + recorded.sse(chat({}, "stop")),
        errors=("invalid_chunk", "invalid_chunk"),
    ),
    Shape("null alone", b"data: null\n\n" * 4, text="", errors=("source_not_understood!",)),
    Shape(
        "a broken event among good ones",
        HI_BYTES + b"data: {broken\n\n" + recorded.sse(chat({}, "stop")),
        errors=("invalid_chunk",),
    ),
    Shape("gemini as an array", ARRAY),
    Shape("gemini as an array on one line", recorded.DATA([gemini("Hi "), gemini("you", "STOP")]).encode()),
    Shape("gemini as an array that is cut", ARRAY[:-90], text="Hi ", errors=NO_END),
    Shape("JSON lines", recorded.lines(ollama("Hi ", done=False), ollama("you", done=True))),
    Shape("JSON lines of chat chunks", recorded.lines(*HI, chat({}, "stop"))),
    Shape(
        "CRLF, comments, pings and ids",
        recorded.sse(start(), {"type": "ping"}, said("Hi you"), stop(), STOP, named=True)
        .replace(b"\n\n", b"\n: comment\nid: 7\n\n")
        .replace(b"\n", b"\r\n"),
    ),
    Shape("a mark of the byte order", b"\xef\xbb\xbf" + recorded.sse(*HI, done=True)),
    Shape("the last event lacks its blank line", recorded.sse(*HI, chat({}, "stop")).rstrip()),
    Shape(
        "a whole completion as JSON",
        recorded.DATA(
            {
                "object": "chat.completion",
                "choices": [{"message": {"content": "Hi you"}, "finish_reason": "stop"}],
            },
            indent=1,
        ).encode(),
    ),
    Shape(
        "names of events in place of types",
        b"event: message_start\ndata: {}\n\nevent: content_block_delta\n"
        b'data: {"delta":{"type":"text_delta","text":"Hi you"}}\n\nevent: message_stop\ndata: {}\n\n',
    ),
]
