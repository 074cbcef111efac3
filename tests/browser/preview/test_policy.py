import pytest

from componentstream import ConfigurationError
from componentstream.browser.preview.policy import frame_policy, preview_csp


def test_the_directive_names_exactly_the_url_of_the_frame():
    assert preview_csp("https://app.example/preview/frame.html") == (
        "frame-src https://app.example/preview/frame.html"
    )


def test_a_query_and_a_fragment_are_left_out_since_a_policy_cannot_name_them():
    assert (
        preview_csp("http://127.0.0.1:8000/p/frame.html?v=1#a")
        == "frame-src http://127.0.0.1:8000/p/frame.html"
    )


def test_several_frames_can_be_permitted():
    assert preview_csp("https://a.example/x.html", "https://a.example/y.html") == (
        "frame-src https://a.example/x.html https://a.example/y.html"
    )


@pytest.mark.parametrize(
    "url", ["/preview/frame.html", "", "data:text/html,x", "//a.example/x", "https:///x"]
)
def test_a_url_that_is_not_absolute_is_rejected(url):
    with pytest.raises(ConfigurationError, match="must be absolute"):
        preview_csp(url)


def test_a_url_with_a_password_is_rejected():
    with pytest.raises(ConfigurationError, match="must be absolute"):
        preview_csp("https://user:secret@app.example/frame.html")


@pytest.mark.parametrize(
    "url", ["https://app.example", "https://app.example/", "https://app.example/preview/"]
)
def test_a_url_that_would_permit_a_whole_folder_is_rejected(url):
    with pytest.raises(ConfigurationError, match="must name a file"):
        preview_csp(url)


@pytest.mark.parametrize("sign", [" ", ";", ",", "'", '"', "*"])
def test_a_url_cannot_add_to_the_policy(sign):
    with pytest.raises(ConfigurationError, match="must not contain"):
        preview_csp(f"https://app.example/frame{sign}.html")


def test_a_url_is_required():
    with pytest.raises(ConfigurationError, match="needs the URL"):
        preview_csp()


@pytest.mark.parametrize(
    ("ancestors", "written"),
    [
        ("'self'", "'self'"),
        ("'none'", "'none'"),
        ("'self' https://app.example", "'self' https://app.example"),
        (["https://*.app.example", "http://127.0.0.1:8000"], "https://*.app.example http://127.0.0.1:8000"),
    ],
)
def test_the_policy_of_a_frame_says_who_may_embed_it(ancestors, written):
    assert frame_policy("default-src 'none'; ", ancestors) == f"default-src 'none'; frame-ancestors {written}"


@pytest.mark.parametrize(
    "ancestors", ["self", "*", "https://a.example;", ["x, y"], "app.example", ["'self' *"]]
)
def test_an_ancestor_that_is_not_an_origin_is_rejected(ancestors):
    with pytest.raises(ConfigurationError, match="frame_ancestors takes"):
        frame_policy("default-src 'none'", ancestors)


@pytest.mark.parametrize("ancestors", ["", [], "'none' 'self'"])
def test_ancestors_that_contradict_themselves_are_rejected(ancestors):
    with pytest.raises(ConfigurationError, match="frame_ancestors needs"):
        frame_policy("default-src 'none'", ancestors)
