"""The pure core: text, cut anywhere, in; component events out. No I/O, no clock, no thread.

Everything here that is public is exported by ``componentstream`` itself.
"""
