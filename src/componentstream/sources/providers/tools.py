"""Calls of tools in the forms that several providers share."""

from collections.abc import Mapping
from typing import Final

from componentstream.sources._tool_calls import ToolFragment
from componentstream.sources.providers.reading import field, items, path, string

_WHOLE_FIELDS: Final = ("args", "arguments", "input")


def fragment(
    key: object, name: object, arguments: object, *, call_id: object = None, whole: bool = False
) -> ToolFragment:
    """Return a part of a call, whose arguments are JSON text or a mapping.

    Args:
        key: Key of the call, a number or a string.
        name: Name of the tool, if the part has it.
        arguments: Arguments, or a part of their text.
        call_id: Id of the call.
        whole: Whether this part is the whole call.
    """
    return ToolFragment(
        None if whole else key if isinstance(key, int | str) else string(call_id) or "",
        string(name),
        string(call_id),
        string(arguments),
        arguments if isinstance(arguments, Mapping) else None,
    )


def function_calls(calls: object) -> tuple[ToolFragment, ...]:
    """Return the parts of calls in a list of the form that OpenAI's chat completions introduced."""
    return tuple(_function_call(call) for call in items(calls))


def _function_call(call: object) -> ToolFragment:
    function = field(call, "function")
    if function is None:
        # A tool whose input is free-form.
        function = field(call, "custom")
        arguments = field(function, "input")
    else:
        arguments = field(function, "arguments")
    return fragment(field(call, "index"), field(function, "name"), arguments, call_id=field(call, "id"))


def whole_calls(calls: object) -> tuple[ToolFragment, ...]:
    """Return calls in a list of whole ones: functions, or blocks with the name and the arguments."""
    return tuple(_whole_call(call) for call in items(calls))


def _whole_call(call: object) -> ToolFragment:
    function = field(call, "function")
    if function is None:
        function = call
    values = (field(function, name) for name in _WHOLE_FIELDS)
    arguments = next((value for value in values if value is not None), None)
    name = path(function, "name")
    return fragment(None, name, arguments, call_id=field(call, "id"), whole=True)
