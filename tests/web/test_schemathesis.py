"""All operations of /openapi.json, with requests made from it, right and wrong ones."""

import pytest

from tests import parts
from tests.listening import serving
from tests.web.running import Model, by_name, token_of

schemathesis = parts.module("schemathesis")
hypothesis = parts.module("hypothesis")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402 - it needs what is asked for above
from hypothesis.internal.conjecture import providers  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402

from componentstream.server import ServerSettings, create_app  # noqa: E402
from componentstream.server.http.openapi import document  # noqa: E402
from tests.timing import WAIT  # noqa: E402

OPERATIONS = [
    ("/generate", "POST"),
    ("/streams/{stream}", "GET"),
    ("/streams/{stream}", "DELETE"),
    ("/streams/{stream}/tickets", "POST"),
    ("/health", "GET"),
    ("/metrics", "GET"),
]
"""All but that of the description itself, which Schemathesis leaves out."""

OF_A_STREAM = [operation for operation in OPERATIONS if "{stream}" in operation[0]]
WITH_WRONG_ONES = [operation for operation in OPERATIONS if operation[0] not in ("/health", "/metrics")]
BOUNDED = settings(
    max_examples=40,
    # The same requests in every run.
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SETTINGS = ServerSettings(rate_limit=None, max_generations_per_user=1000, authenticate=by_name)
MINE = token_of("me")
CONFIG = {
    "checks": {
        # 401 for tickets that are made up, 404 for streams that are, 422 for a key that was used before.
        "positive_data_acceptance": {"expected-statuses": [200, 201, 202, 204, 401, 404, 422]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 404, 405, 413, 415]},
        # DELETE stops a stream, and what was written of it can still be read.
        "use_after_free": {"enabled": False},
    }
}
EVENTS = 9
"""Every stream of the model has as many events, or more."""


@pytest.fixture(autouse=True)
def _constants(monkeypatch):
    """Keep the constants of our modules out of the requests: which are loaded depends on the tests run."""
    monkeypatch.setattr(providers, "_get_local_constants", providers.Constants)
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", type(providers.CONSTANTS_CACHE)(1024))


@pytest.fixture(scope="module")
def url():
    with serving(create_app(Model(), SETTINGS)) as url:
        yield url.rstrip("/")


@pytest.fixture(scope="module")
def schema(url):
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)


def name_an_event_that_is_there(case):
    """Change the id of the last event, which the description cannot bound, to one that the stream has."""
    for place, name in ((case.headers, "Last-Event-ID"), (case.query, "after")):
        if place and str(place.get(name)).isdecimal():
            place[name] = str(int(place[name]) % EVENTS)


def check_all(schema, url, operation, mode, **fixed):
    """Send requests of one operation, and check each answer against the description; return the statuses."""
    path, method = operation
    statuses = []

    @BOUNDED
    @given(case=schema[path][method].as_strategy(generation_mode=mode, **fixed))
    def check(case):
        if mode is GenerationMode.POSITIVE:
            name_an_event_that_is_there(case)
        response = case.call_and_validate(base_url=url, headers=MINE, timeout=WAIT)
        assert response.status_code < 500
        statuses.append(response.status_code)

    check()
    return set(statuses)


def a_stream(schema, url):
    case = schema["/generate"]["POST"].Case(body={"prompt": "x"}, media_type="application/json")
    return case.call(base_url=url, headers=MINE).headers["stream-id"][0]


def test_the_description_is_that_of_the_settings(schema):
    raw = dict(schema.raw_schema)
    assert raw.pop("servers") == [{"url": "/"}]
    assert raw == document(authenticated=True, max_body_bytes=SETTINGS.max_body_bytes)
    found = [operation.ok() for operation in schema.get_all_operations()]
    assert {(operation.path, operation.method.upper()) for operation in found} == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_right_requests_are_answered_as_described(schema, url, operation):
    statuses = check_all(schema, url, operation, GenerationMode.POSITIVE)
    assert statuses <= {200, 202, 401, 404, 422}


@pytest.mark.parametrize("operation", WITH_WRONG_ONES, ids=" ".join)
def test_wrong_requests_are_refused_as_described(schema, url, operation):
    statuses = check_all(schema, url, operation, GenerationMode.NEGATIVE)
    assert statuses & {400, 404, 405, 413, 415}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OF_A_STREAM, ids=" ".join)
def test_requests_for_a_stream_that_is_there_are_answered_as_described(schema, url, operation, mode):
    fixed = {"path_parameters": {"stream": a_stream(schema, url)}}
    statuses = check_all(schema, url, operation, mode, **fixed)
    if mode is GenerationMode.POSITIVE:
        assert statuses & {200, 201, 204}


def test_requests_that_follow_from_others_are_answered_as_described(schema, url):
    called = set()

    class Workflow(schema.as_state_machine()):
        def get_call_kwargs(self, case):
            called.add((case.path, case.method))
            return {"headers": MINE, "timeout": 20}

        def call(self, case, **kwargs):
            name_an_event_that_is_there(case)
            return case.call(base_url=url, **kwargs)

    Workflow.run(settings=settings(BOUNDED, max_examples=15, stateful_step_count=6))
    assert set(OF_A_STREAM) <= called


@pytest.mark.parametrize("operation", OPERATIONS[:4], ids=" ".join)
def test_nobody_gets_in_without_a_token(schema, url, operation):
    path, method = operation

    @BOUNDED
    @given(case=schema[path][method].as_strategy())
    def check(case):
        case.headers.pop("Authorization", None)
        case.query.pop("ticket", None)
        assert case.call(base_url=url, timeout=WAIT).status_code == 401

    check()
