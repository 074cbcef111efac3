import sys
from pathlib import Path

import pytest

import componentstream.browser
from componentstream import ConfigurationError
from componentstream.browser.preview import bundle
from tests.browser.preview.sources import write_build, write_sources


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return write_sources(tmp_path / "browser")


def test_the_sources_are_those_of_the_package():
    assert bundle.source_folder() == componentstream.browser.path()


def test_everything_that_a_build_reads_counts_and_nothing_else(folder):
    (folder / "preview" / "host.js").write_text("//", encoding="utf-8")
    (folder / "heal").mkdir()
    (folder / "heal" / "scanner.js").write_text("//", encoding="utf-8")
    (folder / "heal" / "scanner.d.ts").write_text("//", encoding="utf-8")
    (folder / "preview" / "frame" / "kit").mkdir()
    (folder / "preview" / "frame" / "kit" / "card.js").write_text("//", encoding="utf-8")
    assert [path.as_posix() for path in bundle.input_files(folder)] == [
        "heal/scanner.js",
        "heal.js",
        "preview/build.mjs",
        "preview/frame/entry.js",
        "preview/frame/kit/card.js",
        "preview/package-lock.json",
        "preview/package.json",
    ]


def test_the_digest_changes_with_the_content_and_the_names(folder):
    digests = {bundle.digest(folder)}
    (folder / "heal.js").write_text("export const a = 1;\n", encoding="utf-8")
    digests.add(bundle.digest(folder))
    (folder / "preview" / "frame" / "entry.js").rename(folder / "preview" / "frame" / "other.js")
    digests.add(bundle.digest(folder))
    assert len(digests) == 3
    assert bundle.digest(folder) in digests


def test_frames_that_are_not_built_are_told_with_the_command(folder):
    with pytest.raises(ConfigurationError) as caught:
        bundle.find_frames(folder)
    assert "is not built" in str(caught.value)
    assert "python -m componentstream.browser.preview" in str(caught.value)


def test_frames_built_from_other_sources_are_told(folder):
    write_build(folder / "preview" / "dist", "0" * 64)
    with pytest.raises(ConfigurationError, match="from other sources") as caught:
        bundle.find_frames(folder)
    assert "python -m componentstream.browser.preview" in str(caught.value)


@pytest.mark.parametrize("place", [0, 1])
def test_frames_are_found_beside_the_sources_and_in_the_cache(folder, place):
    output = write_build(bundle.output_folders(folder)[place], bundle.digest(folder))
    frames = bundle.find_frames(folder)
    assert list(frames) == ["frame.html"]
    frame = frames["frame.html"]
    assert frame.path == output / "frame.html"
    assert frame.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert frame.sha256.startswith(frame.version)
    assert len(frame.version) == 16


def test_a_frame_whose_script_is_not_that_of_its_policy_is_told(folder):
    write_build(folder / "preview" / "dist", bundle.digest(folder), hashed="another")
    with pytest.raises(ConfigurationError, match="changed after it was built"):
        bundle.find_frames(folder)


def test_the_source_of_a_frame_has_its_version(folder, monkeypatch):
    write_build(folder / "preview" / "dist", bundle.digest(folder))
    monkeypatch.setattr(bundle, "source_folder", lambda: folder)
    version = bundle.find_frames()["frame.html"].version
    assert bundle.preview_src() == f"/preview/frame.html?v={version}"
    assert bundle.preview_src("frame.html", prefix="/x") == f"/x/frame.html?v={version}"
    with pytest.raises(ConfigurationError, match=r"'frame\.big\.html'; there are: frame\.html"):
        bundle.preview_src("frame.big.html")


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", "cache/componentstream"),
        ("win32", "cache/componentstream"),
        ("darwin", "home/Library/Caches/componentstream"),
    ],
)
def test_the_cache_is_where_the_system_keeps_caches(folder, tmp_path, monkeypatch, platform, expected):
    monkeypatch.setattr(sys, "platform", platform)
    beside, cached = bundle.output_folders(folder)
    assert beside == folder / "preview" / "dist"
    assert cached == tmp_path / expected / f"preview-{bundle.digest(folder)[:16]}"


def test_an_empty_cache_variable_means_the_default(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert bundle.output_folders(folder)[1].parent == tmp_path / "home" / ".cache" / "componentstream"
