import time

import pytest

from componentstream.core.catalog import Catalog, ComponentSpec, used_components
from componentstream.core.errors import ConfigurationError, UsageError

MENU = ComponentSpec("Menu", parts=("Item", "Label"))


def uses(text, limit=100, itself=""):
    return used_components(text, limit=limit, itself=itself)


def test_a_spec_has_no_parts_and_is_not_critical_unless_told():
    assert ComponentSpec("Hero") == ComponentSpec("Hero", parts=(), critical=False)
    assert ComponentSpec("Hero").parts == ()
    assert ComponentSpec("Hero").critical is False


def test_a_description_is_text():
    assert ComponentSpec("Hero").description == ""
    assert ComponentSpec("Hero", description="A headline.").description == "A headline."
    with pytest.raises(UsageError, match=r"Hero: description must be a str, not None\."):
        ComponentSpec("Hero", description=None)


def test_parts_may_be_any_iterable_and_become_a_tuple():
    assert ComponentSpec("Menu", parts=["Item", "Label"]) == MENU
    assert hash(ComponentSpec("Menu", parts=iter(["Item", "Label"]))) == hash(MENU)


@pytest.mark.parametrize("name", ["A", "a", "Hero_2", "Menu.Item", "a.b.c", "A" * 128])
def test_every_name_that_a_marker_may_have_is_a_name(name):
    assert ComponentSpec(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "2", "_A", "A-B", "A.", ".A", "A..B", "A.2", "A B", "A\n", "Ä", "A" * 129, None, 7, ["A"]],
)
def test_a_spec_with_a_name_that_no_marker_can_have_is_refused(name):
    with pytest.raises(UsageError, match="is not a component name: write letters"):
        ComponentSpec(name)


@pytest.mark.parametrize("part", ["", "Menu.Item", "2nd", "Item\n", None])
def test_a_spec_with_a_part_that_is_no_identifier_is_refused(part):
    with pytest.raises(UsageError, match="is not a part of Menu: write letters"):
        ComponentSpec("Menu", parts=(part,))


def test_parts_in_a_single_string_are_refused():
    with pytest.raises(UsageError, match=r"several names, such as \('Item',\), not a single string"):
        ComponentSpec("Menu", parts="Item")


def test_a_part_given_twice_is_refused():
    with pytest.raises(UsageError, match=r"Menu: a part occurs twice; list each part once\."):
        ComponentSpec("Menu", parts=("Item", "Item"))


def test_a_catalog_finds_specs_by_exact_name():
    hero = ComponentSpec("Hero", critical=True)
    catalog = Catalog([hero, MENU])
    assert catalog.get("Hero") is hero
    assert catalog.get("Menu") is MENU
    assert [catalog.get(name) for name in ("hero", "HHero", "Menu.Item", "")] == [None] * 4


def test_a_catalog_is_a_collection_of_its_specs_in_their_order():
    catalog = Catalog(spec for spec in (MENU, ComponentSpec("Hero")))
    assert "Menu" in catalog
    assert "Hero" in catalog
    assert "Item" not in catalog
    assert 3 not in catalog
    assert len(catalog) == 2
    assert list(catalog) == [MENU, ComponentSpec("Hero")]


def test_a_catalog_of_nothing_is_possible_and_empty():
    assert len(Catalog()) == 0
    assert list(Catalog([])) == []


def test_catalogs_of_equal_specs_are_equal():
    assert Catalog([MENU]) == Catalog((MENU,))
    assert hash(Catalog([MENU])) == hash(Catalog((MENU,)))
    assert Catalog([MENU]) != Catalog([ComponentSpec("Menu")])
    assert repr(Catalog([ComponentSpec("A")])) == (
        "Catalog(specs=(ComponentSpec(name='A', parts=(), critical=False, description=''),))"
    )


def test_a_name_that_is_in_a_catalog_twice_is_refused():
    with pytest.raises(UsageError, match=r"Menu is in the catalog twice; give each name one ComponentSpec\."):
        Catalog([MENU, ComponentSpec("Hero"), ComponentSpec("Menu")])


def test_a_catalog_of_names_is_refused():
    with pytest.raises(UsageError, match=r"A catalog consists of ComponentSpec, not of 'Menu'\."):
        Catalog(["Menu"])


def test_a_component_without_expected_parts_misses_none():
    assert ComponentSpec("Hero").missing_parts("") == ()


def test_parts_that_are_nowhere_are_missing_in_the_order_of_the_spec():
    assert MENU.missing_parts("export function Menu() {}") == ("Item", "Label")
    assert ComponentSpec("Menu", parts=("B", "A")).missing_parts("", ["Other"]) == ("B", "A")


@pytest.mark.parametrize("nested", ["Item", "Menu.Item", "MenuItem"])
def test_a_part_may_be_a_nested_component_under_any_of_its_three_names(nested):
    assert MENU.missing_parts("", {nested}) == ("Label",)


@pytest.mark.parametrize(
    "text",
    [
        "<Menu.Item key={1}>",
        "</Menu.Item>",
        "Menu.Item = function () {}",
        "<MenuItem/>",
        "function MenuItem() {}",
        "export const MenuItem=1",
        "Menu.Item.displayName",
        "UI.Menu.Item",
        "MenuItem",
        "don't <MenuItem> 'x'",
        "<a>https://example.org</a> <MenuItem/>",
    ],
)
def test_a_part_may_be_a_word_of_the_text(text):
    assert MENU.missing_parts(text) == ("Label",)


@pytest.mark.parametrize(
    "text",
    [
        "Item",
        "MenuItems",
        "SubMenuItem",
        "Menu.Items",
        "$MenuItem",
        "MenuItem$",
        "MenuXItem",
        "menu.item",
        "// MenuItem",
        "/* MenuItem */",
        "/* MenuItem",
        "import x from './MenuItem'",
        'import x from "./MenuItem"',
        "`a\\`MenuItem`",
        "`MenuItem",
    ],
)
def test_other_words_comments_and_strings_are_no_part(text):
    assert MENU.missing_parts(text) == ("Item", "Label")


def test_the_parts_of_a_dotted_name_are_joined_without_dots():
    spec = ComponentSpec("Menu.Sub", parts=("Item",))
    assert spec.missing_parts("<Menu.Sub.Item/>") == ()
    assert spec.missing_parts("<MenuSubItem/>") == ()
    assert spec.missing_parts("<MenuxSub.Item/>") == ("Item",)
    assert spec.missing_parts("", ["Menu.Sub.Item"]) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("<Button>", ("Button",)),
        ("<Button/>", ("Button",)),
        ("<Button kind='x'>", ("Button",)),
        ("<Button", ("Button",)),
        ("<Button\n", ("Button",)),
        ("<Select<Option> a>", ("Select",)),
        ("<A{...b}/>", ("A",)),
        ("<B/><A/><B/>", ("B", "A")),
        ("<Menu.Item><Menu.Label/></Menu.Item>", ("Menu.Item", "Menu.Label")),
        ("<Café/>", ("Café",)),
        ("(<Card/>)", ("Card",)),
        ("{items.map((i) => <Row key={i}/>)}", ("Row",)),
    ],
)
def test_capitalised_tags_are_uses_in_order_of_first_appearance(text, expected):
    assert uses(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "</Button>",
        "<div><motion.div/></div>",
        "useState<User>(null)",
        "Array<Array<Item>>",
        "$<User>",
        "const f = <T,>(x: T) => x",
        "const f = <T extends Base>(x: T) => x",
        "a < B",
        "i <N;",
        "<Menu.>",
        "< Button>",
        "<" + "A" * 129 + ">",
    ],
)
def test_what_is_no_capitalised_opening_tag_is_no_use(text):
    assert uses(text) == ()


@pytest.mark.parametrize(
    "hidden",
    [
        "// <Old/>",
        "/* <Old/> */",
        "{/* * ** <Old/> **/}",
        "'<Old/>'",
        '"<Old/>"',
        r'"\"<Old/>"',
        r"'\'<Old/>'",
        "`<Old/>\n<Old/>`",
    ],
)
def test_tags_in_comments_and_strings_are_no_uses_and_those_after_them_are(hidden):
    assert uses(f"<A/> {hidden}\n<B/>") == ("A", "B")


@pytest.mark.parametrize(
    "text",
    [
        "<p>Don't <B/> can't</p>",
        '<p>a 5" <B/> and "</p>',
        "<p>{x}'s <B/> y's</p>",
        "<p>http://example.org <B/></p>",
        "```tsx\n<B/>\n```",
        "it is ' <B/>",
        'it is " <B/>',
        '"a\\\n<B/>"',
        "'x'/* */<B/>",
    ],
)
def test_quotes_and_slashes_in_the_text_of_elements_hide_nothing(text):
    assert uses(text) == ("B",)


def test_a_component_does_not_use_itself():
    assert uses("<Menu><Menu.Item/></Menu>", itself="Menu") == ("Menu.Item",)


def test_only_as_many_uses_as_allowed_are_returned():
    text = "".join(f"<A{number}/>" for number in range(10))
    assert uses(text, limit=3) == ("A0", "A1", "A2")
    assert len(uses(text, limit=10)) == 10


@pytest.mark.parametrize("before", ["", '"', "'", "`", "/*"])
@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<A",
        "<A ",
        "<A.",
        "A",
        '\\"',
        "`\\`",
        "'\"",
        "/*",
        "*",
        "/*\\",
        "//",
        "``",
        "\\",
        '"\\\n',
        "Menu.",
    ],
)
def test_no_text_takes_more_than_linear_time(before, piece):
    text = before + piece * (200_000 // len(piece))
    started = time.process_time()
    uses(text)
    MENU.missing_parts(text)
    assert time.process_time() - started < 0.5


def test_other_types_of_parts_specs_and_flags_are_rejected():
    with pytest.raises(
        ConfigurationError, match=r"^parts must be several names, such as \('Item',\), not 7\.$"
    ):
        ComponentSpec("Menu", parts=7)
    with pytest.raises(ConfigurationError, match=r"^Menu: critical must be True or False\.$"):
        ComponentSpec("Menu", critical=1)
    for specs in (None, 7, "Menu"):
        with pytest.raises(
            ConfigurationError, match=rf"^A catalog consists of ComponentSpec, not of {specs!r}\.$"
        ):
            Catalog(specs)
