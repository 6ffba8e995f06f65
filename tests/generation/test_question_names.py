"""What is taken for a name in a question, and for a mention of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.question_names import names_in, unmentioned, unmentioned_in


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who built the mill of Harrow?", ["Harrow"]),
        ("where does Ada live, and when did Ada move?", ["Ada"]),
        ("Harrow has which mills? Fenwick built one.", []),
        ("NASA has which plan for us?", ["NASA"]),
        ("Do I know what McAdam said?", ["McAdam"]),
        ("What does Kim's 2nd dog eat at Odo\u2019s place?", ["Kim", "2nd", "Odo"]),
        ("Which 10 boats did O'Brien sell in 1923?", ["O'Brien", "1923"]),
        ("what does curl do with a url", []),
        ("WHO BUILT THE MILL OF HARROW?", []),
        ("Who Built The Mill of Harrow?", []),
        ("где живёт Анна Петровна?", ["Анна", "Петровна"]),
        ("She asked: \u201cWho is Odo?\u201d and left the room", ["Odo"]),
        ("", []),
    ],
)
def test_what_is_written_like_a_name(question: str, names: list[str]) -> None:
    assert names_in(question) == names


@pytest.mark.parametrize(
    ("question", "read", "missing"),
    [
        ("who built the mill of Harrow?", ["Odo built the mill of Elder Ford."], ("Harrow",)),
        ("who built the mill of Harrow?", ["Odo built Harrow's mill."], ()),
        ("who built the mill of Harrow?", ["HARROW: a list of mills"], ()),
        ("who built the mill of Har?", ["Harrow's mill"], ("Har",)),
        ("what is the port of Odessa like?", ["In Odessas Hafen liegt ein Schiff."], ()),
        ("кто жил в Одессе до войны?", ["Одесса стоит на море."], ()),
        ("what did the CVE-2024-1234 break in here?", ["CVE 2024 1235"], ("1234",)),
        ("what happened in the year 1923 here?", ["In 1922 and 19230 nothing did."], ("1923",)),
        ("who is the Dubois of Beyonc\u00e9 here?", ["Beyonce\u0301 knows a DuBois"], ()),
        ("where is the wheel of Ada Lovelace now?", ["Ada has it."], ("Lovelace",)),
        ("what do we know of 東京 and of Tokyo Tower?", ["東京 has it"], ("Tokyo", "Tower")),
    ],
)
def test_names_that_nothing_mentions(question: str, read: list[str], missing: tuple[str, ...]) -> None:
    assert unmentioned(question, [(text, "", "") for text in read]) == missing


def test_titles_sources_and_continuations_mention_too() -> None:
    question = "who built the mill of Harrow at Odo Bridge?"
    assert unmentioned(question, [("It is old.", "Odo came.", "Harrow", "notes/bridge.md")]) == ()
    assert unmentioned(question, [("It is old.", "", "", ""), ("Odo", "", "", "")]) == ("Harrow", "Bridge")


def test_heads_mention_too_where_they_were_read() -> None:
    neighbor = CitedNeighbor("a", 0, "The valley", "a.md", "It is old.", "", 1.0, 1.0)
    citations = [Citation(0, 3, [neighbor])]
    question = "how old is the mill of Harrow in the Valley?"
    assert unmentioned_in(question, citations) == ("Harrow",)
    assert unmentioned_in(question, citations, heads=[("The valley", "The mill of Harrow")]) == ()
    assert unmentioned_in(question, [], heads=[("The valley",)]) == ()


def test_where_nothing_was_read_nothing_is_missing() -> None:
    assert unmentioned("who built the mill of Harrow?", []) == ()


@given(st.text(max_size=60), st.text(max_size=60))
@example("\xb8a0:\xb5", "")
def test_what_a_question_says_itself_is_mentioned(question: str, more: str) -> None:
    assert unmentioned(question, [(f"{more} {question}",)]) == ()
    assert set(unmentioned(question, [(more,)])) <= set(names_in(question))
