"""Streams over HTTP, for common servers and frameworks.

Each module here serves one framework, and imports it; no other part of the library imports the module.

=================== ==========================================================================================
``asgi``            any ASGI server, and any framework that mounts an ASGI application
``starlette``       a response for Starlette and FastAPI
``wsgi``            any WSGI server
``flask``           a response for Flask
``django``          two functions for Django, one for WSGI and one for ASGI
``aiohttp``         a function for the handlers of aiohttp
``generic``         status, headers and body as values, for every other framework
=================== ==========================================================================================

They share these rules:

* The response begins with the first event after ``status started``, or with the first heartbeat. A fatal
  error before that is answered with its own status (502 for the source, 504 for a timeout, else 500) and the
  error as JSON; an error after that is an event of the stream.
* A disconnect closes the source: within a second if the server reports it, otherwise on the next write.
* A client that does not read for ``send_timeout`` seconds is dropped, because it would otherwise keep the
  connection to the model open too.
* The response to HEAD has the headers of the stream; the source is closed unread.
* A wrong source or an unknown option raises ``UsageError`` where the adapter is called or constructed.

A new adapter starts from ``generic``, takes the arguments of ``options``, and has its tests in
``tests/adapters`` and ``tests/servers``.
"""
