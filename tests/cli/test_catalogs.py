import pytest

from componentstream.cli.catalogs import read_catalog
from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import ConfigurationError


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "catalog.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_the_fields_of_a_component_are_read_and_a_name_is_enough(file):
    content = """[
        {"name": "Menu", "parts": ["Item", "Label"], "critical": true, "description": "Über allem."},
        {"name": "Hero"},
        "Footer"
    ]"""
    assert read_catalog(file(content)) == Catalog(
        [
            ComponentSpec("Menu", ("Item", "Label"), critical=True, description="Über allem."),
            ComponentSpec("Hero"),
            ComponentSpec("Footer"),
        ]
    )
    assert read_catalog(file("[]")) == Catalog()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is not JSON; write an array"),
        ("[", "is not JSON; write an array"),
        (b"\xff\xfe\xff", "is not JSON; write an array"),
        ("[" * 200_000, "is not JSON; write an array"),
        ("{}", "must be a JSON array of components"),
        ("[7]", "A component is a name or an object with a name, not 7"),
        ('[{"parts": []}]', "A component is a name or an object with a name, not {'parts': "),
        ('[{"name": "A", "part": []}]', "'A': 'part' is not a field; the fields are name, parts, critical"),
        ('[{"name": "A", "parts": "B"}]', "'A': parts must be an array of names"),
        ('[{"name": "A", "parts": [7]}]', "7 is not a part of A"),
        ('[{"name": "A", "critical": 1}]', "'A': critical must be true or false"),
        ('[{"name": "A", "description": null}]', "A: description must be a str, not None"),
        ('[{"name": 7}]', "7 is not a component name"),
        ('["A", "A"]', "A is in the catalog twice"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(file, content, sentence):
    path = file(content)
    with pytest.raises(ConfigurationError) as caught:
        read_catalog(path)
    assert str(caught.value).startswith(path)
    assert sentence in str(caught.value)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_catalog(str(tmp_path / "nothing"))
