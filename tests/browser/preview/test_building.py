import hashlib
import subprocess
import sys

import pytest

from componentstream import ConfigurationError
from componentstream.browser.preview import building, bundle
from componentstream.browser.preview.building import build, main
from componentstream.browser.preview.toolchain import Toolchain
from tests import parts
from tests.browser.preview.sources import write_sources
from tests.timing import WAIT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Sources, and a toolchain whose npm does nothing, because they need no package."""
    node = parts.node()
    monkeypatch.setattr(building, "find_toolchain", lambda: Toolchain((node,), (node, "--eval", "0")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return write_sources(tmp_path / "browser")


def test_the_frames_are_built_beside_their_sources_and_found(folder):
    lines = []
    output = build(folder, progress=lines.append)
    assert output == folder / "preview" / "dist"
    frame = bundle.find_frames(folder)["frame.html"]
    assert frame.path.parent == output
    assert frame.sha256 == hashlib.sha256(frame.path.read_bytes()).hexdigest()
    assert lines[0] == "Installing the npm packages of the lock file ..."
    assert lines[-1] == f"The frame of the preview is ready: {output}"
    assert sorted(path.name for path in (folder / "preview").iterdir()) == [
        "build.mjs",
        "dist",
        "frame",
        "package-lock.json",
        "package.json",
    ]


def test_the_real_npm_installs_what_the_lock_file_lists(folder, monkeypatch):
    parts.program("npm")
    monkeypatch.undo()
    monkeypatch.setenv("npm_config_offline", "true")
    assert build(folder, progress=lambda _line: None) == folder / "preview" / "dist"
    package = folder / "preview" / "package.json"
    package.write_text('{"name": "frames", "dependencies": {"react": "19.0.0"}}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="ci --ignore-scripts ended with status 1"):
        build(folder, progress=lambda _line: None)


def test_a_build_that_is_current_is_not_repeated(folder):
    output = build(folder, progress=lambda _line: None)
    (output / "mark").write_text("", encoding="utf-8")
    lines = []
    assert build(folder, progress=lines.append) == output
    assert lines == [f"The frame of the preview is up to date: {output}"]
    assert (output / "mark").exists()
    build(folder, force=True, progress=lines.append)
    assert not (output / "mark").exists()


def test_changed_sources_are_built_again_in_place_of_the_old_build(folder):
    build(folder, progress=lambda _line: None)
    before = bundle.find_frames(folder)["frame.html"].sha256
    write_sources(folder, "1 + 1")
    build(folder, progress=lambda _line: None)
    assert bundle.find_frames(folder)["frame.html"].sha256 != before
    assert [path.name for path in (folder / "preview").glob("dist*")] == ["dist"]


def test_a_failed_step_is_told_with_its_output_and_leaves_the_old_build(folder):
    output = build(folder, progress=lambda _line: None)
    write_sources(folder, "broken")
    with pytest.raises(ConfigurationError, match="the entry is broken") as caught:
        build(folder, progress=lambda _line: None)
    assert "build.mjs" in str(caught.value)
    assert "ended with status 1" in str(caught.value)
    assert (output / "frame.html").exists()


def test_the_cache_of_the_user_is_used_where_the_sources_cannot_be_written(folder, tmp_path):
    # A file in place of the folder stops the administrator too, who runs tests in containers.
    (folder / "preview" / "elsewhere").write_text("", encoding="utf-8")
    beside = folder / "preview" / "elsewhere" / "dist"
    cached = bundle.output_folders(folder)[1]
    built = tmp_path / "built"
    built.mkdir()
    assert building._place(built, [beside, cached]) == cached
    assert cached.is_dir()


def test_a_result_that_cannot_be_written_anywhere_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "built").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        building._place(tmp_path / "built", [tmp_path / "file" / "dist"])


def test_a_step_that_takes_long_shows_that_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_PROGRESS_SECONDS", 0.01)
    (tmp_path / "preview").mkdir()
    lines = []
    building._run([sys.executable, "-c", "import time; time.sleep(0.3)"], tmp_path, {}, lines.append)
    assert lines
    assert lines[0] == "  ... 0 s"


@pytest.fixture
def one_folder(folder, monkeypatch):
    """The folder, as if it were that of the package."""
    monkeypatch.setattr(building, "source_folder", lambda: folder)
    return folder


def test_the_command_builds_and_says_where(one_folder, capsys):
    assert main([]) == 0
    assert f"is ready: {one_folder / 'preview' / 'dist'}" in capsys.readouterr().err
    assert main(["--force"]) == 0
    assert "is ready" in capsys.readouterr().err


def test_the_command_fails_with_a_sentence(one_folder, monkeypatch, capsys):
    write_sources(one_folder, "broken")
    monkeypatch.setattr(sys, "argv", ["preview"])
    assert main() == 1
    assert "could not be built" in capsys.readouterr().err


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("-h", 0), ("--fast", 2)])
def test_the_command_explains_itself(argument, status, capsys):
    assert main([argument]) == status
    assert "usage: python -m componentstream.browser.preview [--force]" in capsys.readouterr().err


def test_the_module_is_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "componentstream.browser.preview", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT,
    )
    assert "usage: python -m componentstream.browser.preview" in done.stderr
