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
        ("What does the AP-41 pump weigh?", ["AP-41"]),
        ("Is it true of the AP-41's motor and of F-16s?", ["AP-41", "F-16s"]),
        ("what is the price of part P-0007, CVE-2024-1234?", ["P-0007", "CVE-2024-1234"]),
        (
            "what does ANSI B16.5 say of the PROD-EU-041-like GPT-3.5.",
            ["ANSI", "B16.5", "PROD-EU-041", "GPT-3.5"],
        ),
        ("what is new in Python 3.12, in v2.4.0 and in 2.4.0.", ["Python", "3.12", "v2.4.0", "2.4.0"]),
        ("where do 12,500 people eat 3.5 or 3,5 kg?", ["12,500"]),
        (
            "which post-AP-41 pump did Jean-Luc sell to Rolls-Royce?",
            ["AP-41", "Jean", "Luc", "Rolls", "Royce"],
        ),
        (
            "what did the 21-year-old of the mid-1923 A1-A4 and US-UK do in 1914-1918?",
            ["1923", "A1", "A4", "US", "UK", "1914", "1918"],
        ),
        ("what was it on 5.4.2024 in the Falcon-9?", ["2024", "Falcon"]),
        ("what is at 1.10.2.2024 here?", ["1.10.2.2024"]),
        ("what does \u00e9AP-41 mean here?", ["\u00e9AP"]),
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
        ("what did the CVE-2024-1234 break in here?", ["CVE 2024 1235"], ("CVE-2024-1234",)),
        ("what happened in the year 1923 here?", ["In 1922 and 19230 nothing did."], ("1923",)),
        ("who is the Dubois of Beyonc\u00e9 here?", ["Beyonce\u0301 knows a DuBois"], ()),
        ("where is the wheel of Ada Lovelace now?", ["Ada has it."], ("Lovelace",)),
        ("what do we know of 東京 and of Tokyo Tower?", ["東京 has it"], ("Tokyo", "Tower")),
    ],
)
def test_names_that_nothing_mentions(question: str, read: list[str], missing: tuple[str, ...]) -> None:
    assert unmentioned(question, [(text, "", "") for text in read]) == missing


@pytest.mark.parametrize(
    ("name", "mentions", "others"),
    [
        (
            "AP-41",
            [
                "AP-41.",
                "(AP 41)",
                "AP\u201141",
                "AP\u201341",
                "ap41",
                "AP_41/b",
                "AP-\n  41",
                "AP\n41",
                "two AP-41s",
                "AP-41's",
                "AP-41-B",
                "\uff21\uff30\uff0d\uff14\uff11",
                "\u30dd\u30f3\u30d7AP-41\u306f61kg",
            ],
            ["AP-40, and 41 pumps", "AP-411", "AP-41b", "LAP-41", "of AP. 41 pumps", "AP, 41", "AP-4 1"],
        ),
        (
            "CVE-2024-1234",
            ["cve-2024-1234", "CVE 2024-1234", "CVE-2024-\n1234", "CVE 2024 1234"],
            ["a CVE of 2024 with 1234", "CVE-2024-12345", "CVE-20241234"],
        ),
        ("P-0007", ["P0007", "p-0007,"], ["part P-0003 and 0007"]),
        ("B16.5", ["ASME B16.5.", "B 16.5", "B16.5-2020"], ["B16.50", "B16 and 5", "B16. 5 of them", "B165"]),
        (
            "3.12",
            ["in 3.12.", "python3.12", "v3.12", "3,12", "3.12.1", "3.12kg"],
            ["3.11", "3.120", "13.12", "3, 12", "312"],
        ),
        (
            "2.4.0",
            ["v2.4.0", "V2.4.0,", "release-2-4-0.md", "2.4.0rc1"],
            ["2.4.1", "2.4", "12.4.0", "2.4. 0"],
        ),
        ("v2.4.0", ["2.4.0", "version 2.4.0."], ["2.4.1", "v2"]),
        ("12,500", ["12,500", "12500", "12.500", "12 500"], ["2,500", "500", "112,500"]),
        ("F-16s", ["an F-16.", "F 16"], ["F-18s"]),
        ("SHA256", ["SHA-256", "sha 256"], ["SHA-1 of 256"]),
        ("1923", ["1923\u5e74"], ["19230"]),
    ],
)
def test_what_has_digits_is_mentioned_as_a_whole(name: str, mentions: list[str], others: list[str]) -> None:
    question = f"what do we know of {name}?"
    assert names_in(question) == [name]
    assert [text for text in mentions if unmentioned(question, [(text,)])] == []
    assert [text for text in others if not unmentioned(question, [(text,)])] == []


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
