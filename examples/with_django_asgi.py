"""Django under ASGI: an asynchronous view, which does not occupy a thread.

pip install "componentstream[django]" uvicorn
python examples/with_django_asgi.py
"""

import json
import os

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from model import generate

from componentstream.adapters.django import astream_response

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__)


async def page(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the page that the prompt asks for, in the JSON of a POST or in the query of a GET."""
    asked = json.loads(request.body) if request.method == "POST" else request.GET
    return await astream_response(request, generate(asked.get("prompt", "")))


urlpatterns = [path("generate", page)]


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(get_asgi_application(), port=port)
