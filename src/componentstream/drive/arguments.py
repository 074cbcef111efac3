"""Checks of the other arguments of the entry points, made at the call as those of the source are."""

from componentstream.core.arguments import check_instance, check_members, described
from componentstream.core.errors import UsageError
from componentstream.core.parser import ComponentParser
from componentstream.drive.decoding import check_decoder
from componentstream.session.batching import DeltaBatcher
from componentstream.session.session import GenerationSession, SessionState


def check_parser(parser: object) -> None:
    """Reject anything but None and a parser whose stream has not ended.

    Raises:
        UsageError: ``parser`` is something else.
    """
    if parser is None:
        return
    check_instance(parser, ComponentParser, "parser")
    if isinstance(parser, ComponentParser) and (parser.closed or parser.failed):
        raise UsageError("The parser has ended its stream; make a new ComponentParser for each source.")


def check_session(session: object) -> None:
    """Reject anything but None and a session that has not been started.

    Raises:
        UsageError: ``session`` is something else.
    """
    if session is None:
        return
    check_instance(session, GenerationSession, "session")
    if isinstance(session, GenerationSession) and session.state is not SessionState.IDLE:
        past = "ended" if session.ended else "been started"
        raise UsageError(f"The session has {past}; make a new GenerationSession for each source.")


def check_stages(decoder: object, batcher: object) -> None:
    """Reject a decoder (or a class or function that makes one) or a batcher that is not valid.

    Raises:
        UsageError: One of them is something else.
    """
    check_decoder(decoder)
    if batcher is not None:
        check_instance(batcher, DeltaBatcher, "batcher")


def check_encoder(encoder: object, *members: str) -> None:
    """Reject anything but None and an encoder.

    Args:
        encoder: Encoder to check.
        members: Members that it needs besides ``encode()`` and ``heartbeat()``.

    Raises:
        UsageError: ``encoder`` is something else.
    """
    if encoder is not None:
        check_members(encoder, ("encode()", "heartbeat()", *members), "encoder", "SSEEncoder")


def check_clock(clock: object) -> None:
    """Reject a clock that cannot be called, such as a time.

    Raises:
        UsageError: ``clock`` is not callable.
    """
    if not callable(clock):
        raise UsageError(
            f"clock must be a function that returns seconds, not {described(clock)}; pass time.monotonic."
        )
