"""The frame of the demo's preview: served if it is built, built once in the background if it is not."""

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import parts
from tests.timing import WAIT

parts.module("starlette")

from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from componentstream.browser.preview import bundle  # noqa: E402
from componentstream.demo.preview import BUILD, FRAME, LivePreview  # noqa: E402

PAGE = "<!doctype html><title>Preview</title><script>1</script>"
HASH = "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A source folder of the frames, not built yet, in place of that of the package."""
    folder = tmp_path / "browser"
    (folder / "preview").mkdir(parents=True)
    monkeypatch.setattr(bundle, "source_folder", lambda: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def build(folder):
    """Put a frame there, as a build would; return the command that does the same in another process."""
    built = folder.parent / "built"
    built.mkdir()
    (built / FRAME).write_text(PAGE, encoding="utf-8")
    policy = f"default-src 'none'; script-src 'sha256-{HASH}'"
    (built / "manifest.json").write_text(f'{{"{FRAME}": {{"csp": "{policy}"}}}}', encoding="utf-8")
    (built / bundle.DIGEST).write_text(bundle.digest(folder), encoding="ascii")
    return f"import shutil; shutil.move({str(built)!r}, {str(folder / 'preview' / 'dist')!r})"


def run_python(program):
    return (sys.executable, "-c", program)


def request(host=b"127.0.0.1:8000"):
    headers = [] if host is None else [(b"host", host)]
    scope = {"type": "http", "scheme": "http", "path": "/demo/", "root_path": "", "headers": headers}
    return Request(scope | {"server": ("127.0.0.1", 8000), "query_string": b""})


def test_the_command_builds_the_frames_of_this_package():
    assert (sys.executable, "-m", "componentstream.browser.preview") == BUILD


def test_a_frame_that_is_built_is_served_before_all_other_routes(folder):
    exec(build(folder))  # noqa: S102 - the program of this test
    app, preview = Starlette(), LivePreview()
    assert preview.serve(app)
    assert preview.facts["status"] == "ready"
    assert preview.facts["src"].startswith(f"../preview/{FRAME}?v=")
    answer = TestClient(app).get(preview.facts["src"].removeprefix(".."))
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert f"'sha256-{HASH}'" in answer.headers["content-security-policy"]
    assert app.router.routes[0].path.startswith("/preview/")


def test_without_a_frame_the_page_is_told_the_command_that_builds_it(folder):
    del folder
    app, preview = Starlette(), LivePreview()
    assert not preview.serve(app)
    assert app.router.routes == []
    assert (preview.facts["status"], preview.facts["src"]) == ("missing", None)
    assert "python -m componentstream.browser.preview" in preview.facts["message"]


@pytest.mark.parametrize("status", ["ready", "building", "missing", "failed"])
def test_the_policy_of_the_page_names_the_one_url_of_the_frame(status):
    expected = f"frame-src http://127.0.0.1:8000/preview/{FRAME}"
    assert LivePreview(status).frame_src(request()) == expected


@pytest.mark.parametrize("host", [b"evil; script-src *", b"a,b", b"x'y", b"*", b"user@host", b""])
def test_no_host_header_changes_more_of_the_policy_than_the_host(host):
    own = f"frame-src http://127.0.0.1:8000/preview/{FRAME}"
    assert LivePreview("ready").frame_src(request(host)) in {own, "frame-src 'none'"}


def test_a_page_without_preview_permits_no_frame():
    assert LivePreview().frame_src(request()) == "frame-src 'none'"
    assert LivePreview().facts == {"status": "off", "src": None, "message": ""}


@asynccontextmanager
async def building(preview, command):
    """Build in the background; give the lines that are told."""
    lines = []
    async with preview.building(Starlette(), lines.append, run_python(command)):
        yield lines


async def status(preview, wanted):
    end = time.monotonic() + WAIT
    while preview.status != wanted:
        assert time.monotonic() < end, preview
        await asyncio.sleep(0.01)


def test_a_frame_that_is_missing_is_built_in_the_background_and_served_from_then_on(folder):
    program = f"{build(folder)}; import sys; print('one', file=sys.stderr); print('two', file=sys.stderr)"

    async def run():
        preview = LivePreview()
        async with building(preview, program) as lines:
            assert preview.facts == {"status": "building", "src": None, "message": ""}
            await status(preview, "ready")
            assert preview.facts["src"].startswith(f"../preview/{FRAME}?v=")
            return lines

    assert asyncio.run(run()) == ["one", "two"]


def test_a_frame_that_is_there_is_not_built(folder):
    exec(build(folder))  # noqa: S102 - the program of this test

    async def run():
        preview = LivePreview()
        async with building(preview, "raise SystemExit(1)") as lines:
            assert preview.status == "ready"
        return lines

    assert asyncio.run(run()) == []


def test_a_build_that_fails_is_told_and_the_demo_goes_on(folder):
    del folder

    async def run():
        preview = LivePreview()
        async with building(
            preview, "import sys; print('no Node', '', sep=chr(10), file=sys.stderr); sys.exit(1)"
        ) as lines:
            await status(preview, "failed")
        return preview.facts, lines

    facts, lines = asyncio.run(run())
    assert facts == {"status": "failed", "src": None, "message": "no Node"}
    assert lines[0] == "no Node"
    assert "--no-preview" in lines[-1]


def test_a_build_that_has_not_finished_is_ended_with_its_children(folder, tmp_path):
    del folder
    child = (
        f"import os, time; open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    async def run():
        async with building(LivePreview(), program):
            end = time.monotonic() + WAIT
            while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
                assert time.monotonic() < end
                await asyncio.sleep(0.01)

    asyncio.run(run())
    number = int((tmp_path / "child").read_text())
    end = time.monotonic() + WAIT
    while is_running(number):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(number):
    stat = Path(f"/proc/{number}/stat")
    if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
        return False  # it has ended; only its parent has not asked yet
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
