"""The deployment of the examples, run unchanged: two workers behind nginx, with their streams in Redis."""

import hashlib
import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from componentstream import ContentBlockDelta, parse
from componentstream.demo.recording import RECORDING, read_recording
from componentstream.wire import SSEDecoder
from tests import parts
from tests.timing import WAIT, passed_once

DEPLOY = Path(__file__).parents[2] / "examples" / "deploy"
ROOT = DEPLOY.parents[1]
ENOUGH = 12
"""Ids after which a client disconnects, long before the end."""


class Deployment:
    """The processes that ``run.sh`` has started."""

    def __init__(self, directory, ports):
        self.directory = directory
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports['PORT']}"

    def worker_url(self, number):
        return f"http://127.0.0.1:{self.ports[f'WORKER_{number}_PORT']}"

    def bearer(self, subject="ann"):
        secret = (self.directory / "jwt_secret").read_text()
        claims = {"sub": subject, "aud": "componentstream-example", "exp": int(time.time()) + 600}
        return {"Authorization": f"Bearer {parts.module('jwt').encode(claims, secret, 'HS256')}"}

    def is_producing(self, number):
        """Return whether a worker has a generation; there may be at most one."""
        metrics = parts.module("httpx2").get(f"{self.worker_url(number)}/metrics", timeout=WAIT).text
        return re.search(r"^componentstream_open_streams (.+)$", metrics, re.MULTILINE)[1] == "1.0"

    def kill(self, number):
        os.kill(int((self.directory / f"worker-{number}.pid").read_text()), signal.SIGKILL)


def free_ports(names):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}
    for one in sockets:
        one.close()
    return ports


@contextmanager
def deployed(directory, **environment):
    """Run the deployment until it is no longer needed; give it when both workers answer.

    All that it has started must be gone when it has ended.
    """
    for name in ("nginx", "redis-server"):
        parts.program(name)
    for name in ("uvicorn", "redis", "httpx2", "jwt"):
        parts.module(name)
    ports = free_ports(["PORT", "REDIS_PORT", "WORKER_1_PORT", "WORKER_2_PORT"])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
    variables = {
        "PATH": path,
        "DEPLOY_DIR": str(directory),
        **{name: str(port) for name, port in ports.items()},
    }
    process = subprocess.Popen([DEPLOY / "run.sh"], env=os.environ | variables | environment)
    try:
        deployment = Deployment(directory, ports)
        # nginx would leave alone who does not answer yet.
        for url in (deployment.worker_url(1), deployment.worker_url(2), deployment.url):
            wait_for(url, process)
        yield deployment
    finally:
        pids = [int(path.read_text()) for path in directory.glob("*.pid")]
        process.terminate()
        status = process.wait(WAIT)
    assert status == 0
    assert len(pids) == 4
    assert [pid for pid in pids if is_running(pid)] == []


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(url, process):
    httpx2 = parts.module("httpx2")
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            if httpx2.get(f"{url}/health", timeout=WAIT).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    with deployed(tmp_path_factory.mktemp("deploy"), RATE="4") as deployment:
        yield deployment


def read(response, enough=None):
    """Return the received bytes, up to the end or a number of ids."""
    text = b""
    for piece in response.iter_raw():
        text += piece
        if enough is not None and text.count(b"\nid: ") >= enough:
            break
    return text[: text.rindex(b"\n\n") + 2]


def ids(text):
    return [int(number) for number in re.findall(rb"^id: (\d+)$", text, re.MULTILINE)]


def digest(text):
    """Return a hash of all text in the events of a stream, with the numbers of its blocks."""
    return digest_of(event for event in SSEDecoder().feed(text) if isinstance(event, ContentBlockDelta))


def digest_of(deltas):
    blocks = {}
    for delta in deltas:
        blocks[delta.index] = blocks.get(delta.index, "") + delta.text
    return hashlib.sha256(json.dumps(sorted(blocks.items())).encode()).hexdigest()


@passed_once
def test_a_disconnected_client_resumes_at_any_worker_and_receives_every_event_once(tmp_path):
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    with deployed(folder, RATE="4") as deployment:
        httpx2 = parts.module("httpx2")
        headers = deployment.bearer()
        asked = {"json": {"prompt": "a page"}, "headers": headers, "timeout": WAIT}
        with httpx2.stream("POST", f"{deployment.url}/generate", **asked) as response:
            stream = f"/streams/{response.headers['stream-id']}"
            first = read(response, ENOUGH)
        [producer] = [number for number in (1, 2) if deployment.is_producing(number)]
        other = 3 - producer

        last = {"Last-Event-ID": str(ids(first)[-1])}
        asked = {"headers": headers | last, "timeout": WAIT}
        with httpx2.stream("GET", f"{deployment.worker_url(other)}{stream}", **asked) as response:
            second = read(response, ENOUGH)

        deployment.kill(other)
        last = {"Last-Event-ID": str(ids(second)[-1])}
        asked = {"headers": headers | last, "timeout": WAIT}
        with httpx2.stream("GET", f"{deployment.url}{stream}", **asked) as response:
            assert deployment.is_producing(producer)
            third = read(response)

        whole = first + second + third
        assert ids(whole) == list(range(1, len(ids(whole)) + 1))
        assert min(len(ids(part)) for part in (first, second, third)) >= ENOUGH
        events = list(parse(chunk.text for chunk in read_recording(RECORDING)))
        assert digest(whole) == digest_of(event for event in events if isinstance(event, ContentBlockDelta))
        assert SSEDecoder().feed(whole)[-1].reason == "complete"
        assert httpx2.get(f"{deployment.url}{stream}", **asked).content == third


def test_a_client_that_repeats_a_request_at_another_worker_gets_the_same_stream(deployment):
    httpx2 = parts.module("httpx2")
    headers = deployment.bearer() | {"Idempotency-Key": "once", "Prefer": "respond-async"}
    answers = [
        httpx2.post(f"{url}/generate", json={"prompt": "x"}, headers=headers, timeout=WAIT)
        for url in (deployment.worker_url(1), deployment.worker_url(2), deployment.url)
    ]
    assert [answer.status_code for answer in answers] == [202] * 3
    [stream] = {answer.json()["stream"] for answer in answers}
    for number in (1, 2):
        url = f"{deployment.worker_url(number)}/streams/{stream}"
        assert httpx2.delete(url, headers=deployment.bearer(), timeout=WAIT).status_code == 204


def get_raw(url, path):
    """Request a path literally, as client libraries would not; return the status."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=WAIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/streams/../metrics", "/metrics?x=1"]
)
def test_the_metrics_are_not_reachable_through_nginx(deployment, path):
    assert get_raw(deployment.url, path) == 403
    assert get_raw(deployment.worker_url(1), "/metrics") == 200


def test_the_logs_do_not_contain_tickets_or_tokens(deployment):
    httpx2 = parts.module("httpx2")
    headers = deployment.bearer("eve")
    httpx2.get(f"{deployment.url}/streams/s-1?ticket=sesame-street", headers=headers, timeout=WAIT)
    httpx2.get(f"{deployment.url}/streams/s-2?token=sesame-street", headers=headers, timeout=WAIT)
    end = time.monotonic() + WAIT
    while "GET /streams/s-2 " not in (deployment.directory / "access.log").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    logs = {path.name: path.read_text() for path in deployment.directory.glob("*.log")}
    assert {"access.log", "nginx.log", "worker-1.log", "worker-2.log"} <= logs.keys()
    secrets = ("sesame-street", headers["Authorization"].split()[1])
    assert [name for name, text in logs.items() if any(secret in text for secret in secrets)] == []


def test_a_body_that_is_too_long_is_refused_by_the_worker_with_its_error(deployment):
    httpx2 = parts.module("httpx2")
    headers = deployment.bearer()
    answers = [
        httpx2.post(f"{deployment.url}/generate", json={"prompt": "x" * size}, headers=headers, timeout=WAIT)
        for size in (70_000, 200_000)
    ]
    assert [answer.status_code for answer in answers] == [413, 413]
    assert answers[0].json()["error"]["type"] == "request_too_large"


def test_a_forged_address_does_not_evade_the_rate_limit_that_both_workers_share(tmp_path):
    httpx2 = parts.module("httpx2")
    with deployed(tmp_path, COMPONENTSTREAM_NO_AUTH="1", COMPONENTSTREAM_RATE_LIMIT="4/hour") as deployment:
        statuses, workers = [], set()
        for number in range(6):
            headers = {"X-Forwarded-For": f"192.0.2.{number}", "Prefer": "respond-async"}
            answer = httpx2.post(
                f"{deployment.url}/generate", json={"prompt": "x"}, headers=headers, timeout=WAIT
            )
            statuses.append(answer.status_code)
        workers = set(re.findall(r"POST /generate .* 127\.0\.0\.1:(\d+) ", log_of(deployment, "POST", 6)))
    assert statuses == [202] * 4 + [429] * 2
    assert answer.json()["error"]["type"] == "rate_limited"
    assert len(workers) == 2


def log_of(deployment, method, count):
    """Return the access log when it has `count` lines of a method."""
    end = time.monotonic() + WAIT
    while (text := (deployment.directory / "access.log").read_text()).count(f" {method} ") < count:
        assert time.monotonic() < end
        time.sleep(0.02)
    return text


def commands_of_the_script():
    """Return the commands of run.sh by the name of their program, without ports and folders."""
    text = (DEPLOY / "run.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [shlex.split(line) for line in text.splitlines() if re.match(r"\s*start ", line)]
    commands = [line[2:] for line in lines]
    assert [command[0] for command in commands] == ["componentstream", "redis-server", "nginx"]
    return {command[0]: placeless(command) for command in commands}


def placeless(command):
    """Remove ports and folders from a command, and name addresses as compose.yaml does."""
    kept, words = [], iter(command)
    for word in words:
        if word in ("--host", "--port", "--bind", "--dir", "-p", "-c"):
            next(words)
        else:
            kept.append(word.replace("127.0.0.1:$redis_port", "redis:6379"))
    return kept


def compose():
    return parts.module("yaml").safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def test_the_containers_run_the_commands_of_the_script():
    services = compose()["services"]
    assert sorted(services) == ["nginx", "redis", "worker-1", "worker-2"]
    assert services["worker-1"] == services["worker-2"]
    assert {
        service["command"][0]: placeless(service["command"]) for service in services.values()
    } == commands_of_the_script()
    script = (DEPLOY / "run.sh").read_text(encoding="utf-8")
    environment = services["worker-1"]["environment"]
    assert [name for name in environment if f"export {name}=" not in script] == []
    assert f"export COMPONENTSTREAM_AUDIENCE={environment['COMPONENTSTREAM_AUDIENCE']}\n" in script


def test_the_containers_find_each_other_and_their_files():
    services = compose()["services"]
    conf = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    command = services["worker-1"]["command"]
    port = command[command.index("--port") + 1]
    assert re.findall(r"^ +server (\S+) ", conf, re.MULTILINE) == [f"worker-1:{port}", f"worker-2:{port}"]
    assert services["nginx"]["ports"] == [f"{re.search('listen ([0-9]+);', conf)[1]}:8080"]
    assert services["nginx"]["volumes"] == ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
    assert compose()["secrets"] == {"jwt_secret": {"file": "./jwt_secret"}}
    build = services["worker-1"]["build"]
    context = (DEPLOY / build["context"]).resolve()
    assert context == ROOT
    dockerfile = (context / build["dockerfile"]).read_text(encoding="utf-8")
    copied = [
        word for words in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for word in words.split()
    ]
    assert "examples/deploy/worker.py" in copied
    assert [name for name in copied if not (context / name).exists()] == []
    ignored = (context / f"{build['dockerfile']}.dockerignore").read_text(encoding="utf-8")
    assert ignored.startswith("*\n")
    assert sorted(re.findall("^!(.+)$", ignored, re.MULTILINE)) == sorted(copied)


def test_every_image_has_a_version():
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall("^FROM (.+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(images) == 5
    assert [image for image in images if not re.fullmatch(r"[a-z-]+:[0-9]+\.[0-9]+[0-9a-z.-]*", image)] == []
