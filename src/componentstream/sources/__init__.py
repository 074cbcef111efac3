"""What a model's stream may consist of, and how it becomes text."""

from componentstream.sources.text import TextDecoder

__all__ = ["TextDecoder"]
