"""LangChain's ChatOpenAI: streams with their sources, by both of its interfaces."""

import pytest
from langchain_openai import ChatOpenAI

from openbook.generation.citations import Citation
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, neighbor, telling

GREEN = [Citation(0, 12, [neighbor(1, source="https://gates.example/green")])]


@pytest.fixture
def server(make_state: MakeState, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setenv("no_proxy", "*")
    return serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))


def chat(server: Running, **options: object) -> ChatOpenAI:
    return ChatOpenAI(model="tiny", base_url=f"{server.url}/v1", api_key="none", max_retries=0, **options)  # type: ignore[arg-type]


def test_an_answer(server: Running) -> None:
    answer = chat(server).invoke("What color is the gate?")
    assert answer.content == "It is green."
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 2


def test_a_stream_with_footnotes_in_its_text(server: Running) -> None:
    model = chat(server, extra_body={"openbook": {"footnotes": True}})
    chunks = list(model.stream("What color is the gate?"))
    text = "".join(str(chunk.content) for chunk in chunks)
    assert text == "It is green.[^1]\n\n[^1]: [title 1](<https://gates.example/green>)"
    assert any(chunk.response_metadata.get("finish_reason") == "stop" for chunk in chunks)


def test_a_stream_of_responses_with_annotations(server: Running) -> None:
    whole = None
    for chunk in chat(server, use_responses_api=True).stream("What color is the gate?"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert whole.text == "It is green."
    blocks = [block for block in whole.content_blocks if block.get("annotations")]
    urls = {mark.get("url") for block in blocks for mark in block["annotations"]}
    assert urls == {"https://gates.example/green"}
