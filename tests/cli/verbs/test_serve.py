"""The verb `serve`: a process that answers, and that finishes what runs when it is told to end."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest

from command_line import LEXICAL, OpenBook
from fake_judge import judge_not_at_hand
from openbook.database import Database

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(trained_folder: Path, book: Database) -> Iterator[Start]:
    """Start `openbook serve` on a free port, and wait for the line that names its address."""
    processes = []

    def run(*options: str) -> tuple[subprocess.Popen[str], str]:
        words = ["serve", str(trained_folder), str(book.path), "--port", "0", *options]
        process = subprocess.Popen(
            [sys.executable, "-m", "openbook", *words], stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"reads .* at (http://\S+)", line):
                Thread(target=process.stderr.read, daemon=True).start()
                return process, found[1]
        raise AssertionError(f"ended with {process.wait()}")

    yield run
    for process in processes:
        process.kill()
        process.wait()


def test_it_answers_and_finishes_what_runs_at_sigterm(start: Start) -> None:
    process, url = start()
    assert url.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        assert http.get("/v1/models").json()["data"][0]["id"] == "model"
        body = {"model": "model", "prompt": "Number", "max_tokens": 300, "stream": True, "temperature": 0}
        body |= {"logit_bias": {"0": -100}, "min_tokens": 300}
        with http.stream("POST", "/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith("data: ")
            process.send_signal(signal.SIGTERM)
            rest = [line for line in lines if line]
    assert rest[-1] == "data: [DONE]"
    assert '"finish_reason":"length"' in rest[-2]
    assert process.wait(30) in (-signal.SIGTERM, 128 + signal.SIGTERM)


def test_a_key_from_a_file_guards_it_until_ctrl_c_ends_it_as_meant(start: Start, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    process, url = start("--api-key-file", str(tmp_path / "key"), "--name", "mine")
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        assert http.get("/v1/models").status_code == 401
        models = http.get("/v1/models", headers={"Authorization": "Bearer s3cret"}).json()
    assert models["data"][0]["id"] == "mine"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--book", "novels"], "NAME=DB"),
        (["--book", "a=x", "--book", "a=y"], "already"),
        (["--api-key-file", "nowhere"], "nowhere"),
        (["--api-key", "a", "--api-key-file", "b"], "one of them"),
        (["--api-key", " "], "without a key"),
        (["--host", "256.1.1.1"], "--host"),
        (["--allow-host", "https://book.example.com"], "give the name alone"),
    ],
)
def test_what_cannot_be_served_is_said(
    openbook: OpenBook, trained_folder: Path, book: Database, options: list[str], said: str
) -> None:
    result = openbook("serve", trained_folder, book.path, "--port", "0", *options)
    assert result.code == 2
    assert said in result.err


def test_an_address_that_is_taken_is_said_before_the_model_is_loaded(
    openbook: OpenBook, trained_folder: Path, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("openbook.cli.served.load_asked_model", lambda name, **_: loaded.append(name))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = openbook("serve", trained_folder, book.path, "--port", port)
    assert result.code == 2
    assert f"127.0.0.1:{port}: cannot be bound" in result.error
    assert loaded == []


def test_a_book_that_the_model_cannot_read_is_refused_before_it_is_served(
    openbook: OpenBook, trained_folder: Path, texts: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    assert openbook("build", other, texts, *LEXICAL).code == 0
    result = openbook("serve", trained_folder, other, "--port", "0")
    assert result.code == 2
    assert "openbook retokenize" in result.error


@pytest.mark.parametrize("ray", [(), ("--ray", "local")])
def test_a_judge_that_is_not_at_hand_is_told_before_anything_is_started(
    openbook: OpenBook,
    trained_folder: Path,
    book: Database,
    monkeypatch: pytest.MonkeyPatch,
    ray: tuple[str, ...],
) -> None:
    judge_not_at_hand(monkeypatch)
    connected: list[str] = []
    monkeypatch.setattr(
        "openbook.cluster.ray_session.connected", lambda address, **_: connected.append(address)
    )
    result = openbook("serve", trained_folder, book.path, "--port", "0", "--judge", *ray)
    assert result.code == 2
    assert "--judge: encoder: is nowhere; pip install" in result.error
    assert connected == []


def test_a_warning_where_others_reach_it_without_a_key(
    openbook: OpenBook, trained_folder: Path, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbook.serve.server_process.run_server", lambda *_, **__: None)
    result = openbook("serve", trained_folder, book.path, "--port", "0", "--host", "0.0.0.0")
    assert result.code == 0
    assert "--api-key-file" in result.err
