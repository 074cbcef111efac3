import ast
import json
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import pytest

from tests import parts

parts.module("starlette")
validator = parts.module("openapi_spec_validator")
jsonschema = parts.module("jsonschema")

import componentstream  # noqa: E402 - it needs what is asked for above
from componentstream import (  # noqa: E402
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    TextBlock,
    UsageEvent,
    stream,
)
from componentstream.core.codes import CODES  # noqa: E402
from componentstream.core.events import MessageStopReason, StopReason  # noqa: E402
from componentstream.server.http.openapi import document  # noqa: E402
from componentstream.wire import SSEEncoder  # noqa: E402

RESPONSE_CODES = {code for code, record in CODES.items() if record.status is not None}
SOURCE = Path(componentstream.__file__).parent
ROUTES = {
    ("/generate", "post"),
    ("/streams/{stream}", "get"),
    ("/streams/{stream}", "delete"),
    ("/streams/{stream}/tickets", "post"),
    ("/health", "get"),
    ("/metrics", "get"),
    ("/openapi.json", "get"),
}
EXAMPLES = [
    ContentBlockStart(0, ComponentBlock("Hero", "header", {"a": "b"}, None)),
    ContentBlockStart(2, ComponentBlock("Card", "main", {}, 1)),
    ContentBlockStart(1, TextBlock()),
    ContentBlockDelta(0, "<h1>"),
    ContentBlockStop(0, "end", 12),
    ErrorEvent("producer_lost", "Gone.", fatal=True, retryable=True),
    ErrorEvent("unclosed_component", "Open.", line=3, index=0),
    StatusEvent("progress", 0.5, 1, 1, 12),
    MessageStop("complete", {"chunks": 1}),
    MessageStop("failed"),
    DebugEvent({"state": "streaming"}),
    ReasoningEvent("So"),
    UsageEvent(1, 2, 0),
    UsageEvent(),
    FindingEvent(Finding("a", "b", "c", "d", 1, 2, (3, 4))),
    FindingEvent(Finding("a", "b", "c")),
]
ANSWER = ["Hi\n/// START Hero position=nowhere\n", "<h1>\n/// END Hero\n/// START Lost a=b\nx"]


def operations(described):
    return {
        (path, method): operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def codes_of(response):
    schema = response["content"]["application/json"]["schema"]
    return schema["allOf"][1]["properties"]["error"]["properties"]["type"]["enum"]


def refusals(described):
    return {
        (key, status): codes_of(response)
        for key, operation in operations(described).items()
        for status, response in operation["responses"].items()
        if "allOf" in json.dumps(response)
    }


def check_event(event):
    schema = {**document(authenticated=True), "$ref": "#/components/schemas/Event"}
    jsonschema.Draft202012Validator(schema).validate(event)


@pytest.mark.parametrize("authenticated", [True, False])
@pytest.mark.parametrize("metrics", [True, False])
def test_it_is_valid_and_json(authenticated, metrics):
    described = document(authenticated=authenticated, metrics=metrics)
    validator.validate(described, cls=validator.OpenAPIV31SpecValidator)
    assert json.loads(json.dumps(described)) == described


def test_all_routes_are_there():
    assert operations(document(authenticated=True)).keys() == ROUTES
    without = operations(document(authenticated=True, metrics=False))
    assert without.keys() == ROUTES - {("/metrics", "get")}


def test_every_code_is_registered_with_the_status_of_its_response():
    described = refusals(document(authenticated=True))
    for (_, status), named in described.items():
        assert [CODES[code].status for code in named] == [int(status)] * len(named)


def test_every_code_that_a_response_can_consist_of_is_described():
    named = {code for codes in refusals(document(authenticated=True)).values() for code in codes}
    of_no_route = {"not_found", "method_not_allowed", "misdirected_request"}
    assert named | of_no_route == RESPONSE_CODES
    assert named & of_no_route == set()


def test_the_end_of_a_stream_that_a_key_names_is_described():
    described = refusals(document(authenticated=True))
    assert described[("/generate", "post"), "404"] == ["stream_unknown"]
    assert described[("/generate", "post"), "410"] == ["events_trimmed"]


def test_every_refusal_of_the_server_is_described():
    raised = set()
    for path in (SOURCE / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            if called == "RefusedRequestError" and len(node.args) > 1:
                raised |= {value.attr.lower() for value in [node.args[1]] if isinstance(value, ast.Attribute)}
    assert len(raised) > 10
    assert raised <= RESPONSE_CODES


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_every_event_has_its_schema(event):
    check_event(event.to_dict())


def test_all_kinds_of_events_are_described():
    described = document(authenticated=False)["components"]["schemas"]["Event"]
    kinds = {kind.type for kind in Event.__args__}
    assert described["discriminator"]["mapping"].keys() == kinds
    assert len(described["oneOf"]) == len(kinds)
    assert {type(event) for event in EXAMPLES} == set(Event.__args__)


def test_every_event_of_a_stream_matches_its_schema():
    events = list(stream(ANSWER))
    assert {"error", "status", "message_stop"} <= {event.type for event in events}
    for event in events:
        check_event(event.to_dict())


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_that_lacks_something_is_not_as_described(event):
    whole = event.to_dict()
    for name in whole:
        lacking = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(jsonschema.ValidationError):
            check_event(lacking)


def test_an_additional_field_is_valid():
    check_event({**ErrorEvent("a", "b").to_dict(), "later": 1})


def test_with_authentication_operations_require_a_token():
    described = document(authenticated=True)
    assert described["components"]["securitySchemes"].keys() == {"bearer", "ticket"}
    needed = {key: operation.get("security") for key, operation in operations(described).items()}
    assert needed[("/streams/{stream}", "get")] == [{"bearer": []}, {"ticket": []}]
    assert needed[("/generate", "post")] == [{"bearer": []}]
    assert needed[("/health", "get")] is None
    assert ("unauthorized" in str(described)) is True


def test_without_authentication_the_document_has_no_security():
    text = json.dumps(document(authenticated=False))
    assert "security" not in text
    assert "unauthorized" not in text
    assert "token_in_query" not in text


@pytest.mark.parametrize(("settings", "longest"), [({}, 65_523), ({"max_body_bytes": 1000}, 987)])
def test_the_lengths_are_those_of_the_settings(settings, longest):
    schema = document(authenticated=False, **settings)["components"]["schemas"]["GenerationRequest"]
    assert {text["maxLength"] for text in schema["properties"].values()} == {longest}
    limit = settings.get("max_body_bytes", 65_536)
    assert len(json.dumps({"prompt": "x" * longest}, separators=(",", ":"))) == limit
    assert schema["description"] == f"At most {limit} bytes of JSON in UTF-8."


def test_the_shortest_length_is_1():
    small = document(authenticated=False, max_body_bytes=1)["components"]["schemas"]["GenerationRequest"]
    assert small["properties"]["prompt"]["maxLength"] == 1


def test_the_file_is_the_document_of_a_server_with_the_default_settings():
    file = json.loads((SOURCE / "server" / "http" / "openapi.json").read_text(encoding="utf-8"))
    assert document(authenticated=True) == file
    assert file["info"]["version"] == version("componentstream")


def test_the_file_has_the_reasons_phases_and_media_type_of_the_code():
    described = document(authenticated=True)
    schemas = described["components"]["schemas"]
    assert schemas["ContentBlockStop"]["properties"]["reason"]["enum"] == [*get_args(StopReason)]
    assert schemas["MessageStop"]["properties"]["reason"]["enum"] == [*get_args(MessageStopReason)]
    assert schemas["StatusEvent"]["properties"]["phase"]["enum"] == [
        "started",
        "thinking",
        "progress",
        "finishing",
    ]
    for key in (("/generate", "post"), ("/streams/{stream}", "get")):
        assert operations(described)[key]["responses"]["200"]["content"].keys() == {SSEEncoder().media_type}


def test_each_call_returns_a_document_of_its_own():
    document(authenticated=True)["paths"].clear()
    assert document(authenticated=True)["paths"]


def test_a_started_stream_links_to_its_operations():
    described = operations(document(authenticated=True))
    for status in ("200", "202"):
        links = described[("/generate", "post")]["responses"][status]["links"]
        assert [link["$ref"] for link in links.values()] == [f"#/components/links/{name}" for name in links]
        assert links.keys() == {"resume", "stop", "ticket"}
    named = document(authenticated=True)["components"]["links"]
    assert {link["operationId"] for link in named.values()} == {"resume", "stop", "ticket"}
    assert {"resume", "stop", "ticket"} < {operation["operationId"] for operation in described.values()}


def test_retryable_responses_have_retry_after():
    for (_, status), codes in refusals(document(authenticated=True)).items():
        assert codes == sorted(set(codes))
        assert status.isdecimal()
    for operation in operations(document(authenticated=True)).values():
        for status, response in operation["responses"].items():
            if status in ("429", "503") and "allOf" in json.dumps(response):
                assert "Retry-After" in response["headers"]
