"""Hugging Face: text generation. Its chats have the form of OpenAI's."""

from typing import Final

from componentstream.sources.pieces import Usage
from componentstream.sources.providers.outcomes import stop_reason, stopped
from componentstream.sources.providers.reading import Provider, Reading, field, path, string
from componentstream.sources.providers.usage import NO_USAGE, first_count


def _token(event: object) -> Reading | None:
    text = string(path(event, "token", "text"))
    if text is None:
        return None
    # A special token marks the end, or another part of the model's format.
    if path(event, "token", "special") is True:
        text = ""
    details = field(event, "details")
    counts = Usage(first_count(details, "input_length"), first_count(details, "generated_tokens"))
    return Reading(
        text,
        stopped(stop_reason(details)),
        opens=True,
        ends=details is not None or field(event, "generated_text") is not None,
        usage=None if counts == NO_USAGE else counts,
        adds_usage=True,
    )


PROVIDER: Final = Provider(keys={"token": _token})
