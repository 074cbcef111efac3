import os

import pytest

from componentstream.cli.files import ComponentFiles
from componentstream.core.buffer import Component


def component(name, text=""):
    return Component(0, name, "main", {}, None, text, "end")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_component_is_written_to_a_file_of_its_name(folder):
    files = ComponentFiles(str(folder), ".tsx")
    assert files.write(component("Menu.Item", "a\r\nb\né")) == folder / "Menu.Item.tsx"
    assert (folder / "Menu.Item.tsx").read_bytes() == "a\r\nb\né".encode()


def test_the_directory_is_made_with_those_above_it(tmp_path):
    ComponentFiles(str(tmp_path / "a" / "b"), ".tsx")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_suffix_may_have_several_parts(folder):
    ComponentFiles(str(folder), ".test.tsx").write(component("Hero"))
    assert listing(folder) == ["Hero.test.tsx"]


def test_the_same_name_again_gets_a_number(folder):
    files = ComponentFiles(str(folder), ".tsx")
    for text in ("one", "two", "three"):
        files.write(component("Hero", text))
    assert listing(folder) == ["Hero-2.tsx", "Hero-3.tsx", "Hero.tsx"]
    assert [(folder / name).read_text() for name in listing(folder)] == ["two", "three", "one"]


def test_names_that_differ_in_case_only_get_numbers_too(folder):
    files = ComponentFiles(str(folder), ".tsx")
    assert [files.write(component(name)).name for name in ("Hero", "HERO", "hero")] == [
        "Hero.tsx",
        "HERO-2.tsx",
        "hero-3.tsx",
    ]


def test_existing_files_are_left_alone_whatever_their_case(folder):
    folder.mkdir()
    (folder / "hero.TSX").write_text("precious")
    (folder / "Hero-2.tsx").write_text("precious too")
    (folder / "Menu.tsx").mkdir()
    files = ComponentFiles(str(folder), ".tsx")
    assert files.write(component("Hero")).name == "Hero-3.tsx"
    assert files.write(component("Menu")).name == "Menu-2.tsx"
    assert (folder / "hero.TSX").read_text() == "precious"
    assert (folder / "Hero-2.tsx").read_text() == "precious too"


def test_a_file_that_appears_in_the_meantime_is_left_alone(folder):
    files = ComponentFiles(str(folder), ".tsx")
    (folder / "Hero.tsx").write_text("precious")
    assert files.write(component("Hero", "mine")).name == "Hero-2.tsx"
    assert (folder / "Hero.tsx").read_text() == "precious"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_links_are_not_followed(folder, tmp_path, there, late):
    outside = tmp_path / "outside.txt"
    if there:
        outside.write_text("precious")
    files = ComponentFiles(str(folder), ".tsx")
    (folder / "Hero.tsx").symlink_to(outside)
    if not late:
        files = ComponentFiles(str(folder), ".tsx")
    assert files.write(component("Hero", "mine")) == folder / "Hero-2.tsx"
    assert outside.exists() is there
    assert not there or outside.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Con", "_Con.tsx"),
        ("nul", "_nul.tsx"),
        ("COM7.Item", "_COM7.Item.tsx"),
        ("lpt0", "_lpt0.tsx"),
        ("Console", "Console.tsx"),
        ("Item.Con", "Item.Con.tsx"),
        ("COM10", "COM10.tsx"),
    ],
)
def test_names_of_windows_devices_are_avoided(folder, name, file):
    assert ComponentFiles(str(folder), ".tsx").write(component(name)).name == file


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "_.._etc_passwd.tsx"),
        ("..", "_.tsx"),
        ("/root/x", "_root_x.tsx"),
        ("C:\\x", "C__x.tsx"),
        ("a\x00b\nc", "a_b_c.tsx"),
        ("", "_.tsx"),
        ("A" * 500, "A" * 128 + ".tsx"),
    ],
)
def test_a_name_that_no_marker_can_have_cannot_leave_the_directory_either(folder, tmp_path, name, file):
    assert ComponentFiles(str(folder), ".tsx").write(component(name)) == folder / file
    assert listing(tmp_path) == ["out"]
    assert listing(folder) == [file]


def test_a_directory_that_is_a_file_is_an_error_of_the_system(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(FileExistsError):
        ComponentFiles(str(tmp_path / "out"), ".tsx")


def test_half_a_character_is_written_as_a_replacement(folder):
    path = ComponentFiles(str(folder), ".tsx").write(component("Hero", "a\ud83d\ude00\ud83d"))
    assert path.read_bytes() == "a😀\ufffd".encode()
