"""The generation over HTTP, and a page that reads it with the EventSource of the browser."""

from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from componentstream.adapters.starlette import ComponentStreamResponse
from componentstream.wire import SSEEncoder
from tests.clients.generation import HEARTBEAT, generation

PAGE = """<!doctype html>
<script>
window.received = new Promise((resolve, reject) => {
  const source = new EventSource("/stream");
  const lines = [];
  source.onerror = () => reject(new Error("the stream broke"));
  source.onmessage = (message) => {
    lines.push(message.data);
    if (JSON.parse(message.data).type === "message_stop") {
      source.close();
      resolve(lines);
    }
  };
});
</script>
"""


async def page(_request):
    return HTMLResponse(PAGE)


async def stream(request):
    encoder = SSEEncoder(named="named" in request.query_params)
    return ComponentStreamResponse(generation(), encoder=encoder, heartbeat=HEARTBEAT)


app = Starlette(routes=[Route("/", page), Route("/stream", stream)])
