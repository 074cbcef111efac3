"""Django under WSGI: a synchronous view, which occupies a thread of the server while it streams.

pip install "componentstream[django]"
python examples/with_django_wsgi.py
"""

import json
import os

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from model import generate_sync

from componentstream.adapters.django import stream_response

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__)


def page(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = json.loads(request.body) if request.method == "POST" else request.GET
    return stream_response(request, generate_sync(asked.get("prompt", "")))


urlpatterns = [path("generate", page)]


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    execute_from_command_line(["manage.py", "runserver", "--noreload", str(port)])
