# ruff: noqa: INP001 - hatchling loads this file by its path
"""Build hook of hatchling: puts the frames of the live preview into the sdist and the wheel of a release."""

import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildPreview(BuildHookInterface):
    """Builds the frames unless they are up to date, as those in an unpacked sdist are."""

    def initialize(self, version: str, build_data: dict) -> None:  # noqa: ARG002 - the interface's signature
        """Build, or fail: a release without the preview must not go unnoticed."""
        sys.path.insert(0, str(Path(self.root, "src")))
        from componentstream.browser.preview import build  # noqa: PLC0415 - importable only now

        build()
