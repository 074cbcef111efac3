"""The meaning of each provider's events.

To add a provider, write a module with one interpreter for each kind of event that matters and a
:class:`~componentstream.sources.providers.reading.Provider` that lists them, add it to ``PROVIDERS`` in
``registry``, and record a stream in ``tests/sources/recorded.py``.

An event is recognized by the exact value of its provider's type field, by its class together with the package
that defines the class, or by a distinctive key, and in no other way. Accepting "any delta with a text" would
mistake thoughts and tool arguments for text, and count text twice where a library sends its own event beside
each raw one.

Objects and mappings are read alike, and no provider's library is imported. A field that is missing or has an
unexpected type counts as absent: no event makes an interpreter raise.

Of several answers to one request (``n`` choices, candidates) the first counts.
"""
