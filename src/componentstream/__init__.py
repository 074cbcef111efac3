"""componentstream: a model's streamed text, cut anywhere, in; component events out."""
