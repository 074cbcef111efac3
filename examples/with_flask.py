"""Flask: return the response from a view; it occupies a thread of the server while it streams.

pip install "componentstream[flask]"
python examples/with_flask.py
"""

import os

from flask import Flask, Response, request
from model import generate_sync

from componentstream.adapters.flask import stream_response

app = Flask(__name__)


@app.route("/generate", methods=["GET", "POST"])
def page() -> Response:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = request.get_json() if request.method == "POST" else request.args
    return stream_response(generate_sync(asked.get("prompt", "")))


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    app.run(port=port)
