"""The OpenAPI document: nothing in it is free-form, and no request breaks what it promises."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from openbook.serve.app import make_app
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, telling

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
WRITTEN_BY = ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/tokenize"]


@pytest.fixture
def document(make_state: MakeState) -> dict[str, Any]:
    return make_app(make_state(ScriptedEngine(telling("x")))).openapi()


def test_every_request_names_its_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path in WRITTEN_BY:
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        assert schemas[name]["additionalProperties"] is False


def test_nothing_is_free_form(document: dict[str, Any]) -> None:
    found = []

    def walk(schema: Any, path: str) -> None:
        if isinstance(schema, dict):
            is_open = schema.get("type") == "object" and "properties" not in schema
            if is_open and schema.get("additionalProperties", True) in (True, {}):
                found.append(path)
            for name, part in schema.items():
                walk(part, f"{path}/{name}")
        elif isinstance(schema, list):
            for number, part in enumerate(schema):
                walk(part, f"{path}/{number}")

    walk(document, "")
    assert found == []


def test_the_frameworks_own_errors_are_not_promised(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "422" not in operation["responses"]
            refused = operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"]
            assert refused.endswith("/ErrorBody")


@pytest.mark.parametrize("path", WRITTEN_BY)
@pytest.mark.parametrize("mode", [GenerationMode.NEGATIVE, GenerationMode.POSITIVE])
def test_requests_that_break_it_are_answered_as_it_says(
    make_state: MakeState, serve: Serve, path: str, mode: GenerationMode
) -> None:
    """`benchmarks/malformed_requests.py` sends many more."""
    server = serve(make_state(ScriptedEngine(telling("x"))))
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")

    @seed(0)
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path]["POST"].as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        case.validate_response(case.call(timeout=60), checks=CHECKS)

    answered()
