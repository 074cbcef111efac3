"""``componentstream serve`` within this process and as one of its own."""

import asyncio
import inspect
import json
import logging
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import attrs
import pytest

from componentstream.cli import main
from componentstream.cli.options import command_line
from componentstream.core.errors import UsageError
from componentstream.log import StoreError
from componentstream.session.lifecycle import Timeouts
from tests import parts
from tests.timing import STORE_WAIT, WAIT, passed_once

jwt = parts.module("jwt")
parts.module("uvicorn")
parts.module("starlette")
httpx2 = parts.module("httpx2")

from componentstream.server import ServerSettings  # noqa: E402 - it needs what is asked for above

module = sys.modules["componentstream.cli.serve"]  # the package has the function under its name
SECRET = secrets.token_hex(32)
APP = """\
import asyncio

async def generate(request):
    yield "/// START Hero\\n" + request.prompt
    if request.project == "long":
        await asyncio.sleep(300)
    if request.project == "broken":
        raise RuntimeError("no model")
    yield "\\n/// END Hero\\n"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current directory, and an interpreter and an environment that forget what was done."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in os.environ if name.startswith("COMPONENTSTREAM_")]:
        monkeypatch.delenv(name)
    known = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - known:
        if getattr(sys.modules[name], "__file__", "").startswith(str(tmp_path)):
            del sys.modules[name]


def write(folder, name, text):
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_a_function_is_found_in_the_current_directory(folder):
    write(
        folder,
        "my_app",
        "def generate(request):\n    return [request]\n\nclass Models:\n    one = generate\n",
    )
    assert module.load("my_app:generate")("x") == ["x"]
    assert module.load("my_app:Models.one")("y") == ["y"]


@pytest.mark.parametrize(
    "app", ["my_app", "my_app:", ":generate", "my_app.py:generate ", "my_app:generate()"]
)
def test_an_invalid_app_is_reported(folder, app):
    del folder
    with pytest.raises(UsageError) as caught:
        module.load(app)
    assert str(caught.value) == f"APP must be MODULE:NAME, such as my_app:generate, not {app!r}."


@pytest.mark.parametrize("name", ["absent_app", "absent_app.inside", "my_app.inside"])
def test_a_missing_module_is_reported(folder, name, capsys):
    write(folder, "my_app", APP)
    with pytest.raises(UsageError) as caught:
        module.load(f"{name}:generate")
    sentence = f"The module {name!r} is neither in the current directory nor among the installed packages."
    assert str(caught.value) == sentence
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["absent", "generate.absent"])
def test_a_name_missing_in_the_module_is_reported(folder, name):
    write(folder, "my_app", APP)
    with pytest.raises(UsageError) as caught:
        module.load(f"my_app:{name}")
    assert (
        str(caught.value) == f"The module 'my_app' does not define {name!r}; name a function that it defines."
    )


def test_an_object_that_raises_when_it_is_read_is_reported_with_its_traceback(folder, capsys):
    write(folder, "my_app", "class Lazy:\n    def __getattr__(self, name):\n        1 / 0\n\nlazy = Lazy()\n")
    with pytest.raises(UsageError) as caught:
        module.load("my_app:lazy.generate")
    assert str(caught.value) == "Reading 'lazy.generate' of 'my_app' failed; see the traceback above."
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_value_that_is_not_a_function_is_reported(folder):
    write(folder, "my_app", "generate = 3\n")
    with pytest.raises(UsageError) as caught:
        module.load("my_app:generate")
    expected = (
        "my_app:generate is not a function but of the type int; name a function of a GenerationRequest."
    )
    assert str(caught.value) == expected


def test_a_function_need_not_tell_its_parameters(folder):
    write(folder, "my_app", "generate = type\n")
    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(type)
    assert module.load("my_app:generate") is type


def test_an_asgi_application_is_rejected(folder):
    write(folder, "my_app", "from starlette.applications import Starlette\n\napp = Starlette()\n")
    with pytest.raises(UsageError) as caught:
        module.load("my_app:app")
    expected = (
        "my_app:app is an ASGI application: start it with uvicorn, or name the function that generates."
    )
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("def fall():\n    return 1 / 0\n\n\nfall()\n", "ZeroDivisionError: division by zero"),
        ("import absent_part\n", "ModuleNotFoundError: No module named 'absent_part'"),
        ("def\n", "SyntaxError: invalid syntax"),
    ],
)
def test_a_module_that_raises_shows_its_own_traceback_and_no_other(folder, capsys, text, last):
    write(folder, "my_app", text)
    with pytest.raises(UsageError) as caught:
        module.load("my_app:generate")
    assert str(caught.value) == "Importing the module 'my_app' failed; see the traceback above."
    shown = capsys.readouterr().err
    assert shown.splitlines()[-1] == last
    files = re.findall(r'File "(.+?)"', shown)
    assert files
    assert set(files) == {str(folder / "my_app.py")}


def refused(capsys, *arguments):
    """Run the command, which must be refused; return what it says."""
    assert main(["serve", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    return output.err


def test_serve_requires_a_choice_of_authentication(folder, capsys):
    write(folder, "my_app", APP)
    assert refused(capsys, "my_app:generate") == (
        "componentstream: Choose exactly one of --jwks, --jwt-secret-file, COMPONENTSTREAM_JWT_SECRET in the "
        "environment, and --no-auth for a server without authentication.\n"
    )


def test_two_kinds_of_authentication_are_rejected(folder, capsys, monkeypatch):
    write(folder, "my_app", APP)
    monkeypatch.setenv("COMPONENTSTREAM_JWT_SECRET", SECRET)
    assert "Choose exactly one of --jwks" in refused(capsys, "my_app:generate", "--no-auth")
    given = ["--jwks", "keys.json", "--audience", "pages"]
    assert "Choose exactly one of --jwks" in refused(capsys, "my_app:generate", *given)


def test_tokens_need_an_audience(folder, capsys, monkeypatch):
    del folder
    monkeypatch.setenv("COMPONENTSTREAM_JWT_SECRET", SECRET)
    said = refused(capsys, "my_app:generate")
    assert said.startswith("componentstream: Set --audience to the claim aud that tokens must have")


def test_the_secret_may_be_in_a_file(folder, capsys):
    (folder / "secret.txt").write_text(f" {SECRET}\n", encoding="utf-8")
    given = ["--jwt-secret-file", "secret.txt", "--audience", "pages"]
    assert "The module 'absent_app' is neither" in refused(capsys, "absent_app:generate", *given)


@pytest.mark.parametrize("option", ["--jwt-secret-file", "--jwks"])
def test_a_missing_file_is_reported(folder, capsys, option):
    del folder
    said = refused(capsys, "my_app:generate", option, "absent.txt", "--audience", "pages")
    assert "absent.txt" in said
    assert said.count("\n") == 1


def test_a_short_secret_is_refused_and_not_repeated(folder, capsys, monkeypatch):
    del folder
    monkeypatch.setenv("COMPONENTSTREAM_JWT_SECRET", "hunter2")
    said = refused(capsys, "my_app:generate", "--audience", "pages")
    assert "The secret has 7 bytes but must have at least 32" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--log", "redis://:hunter2@localhost:6379"),
        ("--log", "rediss://me:hunter2@localhost"),
        ("--log", "redis://localhost?password=hunter2"),
        ("--log", "redis://me:hunter2%40x@localhost"),
        ("--log", "redis://:hunter2/x@localhost"),
        ("--rate-limit-storage", "async+redis://:hunter2@localhost:6379"),
    ],
)
def test_a_password_does_not_belong_on_the_command_line(folder, capsys, option, value):
    del folder
    said = refused(capsys, "my_app:generate", "--no-auth", option, value)
    variable = f"COMPONENTSTREAM_{option[2:].replace('-', '_').upper()}"
    expected = f"Everybody on this machine can read the password in {option}: set {variable} instead."
    assert said == f"componentstream: {expected}\n"


def test_a_password_in_the_environment_is_fine(folder, capsys, monkeypatch):
    del folder
    monkeypatch.setenv("COMPONENTSTREAM_LOG", "redis://:hunter2@localhost:6379")
    assert "The module 'absent_app' is neither" in refused(capsys, "absent_app:generate", "--no-auth")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--log", "postgres://x"], "The URL of a log must be memory:, sqlite:PATH"),
        (["--rate-limit", "often"], "often"),
        (["--log-keep", "99999999999"], "keep must be a number of seconds"),
        (["--lease", "99999999999"], "lease must be at most 31622400 seconds, not 99999999999.0"),
        (["--host", "no.such.host.invalid"], "Cannot listen on port 8000 of no.such.host.invalid"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(folder, capsys, arguments, sentence):
    write(folder, "my_app", APP)
    assert sentence in refused(capsys, "my_app:generate", "--no-auth", *arguments)


@pytest.mark.parametrize("option", [["--audience", "pages"], ["--issuer", "https://a.example"]])
def test_options_about_tokens_are_refused_without_authentication(folder, capsys, option):
    del folder
    said = refused(capsys, "my_app:generate", "--no-auth", *option)
    expected = "--no-auth disables the checks of tokens, so leave out --audience and --issuer with it."
    assert said == f"componentstream: {expected}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["redis://me:hunter2@host"],
        ["my_app:generate", "--port", "redis://:hunter2@host"],
        ["a", "x://:hunter2@"],
    ],
)
def test_a_password_in_a_wrong_place_is_not_repeated(folder, capsys, arguments):
    del folder
    with suppress(SystemExit):  # of argparse
        assert main(["serve", "--no-auth", *arguments]) == 2
    said = capsys.readouterr().err
    assert "hunter2" not in said
    assert "***@" in said


@pytest.mark.parametrize("end", ["sys.exit(3)", "sys.exit()", "raise SystemExit('bye')"])
def test_a_module_that_ends_the_program_when_it_is_imported_is_reported(folder, capsys, end):
    write(folder, "my_app", f"import sys\n{end}\n")
    said = refused(capsys, "my_app:generate", "--no-auth")
    assert said.startswith("componentstream: Importing the module 'my_app' ended the program (sys.exit(")
    assert said.endswith('; put its commands under if __name__ == "__main__".\n')


def test_an_object_that_ends_the_program_when_it_is_read_is_reported(folder):
    write(
        folder, "my_app", "class Lazy:\n    def __getattr__(self, name):\n        exit(3)\n\nlazy = Lazy()\n"
    )
    with pytest.raises(UsageError, match=r"ended the program \(sys\.exit\(3\)\)"):
        module.load("my_app:lazy.generate")


def test_a_log_in_a_missing_folder_is_reported_before_the_server_starts(folder, capsys):
    write(folder, "my_app", APP)
    said = refused(capsys, "my_app:generate", "--no-auth", "--port", "0", "--log", "sqlite:/nonexistent/a.db")
    assert said == (
        "componentstream: The file of --log sqlite:/nonexistent/a.db cannot be used: unable to open database "
        "file. Check its directory and its permissions.\n"
    )


def test_a_log_in_a_file_of_another_kind_is_reported_before_the_server_starts(folder, capsys):
    write(folder, "my_app", APP)
    (folder / "a.db").write_text("This is a letter and not a database." * 100, encoding="utf-8")
    said = refused(capsys, "my_app:generate", "--no-auth", "--port", "0", "--log", "sqlite:a.db")
    assert "The file of --log sqlite:a.db cannot be used: file is not a database." in said
    assert (folder / "a.db").read_text(encoding="utf-8").startswith("This is a letter")


def test_a_log_that_is_only_slow_does_not_keep_the_server_from_starting():
    class SlowLog:
        async def delete(self, _stream):
            raise StoreError("The file of the log did not answer within 1 s.")

    assert asyncio.run(module._check_file(SlowLog(), "sqlite:a.db")) is None


def settings_of(*arguments):
    options = command_line("serve").parse_args(["serve", "my_app:generate", *arguments])
    return module._settings(options, module.server_options(), None)


def plain(settings):
    """The settings but the hook that writes the log, of which no two are the same."""
    assert len(settings.hooks) == 1
    return attrs.evolve(settings, hooks=())


def test_settings_have_their_defaults():
    assert plain(settings_of()) == ServerSettings()


def test_every_option_arrives_in_the_settings():
    arrived = settings_of(
        *("--allowed-origin", "https://a.example", "--allowed-origin", "https://b.example"),
        *("--trusted-proxies", "1", "--rate-limit", "5/second"),
        *("--rate-limit-storage", "async+redis://localhost", "--max-generations", "3"),
        *("--max-generations-per-user", "2", "--generation-timeout", "90", "--chunk-timeout", "none"),
        *("--on-disconnect", "cancel", "--on-store-failure", "fail", "--grace", "9"),
        *("--compress", "--debug", "--near-misses"),
    )
    assert plain(arrived) == ServerSettings(
        allowed_origins=["https://a.example", "https://b.example"],
        trusted_proxies=1,
        rate_limit="5/second",
        rate_limit_storage="async+redis://localhost",
        max_generations=3,
        max_generations_per_user=2,
        timeouts=Timeouts(generation=90.0, chunk=None),
        on_disconnect="cancel",
        on_store_failure="fail",
        shutdown_grace=9.0,
        compress=True,
        debug=True,
        near_misses=True,
    )
    assert settings_of("--rate-limit", "none").rate_limit is None


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_in_good_order_and_is_not_an_error(sign):
    notes = []

    async def work():
        try:
            os.kill(os.getpid(), sign)
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            notes.append("closed")

    before = signal.getsignal(signal.SIGTERM)
    # A shell starts background processes with interrupts ignored.
    interrupts = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        module.run_until_interrupted(work())
    finally:
        signal.signal(signal.SIGINT, interrupts)
    assert notes == ["closed"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_work_may_end_by_itself():
    notes = []

    async def work():
        notes.append("done")

    module.run_until_interrupted(work())
    assert notes == ["done"]


def test_an_exception_of_the_work_is_raised():
    async def work():
        raise ValueError("no")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="no"):
        module.run_until_interrupted(work())
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_secret_in_the_environment_is_used(folder, capsys, monkeypatch):
    del folder
    monkeypatch.setenv("COMPONENTSTREAM_JWT_SECRET", SECRET)
    assert "The module 'absent_app' is neither" in refused(
        capsys, "absent_app:generate", "--audience", "pages"
    )


def test_a_misspelled_variable_is_refused(folder, capsys, monkeypatch):
    del folder
    monkeypatch.setenv("COMPONENTSTREAM_HEARTBEATS", "3")
    assert "did you mean COMPONENTSTREAM_HEARTBEAT?" in refused(capsys, "absent_app:generate", "--no-auth")


def test_logging_configured_by_the_user_is_kept(monkeypatch):
    root, own = logging.getLogger(), logging.getLogger("componentstream")
    monkeypatch.setattr(root, "handlers", [logging.NullHandler()])
    monkeypatch.setattr(own, "level", logging.NOTSET)
    module.set_up_logging()
    assert [type(handler) for handler in root.handlers] == [logging.NullHandler]
    assert own.level == logging.NOTSET
    monkeypatch.setattr(root, "handlers", [])
    module.set_up_logging()
    assert [type(handler) for handler in root.handlers] == [logging.StreamHandler]
    assert own.level == logging.INFO


INTERRUPT = """
import os, signal, threading, time

def interrupt():
    # Before the server listens to signals they may be ignored, as in what a shell runs in the background.
    while getattr(signal.getsignal(signal.SIGINT), "__name__", "") != "handle_exit":
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
"""


def test_it_serves_until_it_is_interrupted(folder, monkeypatch, capfd):
    """Within this process, where the lines that run can be counted."""
    write(folder, "my_app", APP + INTERRUPT)
    monkeypatch.setattr(module, "set_up_logging", lambda: None)
    assert main(["serve", "my_app:generate", "--no-auth", "--port", "0", "--log", "memory:", "--debug"]) == 0
    output = capfd.readouterr()
    assert re.fullmatch(
        r"componentstream serve: http://127\.0\.0\.1:\d+/ \(stop it with Ctrl-C\)\n", output.out
    )
    assert output.err == (
        "componentstream: Debug events are on: clients with the claim debug in their token see the internals "
        "of the parser. Leave it off in production.\n"
    )


def test_the_page_of_the_demo_is_served_too_and_says_how_to_get_its_preview(folder, monkeypatch, capfd):
    bundle = parts.module("componentstream.browser.preview.bundle")
    monkeypatch.setattr(bundle, "source_folder", lambda: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(module, "set_up_logging", lambda: None)
    write(folder, "my_app", APP)
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    found = []

    def visit():
        end = time.monotonic() + WAIT
        while not found and time.monotonic() < end:
            with suppress(httpx2.ConnectError):
                found.append(httpx2.get(f"{url}/demo/demo.json", timeout=WAIT).json())
                found.append(httpx2.post(f"{url}/generate", json={"prompt": "x"}, timeout=WAIT).status_code)
                os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.02)

    visitor = threading.Thread(target=visit)
    visitor.start()
    port = url.rpartition(":")[2]
    assert main(["serve", "my_app:generate", "--no-auth", "--page", "--port", port, "--log", "memory:"]) == 0
    visitor.join(WAIT)
    about, status = found
    assert (about["api"], about["authenticated"], about["preview"]["status"]) == ("../", False, "missing")
    assert status == 200
    assert "python -m componentstream.browser.preview" in capfd.readouterr().err


@contextmanager
def serving(folder, *arguments, **environment):
    """Run the command in a folder; give its process and the URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "componentstream", "serve", "my_app:generate", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=os.environ | {"COMPONENTSTREAM_LOG_CALL_TIMEOUT": str(STORE_WAIT)} | environment,
        text=True,
    )
    try:
        line = process.stdout.readline()
        url = re.fullmatch(r"componentstream serve: (http://127\.0\.0\.1:\d+/) \(stop.*\)\n", line)
        assert url, line + process.communicate()[1]
        yield process, url[1]
    finally:
        process.kill()
        process.communicate()


def bearer(**claims):
    token = jwt.encode(
        {"sub": "ann", "aud": "pages", "exp": int(time.time()) + 60, **claims}, SECRET, "HS256"
    )
    return {"Authorization": f"Bearer {token}"}


def ids(text):
    return [int(number) for number in re.findall(r"^id: (\d+)$", text, re.MULTILINE)]


def test_streams_outlive_the_server_in_the_file_of_the_default_log(folder):
    write(folder, "my_app", APP)
    (folder / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    arguments = ["--jwt-secret-file", "secret.txt", "--audience", "pages"]
    with serving(folder, *arguments) as (process, url):
        assert httpx2.post(f"{url}generate", json={"prompt": "x"}, timeout=WAIT).status_code == 401
        first = httpx2.post(f"{url}generate", json={"prompt": "Grüße"}, headers=bearer(), timeout=WAIT)
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=WAIT)
    assert process.returncode == 0
    assert "Grüße" in first.text or "Gr\\u00fc\\u00dfe" in first.text
    assert ids(first.text) == list(range(1, len(ids(first.text)) + 1))
    assert (folder / "componentstream.db").is_file()
    stream = first.headers["stream-id"]
    assert f"Stream '{stream}' " in output[1]
    assert SECRET not in output[1]
    with serving(folder, "--audience", "pages", COMPONENTSTREAM_JWT_SECRET=SECRET) as (_, url):
        headers = bearer() | {"Last-Event-ID": "2"}
        rest = httpx2.get(f"{url}streams/{stream}", headers=headers, timeout=WAIT)
    assert ids(rest.text) == ids(first.text)[2:]
    assert first.text.endswith(rest.text)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@passed_once
def test_open_streams_are_ended_within_the_grace(folder, sign):
    write(folder, "my_app", APP)
    asked = {"prompt": "x", "project": "long"}
    with serving(folder, "--no-auth", "--grace", "1") as (process, url):
        with httpx2.stream("POST", f"{url}generate", json=asked, timeout=WAIT) as response:
            pieces = response.iter_text()
            text = next(pieces)
            began = time.monotonic()
            process.send_signal(sign)
            text += "".join(pieces)
        process.communicate(timeout=WAIT)
        assert time.monotonic() - began < 4.0
    assert process.returncode == 0
    assert ids(text) == list(range(1, len(ids(text)) + 1))
    assert '"type":"server_stopping"' in text
    assert '{"type":"message_stop","reason":"failed"' in text


def test_a_model_that_fails_is_in_the_log_with_its_traceback(folder):
    write(folder, "my_app", APP)
    with serving(folder, "--no-auth") as (process, url):
        asked = {"prompt": "x", "project": "broken"}
        answer = httpx2.post(f"{url}generate", json=asked, timeout=WAIT)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=WAIT)[1]
    assert "no model" not in answer.text
    assert "RuntimeError: no model" in said
    assert 'my_app.py", line 8, in generate' in said


def test_the_keys_of_a_file_are_used(folder):
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - it comes with PyJWT

    write(folder, "my_app", APP)
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    (folder / "keys.json").write_text(json.dumps({"keys": [{**public, "kid": "one", "use": "sig"}]}))
    claims = {"sub": "ann", "aud": "pages", "iss": "us", "exp": int(time.time()) + 60}
    given = ["--jwks", "keys.json", "--audience", "pages", "--issuer", "us"]
    with serving(folder, *given) as (_, url):
        for issuer, status in (("us", 200), ("them", 401)):
            token = jwt.encode(claims | {"iss": issuer}, key, "RS256", headers={"kid": "one"})
            headers = {"Authorization": f"Bearer {token}"}
            answer = httpx2.post(f"{url}generate", json={"prompt": "x"}, headers=headers, timeout=WAIT)
            assert answer.status_code == status
