"""Streams over HTTP, for the servers and frameworks that people have.

Each module here serves one framework, and imports it; none is imported by any other part of the library.

=================== ==========================================================================================
``asgi``            any ASGI server, and any framework that mounts an ASGI application
``starlette``       a response for Starlette and FastAPI
``wsgi``            any WSGI server
``flask``           a response for Flask
``django``          two functions for Django, one for each of its two kinds of server
``aiohttp``         a function for the handlers of aiohttp
``answer``          status, headers and body as values, for every other framework
=================== ==========================================================================================

They differ in who calls whom, and agree in the rest:

* The response begins with the first event after ``status started``, or with the first heartbeat. A fatal
  error before that is answered with a status of its own (502 for the source, 504 for a timeout, else 500)
  and the error as JSON; an error after that is an event of the stream.
* A reader who goes away closes the source: within a second where the server tells of it, otherwise with the
  next thing that is sent.
* A reader who takes nothing for ``send_timeout`` seconds is dropped, because whoever holds a stream open
  without reading it holds the model's connection too.
* The answer to HEAD has the headers of the stream, and closes the source unread.
"""
