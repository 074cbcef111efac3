"""Google's Agent Development Kit: the events of an agent's run."""

from typing import Final

from componentstream.sources.pieces import SourceError
from componentstream.sources.providers import gemini
from componentstream.sources.providers.outcomes import failure, stop_reason, stopped
from componentstream.sources.providers.reading import NOTHING, Provider, Reading, field

_USER: Final = "user"


def _event(event: object) -> Reading:
    if field(event, "author") == _USER:
        return NOTHING
    reading = gemini.content_chunk(
        {
            "candidates": [{"content": field(event, "content")}],
            "usage_metadata": field(event, "usage_metadata") or field(event, "usageMetadata"),
        }
    )._replace(error=_error(event))
    if field(event, "partial") is True:
        return reading._replace(opens=True, ends=False)
    # The whole again, or for the first time if the model does not stream.
    return reading._replace(echo=1, opens=False, ends=True, reasoning=None)


def _error(event: object) -> SourceError | None:
    reason = stop_reason(event)
    code = field(event, "error_code") or field(event, "errorCode")
    # A stop reason of the model is in both places.
    if reason is not None or code is None:
        return stopped(reason)
    return failure(code)


PROVIDER: Final = Provider(
    classes={"google.adk:Event": _event}, keys={"invocationId": _event, "invocation_id": _event}
)
