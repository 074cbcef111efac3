"""Flask."""

from flask import Flask
from scenarios import chunks, options

from componentstream.adapters.flask import stream_response

app = Flask(__name__)


@app.get("/<scenario>/<key>")
def page(scenario, key):
    return stream_response(chunks(scenario, key), **options(scenario))


if __name__ == "__main__":
    import sys

    app.run(port=int(sys.argv[1]), threaded=True)
