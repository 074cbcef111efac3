"""The browser client: ES modules without a build step, and their TypeScript declarations."""

from pathlib import Path

__all__ = ["path"]


def path() -> Path:
    """Return the folder that holds ``componentstream.js``, for a static file server or a bundler."""
    return Path(__file__).parent
