"""The message that sends a faulty answer back to the model that wrote it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.arguments import check_instance, described
from componentstream.core.catalog import Catalog
from componentstream.core.errors import UsageError
from componentstream.core.events import Event, Finding, FindingEvent, Json
from componentstream.prompt.languages import texts_in
from componentstream.prompt.texts import Texts

_NEAR_MISS: Final = "near-miss"
_MAX_FAULTS: Final = 10
_MAX_LINES: Final = 5
_MAX_MESSAGES: Final = 3
_MAX_MESSAGE_CHARS: Final = 240
_MAX_LINE: Final = 2**53


@attrs.define
class _Fault:
    """All occurrences of one code or rule: the sentence for it, the different messages, the lines."""

    sentence: str
    messages: dict[str, None] = attrs.field(factory=dict[str, None])
    lines: dict[int, None] = attrs.field(factory=dict[int, None])


def repair(
    errors: Iterable[Event | Finding | Mapping[str, object]],
    findings: Iterable[Event | Finding | Mapping[str, object]] = (),
    *,
    catalog: Catalog | None = None,
    language: str = "en",
) -> str:
    """Return the message that tells a model which rules its answer broke, and asks for a better one.

    Each fault is named once with its first lines, ten at most, so the message has less than 6,000 characters
    for any number of errors. Send it together with the answer, after the instructions.

    Args:
        errors: all events of the answer, or their JSON values. Errors that the text of the model did not
            cause are passed over. An answer of text without any component is a mistake too, which the error
            events alone do not show. Lines that resemble markers are among the events of a
            :class:`~componentstream.inspection.NearMissParser` only.
        findings: findings in the answer, their events, or the JSON values of such events.
        catalog: the components that the page expects. Its critical components that did not begin are named;
            `errors` must be all events of the answer.
        language: the language of the message: ``en`` or ``de``.

    Returns:
        the message, empty if nothing in the answer is to be repaired.

    Raises:
        UsageError: an item is not an event, `catalog` is not a Catalog, or the language is unknown.
    """
    texts = texts_in(language)
    if catalog is not None:
        check_instance(catalog, Catalog, "repair: catalog")
    values = list(map(_value, [*errors, *findings]))
    faults = {fault.sentence: fault for fault in _missing(values, catalog, texts)}
    for kind, message, line in _reports(values):
        sentence = _sentence(kind, texts)
        if sentence is None:
            continue
        fault = faults.setdefault(kind, _Fault(sentence))
        if len(fault.messages) < _MAX_MESSAGES:
            fault.messages[" ".join(message.split())] = None
        if line is not None:
            fault.lines[line] = None
    if not faults:
        return ""
    lines = [texts.faults, *(f"- {_item(fault, texts)}" for fault in list(faults.values())[:_MAX_FAULTS])]
    if len(faults) > _MAX_FAULTS:
        lines.append(f"- {texts.omitted}")
    return "\n".join([*lines, texts.again])


def _value(item: Event | Finding | Mapping[str, object]) -> Mapping[str, object]:
    """Return an event or a finding as its JSON value."""
    if isinstance(item, Finding):
        item = FindingEvent(item)
    if isinstance(item, Mapping):
        return item
    if not hasattr(item, "to_dict"):
        raise UsageError(f"repair takes events or their JSON values, not {described(item)}.")
    return item.to_dict()


def _missing(
    values: Iterable[Mapping[str, object]], catalog: Catalog | None, texts: Texts
) -> Iterator[_Fault]:
    """Yield the fault that vital components are missing: critical ones, or all."""
    blocks = [value.get("content_block") for value in values if value.get("type") == "content_block_start"]
    names = {block.get("name") for block in blocks if isinstance(block, Mapping) if "name" in block}
    missing = [spec.name for spec in catalog or () if spec.critical and spec.name not in names]
    if missing:
        yield _Fault(texts.missing, {", ".join(missing): None})
    elif blocks and not names:
        yield _Fault(texts.without_components)


def _reports(values: Iterable[Mapping[str, object]]) -> Iterator[tuple[str, str, int | None]]:
    """Yield code or rule, message and line of each error and finding."""
    for value in values:
        report = _report(value)
        if report is None:
            continue
        kind, message, line = (report.get(key) for key in ("kind", "message", "line"))
        # Not isinstance: True is an int, and JSON may hold integers too long to be shown.
        if type(line) is not int or not 0 < line < _MAX_LINE:
            line = None
        yield str(kind), message if isinstance(message, str) else "", line


def _report(value: Mapping[str, object]) -> Json | None:
    """Return the content of an error or a finding with its code or rule as ``kind``, or None."""
    kind = value.get("type")
    content = value.get(kind) if kind in ("error", "finding") else None
    if not isinstance(content, Mapping):
        return None
    # A rule can have the name of a code, so that the two are told apart here.
    label = content.get("type") if kind == "error" else f"finding {content.get('rule')}"
    return {**content, "kind": label}


def _sentence(kind: str, texts: Texts) -> str | None:
    """Return the sentence about a code or a rule, None if the text of the model is not at fault."""
    if kind == codes.SOURCE_TRUNCATED:
        return texts.truncated
    if kind == f"finding {_NEAR_MISS}":
        return texts.near_miss
    return texts.finding if kind.startswith("finding ") else texts.parser.get(kind)


def _item(fault: _Fault, texts: Texts) -> str:
    sentence, lines = fault.sentence, list(fault.lines)
    shown = ", ".join(map(str, lines[:_MAX_LINES]))
    if len(lines) > _MAX_LINES:
        shown = texts.lines["more"].format(lines=shown, more=len(lines) - _MAX_LINES)
    if lines:
        where = texts.lines["many" if len(lines) > 1 else "one"]
        sentence = where.format(line=shown, lines=shown) + sentence
    else:
        sentence = sentence[0].upper() + sentence[1:]
    message = " ".join(filter(None, fault.messages))[:_MAX_MESSAGE_CHARS]
    return f"{sentence} ({message})" if message else sentence
