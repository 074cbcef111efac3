"""Flask."""

from flask import Flask

from componentstream.adapters.flask import stream_response
from tests.servers.scenarios import chunks, options

app = Flask(__name__)


@app.get("/<scenario>/<key>")
def page(scenario, key):
    return stream_response(chunks(scenario, key), **options(scenario))


if __name__ == "__main__":
    import sys

    app.run(port=int(sys.argv[1]), threaded=True)
