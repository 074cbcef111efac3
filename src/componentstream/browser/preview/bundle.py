"""The built frames: where they are, and whether they belong to these sources."""

import base64
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from componentstream.browser import path as browser_path
from componentstream.core.errors import ConfigurationError

COMMAND: Final = "python -m componentstream.browser.preview"
"""The command that builds the frames."""

DIGEST: Final = "inputs.sha256"
"""File of a build with the digest of its sources."""

_HELP: Final = (
    f"Build it with: {COMMAND}\n"
    "(It needs Node.js 20 or later; without one: pip install 'componentstream[preview]')"
)


@attrs.frozen
class Frame:
    """A page that is served to a frame."""

    name: str
    path: Path
    sha256: str
    """Digest of its bytes in hexadecimal."""
    policy: str
    """Its Content-Security-Policy, without ``frame-ancestors``."""

    @property
    def version(self) -> str:
        """The value of ``v`` in a URL that may be cached without limit."""
        return self.sha256[:16]


def source_folder() -> Path:
    """Return the folder that holds the client, the healer and the sources of the frame."""
    return browser_path()


def input_files(folder: Path) -> list[Path]:
    """Return the files that a build reads, relative to the source folder, sorted."""
    preview = folder / "preview"
    parts = [folder / "heal.js", *(folder / "heal").rglob("*.js"), *(preview / "frame").rglob("*")]
    parts += [preview / "build.mjs", preview / "package.json", preview / "package-lock.json"]
    return sorted(path.relative_to(folder) for path in parts if path.is_file())


def digest(folder: Path) -> str:
    """Return a digest of the files that a build reads."""
    total = hashlib.sha256()
    for name in input_files(folder):
        content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        total.update(f"{content}  {name.as_posix()}\n".encode())
    return total.hexdigest()


def output_folders(folder: Path) -> list[Path]:
    """Return the folders in which a build of these sources may be, in the order of preference."""
    return [folder / "preview" / "dist", _cache_folder() / f"preview-{digest(folder)[:16]}"]


def _cache_folder() -> Path:
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "componentstream"


def is_current(output: Path, folder: Path) -> bool:
    """Return whether a folder holds a build of these sources."""
    try:
        return (output / DIGEST).read_text(encoding="ascii").strip() == digest(folder)
    except OSError:
        return False


def find_frames(folder: Path | None = None) -> Mapping[str, Frame]:
    """Return the built frames by their file names, such as ``frame.html``.

    Raises:
        ConfigurationError: They are not built, or were built from other sources.
    """
    folder = source_folder() if folder is None else folder
    outputs = output_folders(folder)
    for output in outputs:
        if is_current(output, folder):
            return _read(output)
    if any((output / DIGEST).is_file() for output in outputs):
        raise ConfigurationError(f"The frame of the preview was built from other sources than these. {_HELP}")
    raise ConfigurationError(f"The frame of the preview is not built. {_HELP}")


def preview_src(name: str = "frame.html", prefix: str = "/preview") -> str:
    """Return the path of a frame with its version, which browsers cache without asking again.

    Args:
        name: File name of the frame or pack.
        prefix: The prefix given to ``preview_routes``.

    Raises:
        ConfigurationError: The frames are not built, or there is none of this name.
    """
    frames = find_frames()
    if name not in frames:
        raise ConfigurationError(f"There is not a frame {name!r}; there are: {', '.join(sorted(frames))}.")
    return f"{prefix}/{name}?v={frames[name].version}"


def _read(output: Path) -> dict[str, Frame]:
    manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
    frames = {}
    for name, entry in manifest.items():
        path = output / name
        content = path.read_bytes()
        # With another script than that of the policy the frame would not start, and would not say why.
        if f"'sha256-{_script_hash(content)}'" not in entry["csp"].split():
            raise ConfigurationError(f"{path} was changed after it was built. {_HELP}")
        frames[name] = Frame(name, path, hashlib.sha256(content).hexdigest(), entry["csp"])
    return frames


def _script_hash(page: bytes) -> str:
    """Return the digest of the only script of a page, as a policy writes it."""
    script = page.partition(b"<script>")[2].rpartition(b"</script>")[0]
    return base64.b64encode(hashlib.sha256(script).digest()).decode("ascii")
