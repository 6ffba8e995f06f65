"""Responses, by OpenAI's client: text with annotations, at once and event by event."""

from collections.abc import Iterator

from openbook.errors import SettingsError
from openbook.generation.citations import Citation
from openbook.generation.text_request import TextEvent, TextFailure, TextPiece, TextRequest
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, neighbor, telling

GREEN = [Citation(0, 12, [neighbor(1, source="https://gates.example/green")])]


def test_an_answer_with_its_sources(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling("It is", " green.", spans=GREEN))
    server = serve(make_state(engine))
    answer = server.client.responses.create(
        model="tiny", input="What color is the gate?", instructions="Be brief.", max_output_tokens=9
    )
    assert answer.output_text == "It is green."
    (annotation,) = answer.output[0].content[0].annotations
    assert (annotation.type, annotation.url) == ("url_citation", "https://gates.example/green")
    assert (annotation.start_index, annotation.end_index) == (0, 12)
    assert answer.status == "completed"
    assert answer.usage.output_tokens == 2
    assert answer.openbook["citations"][0]["neighbors"][0]["document_id"] == "doc1"
    assert engine.requests[0].max_new_tokens == 9
    prompt = server.state.chat.tokenizer.decode([engine.requests[0].prompt_ids])[0]
    assert prompt.index("Be brief.") < prompt.index("What color")


def test_events_as_openai_names_them(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))
    events = list(server.client.responses.create(model="tiny", input="What color?", stream=True))
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[4].delta + events[5].delta == events[7].text == "It is green."
    assert events[-1].response.output_text == "It is green."
    assert events[-1].response.output[0].content[0].annotations[0].end_index == 12


def test_the_clients_own_helper_reads_the_stream(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))
    with server.client.responses.stream(model="tiny", input="What color?") as stream:
        final = stream.get_final_response()
    assert final.output_text == "It is green."


def test_an_answer_that_is_cut(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("It", reason="length"))))
    answer = server.client.responses.create(model="tiny", input="What color?")
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    *_, last = server.client.responses.create(model="tiny", input="What color?", stream=True)
    assert last.type == "response.incomplete"


def test_an_answer_that_fails_in_its_middle(make_state: MakeState, serve: Serve) -> None:
    def script(request: TextRequest) -> Iterator[TextEvent]:
        yield TextPiece("It", ())
        yield TextFailure(SettingsError("too much"))

    server = serve(make_state(ScriptedEngine(script)))
    *_, last = server.client.responses.create(model="tiny", input="What color?", stream=True)
    assert last.type == "response.failed"
    assert last.response.error.message == "too much"


def test_an_earlier_answer_is_sent_back_as_it_came(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling("It is green.", spans=GREEN))
    server = serve(make_state(engine))
    first = server.client.responses.create(model="tiny", input="What color?")
    history = [{"role": "user", "content": "What color?"}, *[item.model_dump() for item in first.output]]
    server.client.responses.create(
        model="tiny", input=[*history, {"role": "user", "content": [{"type": "input_text", "text": "Sure?"}]}]
    )
    prompt = server.state.chat.tokenizer.decode([engine.requests[1].prompt_ids])[0]
    assert "It is green." in prompt
    assert engine.requests[1].lookup.question == "Sure?"
