"""A parameter is honored or refused by its name; errors have OpenAI's shape."""

from types import SimpleNamespace
from typing import Any, cast

import httpx
import openai
import pytest

from openbook.database import DocumentFilter
from openbook.errors import EngineBusyError
from openbook.generation.text_request import TextRequest
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, telling

HELLO = [{"role": "user", "content": "What color is the gate?"}]
CHAT = {"model": "tiny", "messages": HELLO}
PROMPT = {"model": "tiny", "prompt": "Down"}
INPUT = {"model": "tiny", "input": "What color is the gate?"}
ROUTES = {"chat/completions": CHAT, "completions": PROMPT, "responses": INPUT}


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(telling("Green."))


@pytest.fixture
def server(make_state: MakeState, serve: Serve, engine: ScriptedEngine) -> Running:
    return serve(make_state(engine))


def post(server: Running, route: str, body: Any) -> httpx.Response:
    return server.http.post(f"/v1/{route}", json=body)


def refused(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize(
    ("route", "parameter", "value"),
    [
        ("chat/completions", "tools", [{"type": "function", "function": {"name": "f"}}]),
        ("chat/completions", "tool_choice", "required"),
        ("chat/completions", "functions", [{"name": "f"}]),
        ("chat/completions", "response_format", {"type": "json_object"}),
        ("chat/completions", "frequency_penalty", "high"),
        ("chat/completions", "modalities", ["audio"]),
        ("chat/completions", "store", True),
        ("chat/completions", "n", 0),
        ("chat/completions", "n", 10**6),
        ("chat/completions", "temperature", 3),
        ("chat/completions", "temperature", "0.5"),
        ("chat/completions", "top_p", 0),
        ("chat/completions", "max_tokens", 0),
        ("chat/completions", "max_tokens", 10**9),
        ("chat/completions", "top_logprobs", 3),
        ("chat/completions", "stream_options", {"include_usage": True}),
        ("chat/completions", "web_search_options", {}),
        ("chat/completions", "stop", [""]),
        ("chat/completions", "stop", "x" * 1001),
        ("chat/completions", "messages", []),
        ("completions", "best_of", 3),
        ("completions", "suffix", "end"),
        ("completions", "logprobs", 50),
        ("completions", "max_tokens", 0),
        ("completions", "prompt", ""),
        ("responses", "tools", [{"type": "web_search"}]),
        ("responses", "previous_response_id", "resp-1"),
        ("responses", "store", True),
        ("responses", "background", True),
        ("responses", "include", ["message.output_text.logprobs"]),
        ("responses", "truncation", "auto"),
    ],
)
def test_what_cannot_be_honored_is_refused(
    server: Running, route: str, parameter: str, value: object
) -> None:
    error = refused(post(server, route, ROUTES[route] | {parameter: value}))
    assert parameter in error["message"] or parameter == "prompt"
    assert error["param"].startswith(parameter)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"book": "nowhere"}, "openbook.book"),
        ({"mode": "dense"}, "openbook.mode"),
        ({"filter": {"titles": ["nothing is called so"]}}, "openbook.filter"),
    ],
)
def test_what_the_book_cannot_do_is_named_too(
    server: Running, route: str, options: dict[str, Any], param: str
) -> None:
    answer = post(server, route, ROUTES[route] | {"openbook": options})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["param"] == param


def test_what_is_asked_and_how_long_is_named_too(server: Running) -> None:
    system = [{"role": "system", "content": "Be brief."}]
    for route, body, param in (
        ("chat/completions", {"messages": system}, "messages"),
        ("responses", {"input": system}, "input"),
        ("chat/completions", {"min_tokens": 9, "max_tokens": 5}, "min_tokens"),
        ("completions", {"min_tokens": 9, "max_tokens": 5}, "min_tokens"),
        ("completions", {"prompt": ["text", ""]}, "prompt"),
    ):
        error = refused(post(server, route, ROUTES[route] | body))
        assert (error["param"], error["code"]) == (param, "invalid_value")


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_parameter_is_named_with_the_nearest_known(server: Running, route: str) -> None:
    error = refused(post(server, route, ROUTES[route] | {"temprature": 1}))
    assert error["code"] == "unknown_parameter"
    assert error["param"] == "temprature"
    assert "'temperature'" in error["message"]


def test_an_unknown_parameter_of_ours(server: Running) -> None:
    error = refused(post(server, "chat/completions", CHAT | {"openbook": {"foot_notes": True}}))
    assert error["param"] == "openbook.foot_notes"
    assert "'footnotes'" in error["message"]


def test_parts_that_are_not_text_are_refused_where_they_stand(server: Running) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    said = [{"role": "user", "content": [{"type": "text", "text": "See:"}, picture]}]
    error = refused(post(server, "chat/completions", CHAT | {"messages": said}))
    assert error["param"] == "messages.0.content.1.type"
    assert "text alone" in error["message"]


@pytest.mark.parametrize(
    ("route", "body", "param", "said"),
    [
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": None}]},
            "messages.0.content",
            "string",
        ),
        ("responses", {"input": [{"role": "user", "content": 5}]}, "input.0.content", "string"),
        ("responses", {"input": []}, "input", "at least 1 item"),
        ("completions", {"stop": [""]}, "stop.0", "at least 1 character"),
        ("completions", {"prompt": []}, "prompt", "at least 1 item"),
        ("completions", {"prompt": ["a", 5]}, "prompt.1", "a text, texts, tokens"),
    ],
)
def test_a_value_of_several_types_is_refused_as_what_it_is(
    server: Running, route: str, body: dict[str, Any], param: str, said: str
) -> None:
    error = refused(post(server, route, ROUTES[route] | body))
    assert error["param"] == param
    assert said in error["message"]


def test_what_is_said_of_an_address_is_short(server: Running) -> None:
    assert len(refused(server.http.get("/v1/" + "a" * 9000), 404)["message"]) < 400


def test_a_missing_parameter_is_named(server: Running) -> None:
    error = refused(post(server, "chat/completions", {"messages": HELLO}))
    assert (error["param"], error["code"]) == ("model", "missing_required_parameter")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"nonsense",
        b'{"model": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_request(server: Running, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused(server.http.post("/v1/chat/completions", content=body, headers=headers))


def test_half_a_character_is_refused(server: Running) -> None:
    body = b'{"model": "tiny", "messages": [{"role": "user", "content": "a \\ud800 b"}]}'
    headers = {"Content-Type": "application/json"}
    refused(server.http.post("/v1/chat/completions", content=body, headers=headers))


def test_what_is_not_sent_as_json_is_refused(server: Running) -> None:
    """Pages of other sites can send forms and plain text to this machine, but no JSON."""
    answer = server.http.post("/v1/chat/completions", content=b"{}", headers={"Content-Type": "text/plain"})
    assert "application/json" in refused(answer, 415)["message"]


def test_fields_that_mean_nothing_here_are_accepted(server: Running) -> None:
    idle = {"user": "me", "metadata": {"a": "b"}, "store": False, "parallel_tool_calls": True, "tools": []}
    assert post(server, "chat/completions", CHAT | idle | {"stop": None, "n": None}).status_code == 200
    assert post(server, "responses", INPUT | idle).status_code == 200


def test_names_of_speakers_are_accepted_and_not_put_to_the_model(
    server: Running, engine: ScriptedEngine
) -> None:
    for message in (HELLO[0], HELLO[0] | {"name": "ada"}):
        assert post(server, "chat/completions", CHAT | {"messages": [message]}).status_code == 200
    first, second = engine.requests
    assert first.prompt_ids == second.prompt_ids


def test_the_numbers_of_a_request_reach_the_engine(server: Running, engine: ScriptedEngine) -> None:
    body = {"temperature": 0.5, "top_p": 0.9, "top_k": 7, "seed": 3, "stop": ["\n\n", "Q:"], "logprobs": True}
    for name in ("max_tokens", "max_completion_tokens"):
        engine.requests.clear()
        body_here = CHAT | body | {name: 11, "top_logprobs": 2, "openbook": {"k": 1, "mode": "bm25"}}
        body_here["openbook"]["filter"] = {"sources": ["*"]}
        assert post(server, "chat/completions", body_here).status_code == 200
        (request,) = engine.requests
        assert request.max_new_tokens == 11
        sampling = request.sampling
        assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.5, 0.9, 7)
        assert (request.seed, request.num_logprobs) == (3, 2)
        assert set(request.stop) >= {"\n\n", "Q:"}
        assert (request.lookup.k, request.lookup.mode) == (1, "bm25")
        assert request.lookup.documents == DocumentFilter(sources=["*"], for_others=True)
        assert request.lookup.question == "What color is the gate?"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("options", "drawn", "param"),
    [
        ({"stride": 17}, {}, "stride"),
        ({"look_ahead": 16}, {}, "look_ahead"),
        ({"look_ahead": 4, "stride": 4}, {}, "look_ahead"),
        ({"look_ahead": -1}, {}, "look_ahead"),
        ({"look_ahead": 3, "retrieval": False}, {}, "look_ahead"),
        ({"drafts": True}, {"temperature": 0.5}, "drafts"),
        ({"drafts": True, "retrieval": False}, {"temperature": 0}, "drafts"),
        ({"drafts": 1}, {"temperature": 0}, "drafts"),
        ({"influence": True, "retrieval": False}, {}, "influence"),
        ({"influence": "yes"}, {}, "influence"),
    ],
)
def test_what_is_read_in_no_such_way_is_refused(
    server: Running, route: str, options: dict[str, Any], drawn: dict[str, Any], param: str
) -> None:
    error = refused(post(server, route, ROUTES[route] | drawn | {"openbook": options}))
    assert error["param"] == f"openbook.{param}"
    assert error["code"] == "invalid_value"
    assert f"openbook.{param}" in error["message"]


@pytest.mark.parametrize("route", ROUTES)
def test_how_things_are_read_reaches_the_engine(server: Running, engine: ScriptedEngine, route: str) -> None:
    options = {"stride": 8, "look_ahead": 3, "drafts": True, "influence": True}
    body = ROUTES[route] | {"temperature": 0, "openbook": options}
    assert post(server, route, body).status_code == 200
    (request,) = engine.requests
    assert (request.lookup.stride, request.lookup.look_ahead) == (8, 3)
    assert request.drafts
    assert request.influence


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("options", [{"by": "section"}, {"bring_head": True}, {"bring_head": False}])
def test_what_a_question_is_looked_up_by_is_for_those_who_ask_one(
    server: Running, engine: ScriptedEngine, route: str, options: dict[str, Any]
) -> None:
    answer = post(server, route, ROUTES[route] | {"openbook": options})
    if route == "completions":
        assert refused(answer)["param"] == f"openbook.{next(iter(options))}"
        return
    assert answer.status_code == 200
    (request,) = engine.requests
    assert request.lookup.by == options.get("by")
    assert request.lookup.bring_head is options.get("bring_head", False)


def test_retrieval_can_be_switched_off(server: Running, engine: ScriptedEngine) -> None:
    answer = post(server, "chat/completions", CHAT | {"openbook": {"retrieval": False}}).json()
    assert engine.requests[0].lookup is None
    assert answer["openbook"]["citations"] == []
    assert answer["openbook"]["book"] is None


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_model(server: Running, route: str) -> None:
    error = refused(post(server, route, ROUTES[route] | {"model": "gpt-4"}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "'tiny'" in error["message"]


def test_an_unknown_book(server: Running) -> None:
    error = refused(post(server, "chat/completions", CHAT | {"openbook": {"book": "novels"}}), 404)
    assert "'fables'" in error["message"]


def test_an_unknown_route_and_method(server: Running) -> None:
    assert refused(server.http.get("/v1/engines"), 404)["code"] == "unknown_url"
    assert refused(server.http.get("/v1/chat/completions"), 405)["code"] == "method_not_allowed"


def test_a_prompt_longer_than_the_context(server: Running) -> None:
    error = refused(post(server, "completions", {"model": "tiny", "prompt": [5] * 20_000}))
    assert error["code"] == "context_length_exceeded"


@pytest.mark.parametrize("token", ["5x", "-1", "99999999"])
def test_a_bias_of_no_token_is_refused_by_its_name(server: Running, token: str) -> None:
    error = refused(post(server, "chat/completions", CHAT | {"logit_bias": {token: 1}}))
    assert error["param"] == "logit_bias"
    assert token in error["message"]


def test_a_base_has_the_context_that_it_was_made_for(make_state: MakeState) -> None:
    """Its rotary positions would turn on beyond, into what it has never seen."""
    state = make_state(ScriptedEngine(telling("x")))
    config = SimpleNamespace(model_type="retrofit", max_position_embeddings=40, chunk_size=8)
    model = SimpleNamespace(config=config, max_positions=None, longest_alike=None, reads_itself=True)
    state.model = cast(Any, model)
    assert (state.context, state.context_with(2)) == (40, 40)


def test_a_full_queue_says_when_to_come_again(make_state: MakeState, serve: Serve) -> None:
    def busy(*_: object) -> Any:
        raise EngineBusyError("64 texts wait")

    engine = ScriptedEngine(telling("x"))
    engine.submit = busy  # type: ignore[method-assign]
    server = serve(make_state(engine))
    answer = post(server, "chat/completions", CHAT | {"stream": True})
    assert refused(answer, 429)["code"] == "rate_limit_exceeded"
    assert int(answer.headers["retry-after"]) > 0
    with pytest.raises(openai.RateLimitError):
        server.client.chat.completions.create(**CHAT)


def test_a_fault_of_ours_tells_nothing_of_itself(make_state: MakeState, serve: Serve) -> None:
    def broken(request: TextRequest) -> Any:
        raise ZeroDivisionError("secret of the inside")

    engine = ScriptedEngine(telling("x"))
    engine.submit = lambda request, on_event: broken(request)  # type: ignore[method-assign]
    answer = post(serve(make_state(engine)), "chat/completions", CHAT)
    refused(answer, 500)
    assert "secret" not in answer.text
