"""Malformed requests against the server: no answer is a 500, and every answer is documented.

    python benchmarks/malformed_requests.py --requests 2000 --seed 0

A tiny model of random weights and a book that may be edited are served on a free port of this machine.
schemathesis draws requests from our own OpenAPI document, most of which break it in some way, and checks
status, content type and body of each answer against the document. To these come requests by hand, which no
document can describe: broken JSON, wrong types of body, wrong hosts, and names of routes.
"""

import argparse
import json
import random
import socket
import tempfile
from collections import Counter
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import httpx
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from openbook.database import Database
from openbook.generation.engine import Engine
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.serve.app import make_app
from openbook.serve.books import Books
from openbook.serve.server_process import server_config
from openbook.serve.server_settings import ServerSettings
from openbook.serve.server_state import ServerState
from openbook.text import ChatFormat, Document, train_tokenizer

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_WORDS = [
    "river",
    "stone",
    "copper",
    "orchard",
    "lantern",
    "winter",
    "harbor",
    "engine",
    "violin",
    "marble",
    "thunder",
    "meadow",
]


def served(folder: Path, *, max_tokens: int = 4) -> ServerState:
    """A tiny model and book; texts are short, for most of the time is spent in reading what comes."""
    draws = random.Random(0)
    texts = [" ".join(draws.choices(_WORDS, k=60)) for _ in range(30)]
    tokenizer = train_tokenizer(texts, vocab_size=300)
    book = Database.create(folder / "book", tokenizer=tokenizer, embedder=None, chunk_size=16)
    book.add(Document(id=f"doc{n}", title=f"title {n}", text=text) for n, text in enumerate(texts))
    config = RetroConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        chunk_size=16,
        cca_layers=[2],
        encoder_hidden_size=32,
        encoder_num_layers=1,
        tokenizer_fingerprint=tokenizer.fingerprint,
    )
    model = RetroForCausalLM(config).eval()
    return ServerState(
        model=model,
        model_name="tiny",
        chat=ChatFormat.of(tokenizer),
        engine=Engine(model, tokenizer),
        books=Books(folder / "book"),
        settings=ServerSettings(
            allow_edits=True, max_tokens=max_tokens, default_tokens=max_tokens, max_texts=4
        ),
    )


def start(state: ServerState) -> tuple[uvicorn.Server, str]:
    """Serve on a free port, in a thread."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(make_app(state)))
    Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True).start()
    while not server.started:
        sleep(0.01)
    return server, f"http://127.0.0.1:{bound.getsockname()[1]}"


def free_form(schema: Any, path: str = "") -> list[str]:
    """Places of a document where anything may stand: objects without fields or a type of their values."""
    found = []
    if isinstance(schema, dict):
        is_object = schema.get("type") == "object" and "properties" not in schema
        if is_object and schema.get("additionalProperties", True) in (True, {}):
            found.append(path)
        for name, part in schema.items():
            found += free_form(part, f"{path}/{name}")
    elif isinstance(schema, list):
        for number, part in enumerate(schema):
            found += free_form(part, f"{path}/{number}")
    return found


def generated(url: str, count: int, number: int) -> tuple[Counter[str], list[str]]:
    """Requests drawn from the document, as many of each route; three of four break it."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    statuses: Counter[str] = Counter()
    problems: list[str] = []
    each = -(-count // len(operations))
    for operation in operations:
        for mode, share in ((GenerationMode.NEGATIVE, 0.75), (GenerationMode.POSITIVE, 0.25)):
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                _draw(operation.label, strategy, max(1, round(each * share)), number, statuses, problems)
            except schemathesis.errors.InvalidSchema:
                raise
            except Exception as error:  # a route without parameters has no request that breaks it
                if "NegativeMode" not in type(error).__name__ and "Unsatisfiable" not in type(error).__name__:
                    raise
                strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
                _draw(operation.label, strategy, 1, number, statuses, problems)
    return statuses, problems


def _draw(
    label: str, strategy: Any, count: int, number: int, statuses: Counter[str], problems: list[str]
) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: Any) -> None:
        answer = case.call(timeout=60)
        statuses[str(answer.status_code)] += 1
        try:
            case.validate_response(answer, checks=_CHECKS)
        except Exception as error:
            problems.append(f"{label}: {answer.status_code}: {' '.join(str(error).split())[:300]}")
        except BaseExceptionGroup as group:
            problems.append(f"{label}: {answer.status_code}: {' '.join(map(str, group.exceptions))[:300]}")

    run()


def by_hand(url: str, count: int, number: int) -> tuple[Counter[str], list[str]]:
    """Requests that no document describes."""
    draws = random.Random(number)
    statuses: Counter[str] = Counter()
    problems: list[str] = []
    paths = ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/search"]
    whole = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "prompt": "a"})
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        for _ in range(count):
            body = _broken(draws, whole)
            headers = {"Content-Type": draws.choice(["application/json"] * 4 + ["text/plain", "", "x"])}
            if draws.random() < 0.1:
                headers["Host"] = draws.choice(["evil.example", "[", "", "localhost:99999999"])
            method = draws.choice(["POST"] * 8 + ["PUT", "GET", "DELETE", "PATCH"])
            path = draws.choice([*paths, "/v1/" + draws.choice(["x", "%00", "..%2f", "é", "models/%ff"])])
            answer = http.request(method, path, content=body, headers=headers)
            statuses[str(answer.status_code)] += 1
            is_plain = answer.status_code == 400 and answer.text.startswith("Invalid HTTP request")
            if answer.status_code >= 500 or not (is_plain or answer.is_success or "error" in answer.json()):
                problems.append(f"{method} {path} {body[:80]!r}: {answer.status_code} {answer.text[:200]}")
    return statuses, problems


def _broken(draws: random.Random, whole: str) -> bytes:
    kind = draws.randrange(6)
    if kind == 0:
        return whole[: draws.randrange(len(whole))].encode()
    if kind == 1:
        return bytes(draws.randrange(256) for _ in range(draws.randrange(60)))
    if kind == 2:
        return b"[" * draws.choice([1, 1000, 100_000])
    if kind == 3:
        at = draws.randrange(len(whole))
        return (whole[:at] + draws.choice('{}[]",:\x00\ud7ff0e9') + whole[at:]).encode()
    if kind == 4:
        return draws.choice([b"NaN", b"Infinity", b"9" * 5000, b'"\\ud800"', b"null", b"{}", b"true"])
    return whole.replace('"hello"', draws.choice(['"\\ud800"', "1e999", "{}", "[[]]", "null"])).encode()


def main() -> None:
    """Run, and say what was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(served(Path(folder)))
        free = free_form(httpx.get(f"{url}/openapi.json", trust_env=False).json())
        drawn, problems = generated(url, options.requests * 3 // 4, options.seed)
        made, more = by_hand(url, options.requests - options.requests * 3 // 4, options.seed)
        server.should_exit = True
    print(f"drawn from the document: {drawn.total()}; by hand: {made.total()}")
    print("answers:", ", ".join(f"{status} {n}" for status, n in sorted((drawn + made).items())))
    print(f"problems: {len(problems) + len(more)}; free-form places in the document: {len(free)}")
    for line in [*problems, *more, *free][:40]:
        print(" ", line)


if __name__ == "__main__":
    main()
