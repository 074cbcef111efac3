"""Content security policies of the preview: of the frame, and of the page that mounts it."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from componentstream.core.errors import ConfigurationError

_KEYWORDS: Final = {"'self'", "'none'"}
_ANCESTOR: Final = re.compile(r"(?:https?://)(?:\*\.)?[A-Za-z0-9.\-\[\]:]+(?::(?:\d{1,5}|\*))?")
_UNSAFE: Final = re.compile(r"[\s;,'\"*]")


def preview_csp(*urls: str) -> str:
    """Return the ``frame-src`` directive for a page that mounts a preview.

    It permits the frames of exactly these URLs. Without it generated code can navigate its frame away and
    take data with it; with ``frame-src 'self'`` it can request every path of your server.

    Args:
        urls: Absolute URLs of the frames that the page uses, as the browser sees them. A query is ignored.

    Raises:
        ConfigurationError: A URL is not absolute, does not name a file, or is not given at all.
    """
    if not urls:
        raise ConfigurationError(
            "preview_csp needs the URL of the frame, such as https://host/preview/frame.html."
        )
    return " ".join(["frame-src", *map(_source, urls)])


def _source(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise ConfigurationError(
            f"The URL of the frame must be absolute, such as https://host/preview/frame.html, not {url!r}."
        )
    # A path that ends with a slash, or is empty, would permit everything below it.
    if parts.path.endswith("/") or not parts.path:
        raise ConfigurationError(
            f"The URL of the frame must name a file, such as /preview/frame.html, not {url!r}."
        )
    source = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if _UNSAFE.search(source):
        raise ConfigurationError(
            f"The URL of the frame must not contain spaces, quotes, ';', ',' or '*': {url!r}."
        )
    return source


def frame_policy(policy: str, frame_ancestors: str | Sequence[str]) -> str:
    """Return the policy of a frame: that of its build, and the pages that may embed it.

    Raises:
        ConfigurationError: A value is not ``'self'``, ``'none'`` or an origin.
    """
    ancestors = frame_ancestors.split() if isinstance(frame_ancestors, str) else list(frame_ancestors)
    for ancestor in ancestors:
        if ancestor not in _KEYWORDS and not _ANCESTOR.fullmatch(ancestor):
            raise ConfigurationError(
                f"frame_ancestors takes 'self', 'none' (with their quotes) and origins such as "
                f"https://app.example, not {ancestor!r}."
            )
    if not ancestors or ("'none'" in ancestors and len(ancestors) > 1):
        raise ConfigurationError("frame_ancestors needs 'none' alone, or the pages that may embed the frame.")
    return f"{policy.rstrip('; ')}; frame-ancestors {' '.join(ancestors)}"
