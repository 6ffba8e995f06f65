"""The page's files: who gets them, and what a browser may do with them."""

from pathlib import Path

import pytest

import openbook.serve
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, telling

FILES = sorted((Path(openbook.serve.__file__).parent / "page").iterdir())
PATHS = ["/", *(f"/page/{file.name}" for file in FILES)]
KEY = {"Authorization": "Bearer open sesame"}


@pytest.fixture
def server(make_state: MakeState, serve: Serve) -> Running:
    return serve(make_state(ScriptedEngine(telling("")), api_key="open sesame"))


@pytest.mark.parametrize("path", PATHS)
def test_the_files_come_with_the_key_and_under_a_strict_policy(server: Running, path: str) -> None:
    assert server.http.get(path).status_code == 401
    answer = server.http.get(path, headers=KEY)
    assert answer.status_code == 200
    rules = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert rules.pop("default-src") == rules.pop("frame-ancestors") == rules.pop("trusted-types") == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}.get(
        path.rpartition(".")[2], "text/html"
    )
    assert answer.headers["content-type"].split(";")[0] == kind
    assert "://" not in answer.text.replace(
        "http://www.w3.org/2000/svg", ""
    )  # nothing is loaded from elsewhere


def test_a_file_that_has_not_changed_is_not_sent_again(server: Running) -> None:
    etag = server.http.get("/", headers=KEY).headers["etag"]
    assert server.http.get("/", headers={"If-None-Match": etag, **KEY}).status_code == 304
    head = server.http.head("/page/main.js", headers=KEY)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fpage_routes.py", "%2e%2e/app.py", "..\\app.py", "x" * 3000]
)
def test_no_other_file_leaves(server: Running, name: str) -> None:
    answer = server.http.get(f"/page/{name}", headers=KEY)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}


def test_what_is_served_is_told_with_the_key_alone(server: Running) -> None:
    assert server.http.get("/page/about").status_code == 401
    answer = server.http.get("/page/about", headers=KEY)
    about = answer.json()
    assert ".md" in about.pop("kinds")
    assert about == {"model": "tiny", "books": ["fables"], "by_meaning": [], "edits": False}
