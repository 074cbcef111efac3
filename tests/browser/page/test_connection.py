"""The demo's page when its connection is cut, when it is reloaded, and when its server is restarted."""

import socket

import pytest

from tests import parts
from tests.browser.page.opening import begin, browser, expect, source, status
from tests.browser.pages import Stage
from tests.listening import serving


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def model_demo(stage):
    return parts.module("componentstream.demo.app").create_model_demo(stage)


def test_a_connection_that_is_dropped_is_resumed_without_loss(page, stage):
    with serving(model_demo(stage)) as url:
        page.goto(url)
        begin(page, stage)
        stage.say("/// START Hero\none ")
        expect(source(page, "Hero")).to_have_text("one ")
        for number, word in enumerate(("two ", "three "), 1):
            page.get_by_role("button", name="Drop the connection").click()
            stage.say(word)
            expect(page.locator("#reconnects")).to_have_text(str(number))
            expect(source(page, "Hero")).to_contain_text(word.strip())
        expect(page.locator("#events")).to_contain_text("resumed after event")
        stage.say("four\n/// END Hero\n")
        stage.leave()
        status(page, "Complete")
        assert source(page, "Hero").text_content() == "one two three four\n"
        assert len(stage.requests) == 1
        expect(page.locator("#events .event-start")).to_have_count(1)
        expect(page.locator("#notes li")).to_have_count(0)


def test_a_page_that_is_reloaded_goes_on_with_its_stream(page, stage):
    with serving(model_demo(stage)) as url:
        page.goto(url)
        page.get_by_label("Prompt").fill("A page about owls.")
        begin(page, stage)
        stage.say("/// START Hero\none ")
        expect(source(page, "Hero")).to_have_text("one ")
        for word in ("two ", "three "):
            page.reload()
            stage.say(word)
            expect(source(page, "Hero")).to_contain_text(word.strip())
            expect(page.get_by_label("Prompt")).to_have_value("A page about owls.")
        stage.say("four\n/// END Hero\n")
        stage.leave()
        status(page, "Complete")
        assert source(page, "Hero").text_content() == "one two three four\n"
        page.reload()
        status(page, "Complete")
        assert source(page, "Hero").text_content() == "one two three four\n"
        assert len(stage.requests) == 1


def test_a_stream_that_was_stopped_does_not_go_on_after_a_reload(page, stage):
    with serving(model_demo(stage)) as url:
        page.goto(url)
        begin(page, stage)
        stage.say("/// START Hero\nx")
        expect(source(page, "Hero")).to_have_text("x")
        page.get_by_role("button", name="Stop").click()
        status(page, "Stopped")
        page.reload()
        expect(page.get_by_role("button", name="Generate")).to_be_enabled()
        status(page, "Ready")


def test_a_server_that_is_restarted_is_asked_again_with_a_new_token(page, stage):
    """The new server has another secret, and does not know the stream; a click generates the answer anew."""
    with serving(model_demo(stage)) as url:
        page.goto(url)
        begin(page, stage)
        stage.say("/// START Hero\nold")
        expect(source(page, "Hero")).to_have_text("old")
    status(page, "Reconnecting")
    expect(page.get_by_role("button", name="Drop the connection")).to_be_hidden()
    port = int(url.rstrip("/").rpartition(":")[2])
    with serving(model_demo(stage), port=port):
        page.get_by_role("button", name="Reconnect").click()
        status(page, "Failed")
        expect(page.locator("#failure-text")).to_contain_text("Stream not found")
        page.get_by_role("button", name="Try again").click()
        stage.wait_for_requests(2)
        stage.say("/// START Hero\nnew\n/// END Hero\n")
        stage.leave()
        status(page, "Complete")
        assert source(page, "Hero").text_content() == "new\n"
        expect(page.locator(".block")).to_have_count(1)
        assert stage.requests[0] == stage.requests[1]


def test_a_page_whose_stream_is_gone_says_so_and_a_recording_is_played_anew(page, stage):
    app = parts.module("componentstream.demo.app")
    playing = parts.module("componentstream.demo.playing")
    recordings = playing.recordings(folders=())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(app.create_recorded_demo(recordings, rate=0.0), port=port) as url:
        page.goto(url)
        status(page, "Complete")
    with serving(app.create_recorded_demo(recordings, rate=0.0), port=port):
        page.reload()
        status(page, "Complete")
        expect(page.locator("#components")).to_have_text("3 of 3")
    with serving(model_demo(stage), port=port):
        page.reload()
        status(page, "Failed")
        expect(page.locator("#failure-text")).to_contain_text("Stream not found")
        expect(page.get_by_role("button", name="Generate")).to_be_enabled()


def test_a_server_with_tokens_of_its_users_asks_for_one(page, stage):
    app, server = parts.module("componentstream.demo.app"), parts.module("componentstream.server")
    secret = b"a secret of this test, long enough"
    settings = server.ServerSettings(authenticate=server.JWTBearer.from_secret(secret, audience="mine"))
    token = parts.module("jwt").encode({"sub": "ada", "aud": "mine", "exp": 10**10}, secret, "HS256")
    with serving(app.create_page(stage, settings)) as url:
        page.goto(url)
        page.get_by_role("button", name="Generate").click()
        status(page, "Failed")
        page.get_by_label("Access token").fill(token)
        begin(page, stage)
        stage.say("/// START Hero\nx\n/// END Hero\n")
        stage.leave()
        status(page, "Complete")
        assert token not in page.content()
