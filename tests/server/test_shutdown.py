"""An application is shut down without cutting off its streams."""

import asyncio

import pytest

from componentstream import UsageError
from tests import parts

parts.module("starlette")

from starlette.applications import Starlette  # noqa: E402 - it needs the module above
from starlette.routing import Mount  # noqa: E402

from componentstream.server import create_app, drain  # noqa: E402
from componentstream.server.shutdown import streams_of  # noqa: E402
from componentstream.server.streams.manager import StreamManager  # noqa: E402


def generate(_request):
    return ["text"]


def test_an_application_has_a_stream_manager():
    app = create_app(generate)
    assert isinstance(streams_of(app), StreamManager)
    assert streams_of(app) is app.state.streams


def test_a_drained_application_rejects_new_generations():
    app = create_app(generate)
    assert not streams_of(app).draining
    asyncio.run(drain(app))
    assert streams_of(app).draining


@pytest.mark.parametrize("streams", [None, object()])
def test_an_application_of_another_kind_is_rejected(streams):
    app = Starlette(routes=[Mount("/api", create_app(generate))])
    if streams is not None:
        app.state.streams = streams
    with pytest.raises(UsageError, match=r"pass the one that create_app\(\) returned"):
        asyncio.run(drain(app))
