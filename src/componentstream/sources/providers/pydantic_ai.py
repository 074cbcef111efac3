"""Pydantic AI: the events of an agent's run."""

from typing import Final

from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import Provider, Reading, field, nothing, string
from componentstream.sources.providers.tools import fragment
from componentstream.sources.providers.usage import usage


def _part_start(event: object) -> Reading:
    part = field(event, "part")
    if field(part, "part_kind") == "tool-call":
        name, id_ = field(part, "tool_name"), field(part, "tool_call_id")
        return Reading(
            tool=True, calls=(fragment(field(event, "index"), name, field(part, "args"), call_id=id_),)
        )
    return _part(field(part, "part_kind"), string(field(part, "content")))


def _part_delta(event: object) -> Reading:
    delta = field(event, "delta")
    if field(delta, "part_delta_kind") == "tool_call":
        part = fragment(field(event, "index"), field(delta, "tool_name_delta"), field(delta, "args_delta"))
        return Reading(tool=True, calls=(part,))
    return _part(field(delta, "part_delta_kind"), string(field(delta, "content_delta")))


def _part(kind: object, text: str | None) -> Reading:
    if kind == "text":
        return Reading(text)
    if kind == "thinking":
        return Reading(reasoning=text)
    return Reading(tool=isinstance(kind, str) and kind.endswith("tool-call"))


def _result(event: object) -> Reading:
    result = field(event, "result")
    counts = field(result, "usage")
    if callable(counts) and field(counts, "input_tokens") is None:
        # A method in older releases.
        try:
            counts = counts()
        except Exception:  # noqa: BLE001 - a method of some library; the same as a field that is missing
            counts = None
    error = stopped(stop_reason(field(result, "response")))
    return Reading(string(field(result, "output")), error, ends=True, echo=1, usage=usage(counts))


PROVIDER: Final = Provider(
    fields={
        "event_kind": {
            "part_start": _part_start,
            "part_delta": _part_delta,
            "part_end": nothing,
            "final_result": nothing,
            "function_tool_call": nothing,
            "function_tool_result": nothing,
            "agent_run_result": _result,
        }
    }
)
