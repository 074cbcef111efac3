"""The pure core: turn text, cut anywhere, into component events, without I/O, clock or threads.

``componentstream`` exports everything here that is public, except :mod:`componentstream.core.codes`.
"""
