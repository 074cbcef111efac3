"""Django, as an ASGI and as a WSGI application."""

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import path

from componentstream.adapters.django import astream_response, stream_response
from tests.servers.scenarios import achunks, chunks, options

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()


def page(request, scenario, key):
    return stream_response(request, chunks(scenario, key), **options(scenario))


async def apage(request, scenario, key):
    return await astream_response(request, achunks(scenario, key), **options(scenario))


urlpatterns = [path("plain/<scenario>/<key>", page), path("async/<scenario>/<key>", apage)]
asgi = get_asgi_application()
wsgi = get_wsgi_application()
