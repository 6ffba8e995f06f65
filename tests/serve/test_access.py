"""Who may ask a server: keys, hosts, origins, sizes, and how long a body may take."""

import json
import socket
from collections.abc import Iterator
from time import sleep

import pytest

from openbook.errors import SettingsError
from openbook.generation.text_request import TextEvent, TextRequest
from openbook.serve.server_settings import ServerSettings
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, telling

KEY = "s3cret-key"


@pytest.fixture
def guarded(make_state: MakeState, serve: Serve) -> Running:
    return serve(make_state(ScriptedEngine(telling("x")), api_key=KEY))


@pytest.fixture
def local(make_state: MakeState, serve: Serve) -> Running:
    return serve(make_state(ScriptedEngine(telling("x"))))


def routes_of(server: Running) -> list[tuple[str, str]]:
    headers = {"Authorization": f"Bearer {KEY}"}
    paths = server.http.get("/openapi.json", headers=headers).json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


def test_a_key_guards_every_route(guarded: Running) -> None:
    hidden = ["/", "/page/main.js", "/page/base.css", "/openapi.json", "/mcp", "/nowhere"]
    asked = [*routes_of(guarded), *(("get", path) for path in hidden), ("head", "/health")]
    found = {path: guarded.http.request(method, path).status_code for method, path in asked}
    assert set(found.values()) == {401}
    assert {"/health", "/metrics", "/v1/search", "/page/about"} <= set(found)


def test_the_right_key_opens(guarded: Running) -> None:
    assert guarded.http.get("/v1/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    assert guarded.http.get("/v1/models", auth=("anybody", KEY)).status_code == 200


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer wrong", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", KEY, "Basic !!", "Bearer é"],
)
def test_a_wrong_key_does_not(guarded: Running, shown: str) -> None:
    answer = guarded.http.get("/v1/models", headers={"Authorization": shown.encode()})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_browser_is_told_to_ask_for_the_key(guarded: Running) -> None:
    answer = guarded.http.get("/", headers={"Accept": "text/html"})
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert "password" in answer.json()["error"]["message"]


def test_another_site_cannot_use_the_key_that_a_browser_holds(guarded: Running) -> None:
    answer = guarded.http.get("/v1/models", auth=("me", KEY), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_the_health_may_be_asked_for_without_a_body(local: Running) -> None:
    answer = local.http.head("/health")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::"])
def test_another_host_name_is_refused_on_this_machine(local: Running, host: str) -> None:
    answer = local.http.get("/v1/models", headers={"Host": host})
    assert answer.status_code in (400, 403)


def test_names_of_this_machine_are_answered(local: Running) -> None:
    for host in ("localhost", f"localhost:{local.port}", "127.0.0.1", "[::1]:9"):
        assert local.http.get("/v1/models", headers={"Host": host}).status_code == 200


def test_a_page_of_another_site_is_refused(local: Running) -> None:
    answer = local.http.get("/v1/models", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert local.http.get("/v1/models", headers={"Origin": local.url}).status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://[::1", "null", "http://localhost.evil.example", "http://["])
def test_an_origin_that_is_no_address_is_refused(local: Running, origin: str) -> None:
    answer = local.http.get("/v1/models", headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "wrong_origin"


def test_a_key_may_hold_any_letters(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("x")), api_key="schlüssel"))
    right, wrong = ({"Authorization": f"Bearer {key}".encode()} for key in ("schlüssel", "schlussel"))
    assert server.http.get("/v1/models", headers=right).status_code == 200
    assert server.http.get("/v1/models", auth=("me", "schlüssel")).status_code == 200
    assert server.http.get("/v1/models", headers=wrong).status_code == 401


def test_a_bound_address_answers_by_any_name(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("x")), host="0.0.0.0"))
    assert server.http.get("/v1/models", headers={"Host": "books.example"}).status_code == 200


def test_a_body_that_is_too_large(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("x")), max_body_bytes=1000))
    body = b" " * 2000
    for content in (body, iter([body[:500]] * 4)):
        answer = server.http.post(
            "/v1/completions", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request_too_large"
        assert "1,000 bytes" in answer.json()["error"]["message"]


def test_an_empty_key_guards_nothing() -> None:
    with pytest.raises(SettingsError, match="without a key"):
        ServerSettings(api_key=" ")


def test_what_is_refused_is_counted(guarded: Running) -> None:
    guarded.http.get("/v1/models")
    text = guarded.http.get("/metrics", headers={"Authorization": f"Bearer {KEY}"}).text
    assert 'status="401"' in text


@pytest.fixture
def behind_proxy(make_state: MakeState, serve: Serve) -> Running:
    hosts = ("Book.Example.com", "other.example.com")
    return serve(make_state(ScriptedEngine(telling("x")), allow_hosts=hosts))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "book.example.com", "BOOK.example.com:8443"])
@pytest.mark.parametrize(
    "origin",
    ["https://book.example.com", "https://book.example.com:8443", "http://other.example.com", None],
)
def test_a_page_behind_a_proxy_may_ask(behind_proxy: Running, host: str, origin: str | None) -> None:
    """Whether the proxy rewrites the host or keeps it."""
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    assert behind_proxy.http.get("/health", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "origin", "code"),
    [
        ("evil.example", None, "wrong_host"),
        ("example.com", None, "wrong_host"),
        ("localhost", "https://evil.example", "wrong_origin"),
        ("localhost", "https://book.example.com.evil.example", "wrong_origin"),
        ("localhost", "https://book.example.com@evil.example", "wrong_origin"),
        ("localhost", "ftp://book.example.com", "wrong_origin"),
        ("localhost", "null", "wrong_origin"),
    ],
)
def test_behind_a_proxy_others_are_still_refused(
    behind_proxy: Running, host: str, origin: str | None, code: str
) -> None:
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    answer = behind_proxy.http.get("/health", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)
    assert "--allow-host" in answer.json()["error"]["message"]


def test_a_bound_address_answers_the_pages_of_its_proxy(make_state: MakeState, serve: Serve) -> None:
    """Which rewrites the host."""
    settings = {"host": "0.0.0.0", "allow_hosts": ("book.example.com",)}
    server = serve(make_state(ScriptedEngine(telling("x")), **settings))
    for origin, status in (("https://book.example.com", 200), ("https://evil.example", 403)):
        assert server.http.get("/health", headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("host", ["", "https://book.example.com", "book.example.com:443", "book.example/x"])
def test_a_host_that_is_more_than_a_name_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="--allow-host"):
        ServerSettings(allow_hosts=(host,))


@pytest.mark.parametrize("route", ["/v1/search", "/v1/documents/upload", "/mcp", "/v1/chat/completions"])
def test_a_body_that_stops_coming_is_given_up(make_state: MakeState, serve: Serve, route: str) -> None:
    settings = {"body_patience": 0.2, "allow_edits": True}
    server = serve(make_state(ScriptedEngine(telling("x")), **settings))
    kind = "multipart/form-data; boundary=b" if route.endswith("upload") else "application/json"
    head = f"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(head.encode() + (b'{"query":' if kind == "application/json" else b"--b\r\n"))
        answer = b""
        while part := client.recv(10_000):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408")
    assert answer.count(b"HTTP/1.1") == 1
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert (error["code"], error["param"]) == ("request_timeout", None)
    assert "0.2 seconds" in error["message"]


def test_a_whole_body_may_wait_for_its_answer(make_state: MakeState, serve: Serve) -> None:
    def slowly(request: TextRequest) -> Iterator[TextEvent]:
        sleep(0.5)
        yield from telling("x")(request)

    server = serve(make_state(ScriptedEngine(slowly), body_patience=0.1))
    assert server.client.completions.create(model="tiny", prompt="a").choices[0].text == "x"
