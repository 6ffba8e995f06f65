"""What is served, whether it is, what was counted; vectors of the book's encoder, the model's tokens."""

from pathlib import Path

import numpy as np
import openai
import pytest

from fakes import use_fake_encoder
from openbook.database import Database
from openbook.generation.citations import Citation
from openbook.serve.books import Books
from openbook.text import Document
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, neighbor, telling


@pytest.fixture
def server(make_state: MakeState, serve: Serve) -> Running:
    return serve(
        make_state(ScriptedEngine(telling("It is", " green.", spans=[Citation(0, 12, [neighbor()])])))
    )


def test_models(server: Running) -> None:
    assert [model.id for model in server.client.models.list()] == ["tiny"]
    assert server.client.models.retrieve("tiny").object == "model"
    with pytest.raises(openai.NotFoundError):
        server.client.models.retrieve("other")


def test_health(server: Running) -> None:
    assert server.http.get("/health").json()["status"] == "ok"


def test_a_server_that_can_write_nothing_more_is_not_healthy(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling("It is."))
    engine.is_alive = False
    answer = serve(make_state(engine)).http.get("/health")
    assert answer.status_code == 503
    assert "start the server again" in answer.json()["error"]["message"]


def test_metrics(server: Running) -> None:
    said = [{"role": "user", "content": "What color?"}]
    server.client.chat.completions.create(model="tiny", messages=said)
    server.http.get("/nowhere/1")
    server.http.get("/nowhere/2")
    text = server.http.get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    chat = 'openbook_requests_total{method="POST",route="/v1/chat/completions",status="200"}'
    assert lines[chat] == "1.0"
    assert lines['openbook_requests_total{method="GET",route="other",status="404"}'] == "2.0"
    assert lines["openbook_lookups_total"] == "1.0"
    assert lines['openbook_tokens_total{kind="completion"}'] == "2.0"
    assert lines["openbook_seconds_to_first_token_count"] == "1.0"
    assert lines["openbook_texts_running"] == lines["openbook_texts_waiting"] == "0.0"


def test_tokens(server: Running) -> None:
    found = server.http.post("/v1/tokenize", json={"prompt": "a river"}).json()
    tokenizer = server.state.chat.tokenizer
    assert found["tokens"] == tokenizer.encode(["a river"])[0]
    assert found["count"] == len(found["tokens"]) == len(found["token_strs"])
    said = {"messages": [{"role": "user", "content": "a river"}]}
    asked = server.http.post("/v1/tokenize", json=said).json()["tokens"]
    assert tokenizer.decode([asked])[0] == "Question: a river\nAnswer:"
    for wrong in ({}, said | {"prompt": "both"}):
        assert server.http.post("/v1/tokenize", json=wrong).status_code == 400


@pytest.fixture
def dense(tmp_path: Path, fables: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book with vectors, by an encoder that needs no weights."""
    use_fake_encoder(monkeypatch)
    tokenizer = Database.open(fables).opened.tokenizer
    database = Database.create(tmp_path / "dense", tokenizer=tokenizer, embedder="fake", chunk_size=16)
    database.add([Document(id="a", text="A river runs through the valley.")])
    return tmp_path / "dense"


def test_embeddings(make_state: MakeState, serve: Serve, fables: Path, dense: Path) -> None:
    server = serve(make_state(ScriptedEngine(telling()), books=Books(fables, {"dense": dense})))
    book = {"openbook": {"book": "dense"}}
    texts = ["a river", "a gate"]
    found = server.client.embeddings.create(model="fake", input=texts, extra_body=book)
    wanted = server.state.books.get("dense").newest().embedder.encode(texts)
    assert np.allclose([item.embedding for item in found.data], wanted, atol=1e-6)
    plain = server.client.embeddings.create(
        model="fake", input="a gate", encoding_format="float", extra_body=book
    )
    assert np.allclose(plain.data[0].embedding, wanted[1], atol=1e-6)
    body = {"model": "tiny", "input": "a gate"} | book
    for wrong in ({"dimensions": 3}, {"input": [5, 6]}, {"input": []}, {"input": " "}):
        assert server.http.post("/v1/embeddings", json=body | wrong).status_code == 400


def test_a_book_without_vectors_says_so(server: Running) -> None:
    answer = server.http.post("/v1/embeddings", json={"model": "tiny", "input": "a gate"})
    assert answer.status_code == 400
    assert "--embedder none" in answer.json()["error"]["message"]
