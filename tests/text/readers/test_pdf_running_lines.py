"""Heads, footers and numbers of a PDF's pages, and sentences that go over their edges."""

from pathlib import Path
from typing import Any

import pytest

from openbook.text.readers.pdf_running_lines import joined_pages


def filler(page: str) -> list[str]:
    """Lines of a page that no other has."""
    return [
        f"Part {page}{letter} of the pump is made of iron and needs oil." for letter in "abcdefghijklmnopqrst"
    ]


def pages(count: int, *, head: str = "", foot: str = "", own: str = "Fact {}.") -> list[str]:
    """Pages of 20 lines; in head and foot `{}` is the page's number, from 1."""
    made = []
    for number in range(1, count + 1):
        letter = "abcdefghijkl"[number - 1]
        lines = [head.format(number), "", own.format(f"number{letter}"), *filler(letter), "", ""]
        made.append("\n".join([*lines, foot.format(number), ""]))
    return made


def count_of(line: str, text: str) -> int:
    return [" ".join(each.split()) for each in text.split("\n")].count(line)


@pytest.mark.parametrize(
    "line", ["{}", "- {} -", "Page {}", "Seite {} von 12", "{} / 12", "p. {}", "стр. {}", "[{}]"]
)
def test_numbers_of_pages_are_left_out(line: str) -> None:
    for made in (pages(6, head=line), pages(6, foot=line)):
        text = joined_pages(made)
        assert all(count_of(line.format(number), text) == 0 for number in range(1, 7))
        assert all(f"Fact number{letter}." in text for letter in "abcdef")
        assert all(count_of(line, text) == 1 for letter in "abcdef" for line in filler(letter))


@pytest.mark.parametrize(
    "line", ["Acme Pump Manual", "© 2024 Acme Corp. All rights reserved.", "CONFIDENTIAL"]
)
def test_a_head_that_most_pages_have_stands_once(line: str) -> None:
    for made in (pages(5, head=line), pages(5, foot=line)):
        assert count_of(line, joined_pages(["A title page.", *made])) == 1


@pytest.mark.parametrize(
    "line",
    ["Acme Pump Manual {}", "{} Acme Pump Manual", "Manual | {}", "Manual, page {} of 12", "Acme · {} / 12"],
)
def test_a_head_with_the_number_of_its_page_stands_once(line: str) -> None:
    text = joined_pages(pages(6, foot=line))
    assert [count_of(line.format(number), text) for number in range(1, 7)] == [1, 0, 0, 0, 0, 0]


def test_heads_of_left_and_right_pages_may_differ() -> None:
    left, right = pages(10, head="Acme Pump Manual"), pages(10, head="Chapter of valves")
    text = joined_pages([(left, right)[number % 2][number] for number in range(10)])
    assert count_of("Acme Pump Manual", text) == count_of("Chapter of valves", text) == 1


@pytest.mark.parametrize(
    "line",
    ["Question {}", "Chapter {}", "Exam question {}", "Result: negative", "Your invoice number is 47{}1",
     "Yes", "200{}", "| Part | Qty |", "Day {}", "Final exam question {}", "Step {} of the assembly process",
     "Question {} (worth 10 points)", "Sheet \u2013 {}", "P-{}", "P10{}", "12:1{}", "1{}.01.2024",
     "2024-01-1{}", "3.{}", "{}.", "{} %", "-{}", "How satisfied are you?", "Result of the test:"],
)  # fmt: skip
def test_what_only_resembles_a_head_stays(line: str) -> None:
    made = pages(8, head=line)
    text = joined_pages(made)
    assert [count_of(line.format(number), text) for number in range(1, 9)].count(0) == 0
    assert sum(count_of(said, text) for said in {line.format(number) for number in range(1, 9)}) == 8


def test_numbers_that_do_not_rise_with_the_pages_stay() -> None:
    made = [page.replace("TOP", value) for page, value in zip(pages(6, head="TOP"), "735128", strict=True)]
    assert all(count_of(value, joined_pages(made)) == 1 for value in "735128")


def test_numbers_that_are_far_from_the_page_are_left_out_at_the_edge_alone() -> None:
    assert "\n345\n" not in joined_pages(pages(6, head="34{}"))
    invoices = [f"Acme\n{page}" for page in pages(6, head="1002{}")]
    for made in (invoices, pages(6, head="1002{}"), [f"Room\n{page}" for page in pages(6, head="10{}")]):
        assert "".join(joined_pages(made).split("Acme\n")) == "\n".join(made).replace("Acme\n", "")


def test_values_that_most_pages_have_here_and_there_stay() -> None:
    made = pages(9, foot="Paid in full")
    for place in (1, 4, 7):
        made[place] = made[place].replace("Paid in full", "Not paid yet")
    assert joined_pages(made) == "\n".join(made)


def test_a_page_has_one_number() -> None:
    made = [f"{number}\n{page}" for number, page in enumerate(pages(6, foot="Page {}"), start=2)]
    text = joined_pages(made)
    assert [count_of(str(number), text) for number in range(2, 8)] == [1] * 6
    assert "Page" not in text


def test_labels_of_forms_that_are_a_page_each_stay() -> None:
    labels = "Patient name\nDate of birth\nSample number\nBlood group\nName of the doctor\n"
    for made in ([labels + page for page in pages(6)], [page + labels for page in pages(6)]):
        assert joined_pages(made) == "\n".join(made)


def test_a_value_below_its_label_stays() -> None:
    made = [f"Diagnosis:\n{page}" for page in pages(6, head="negative")]
    assert joined_pages(made) == "\n".join(made)


def test_a_long_line_of_numbers_is_read_quickly() -> None:
    made = ["\n".join(["7 " * 100_000] * 6)] * 4
    assert joined_pages(made) == "\n".join(made)


def test_three_pages_and_short_pages_keep_all() -> None:
    made = pages(3, head="Acme Pump Manual", foot="{}")
    assert joined_pages(made) == "\n".join(made)
    short = [f"Acme Pump Manual\nA card.\n{number}\n" for number in range(1, 9)]
    assert joined_pages(short) == "\n".join(short)


def test_lines_in_the_middle_of_pages_stay() -> None:
    made = [
        page.replace("\nPart", "\nAcme Pump Manual\nPart", 9) for page in pages(6, head="Acme Pump Manual")
    ]
    made = [page.replace("\nAcme Pump Manual", "", 8) for page in made]
    assert count_of("Acme Pump Manual", joined_pages(made)) == 1 + 6


def test_a_sentence_that_goes_over_a_page_is_whole() -> None:
    made = pages(4, head="Acme Pump Manual", foot="{}", own="stands still at {}.")
    for number, letter in enumerate("abcd"):
        made[number] = made[number].replace(filler(letter)[-1], f"Turn valve {letter} until the wheel")
    text = joined_pages(made)
    assert "Turn valve a until the wheel\nstands still at numberb.\n" in text
    assert text.count("until the wheel\nstands still at ") == 3


def test_a_paragraph_that_ends_with_its_page_stays_apart() -> None:
    assert joined_pages(["It turns.\n\n", "It is old.\n\n"]) == "It turns.\n\n\nIt is old.\n\n"


def test_a_pdf_is_read_without_its_heads(tmp_path: Path, read_all: Any) -> None:
    pytest.importorskip("markitdown")
    streams = []
    for number, letter in enumerate("abcde", start=1):
        own = [f"valve {letter} stands still.", *filler(letter), f"Turn after {letter} until"]
        lines = ["Acme Pump Manual", *own, str(number)]
        places = ((760 - 14 * place, line) for place, line in enumerate(lines))
        streams.append("".join(f"BT /F1 10 Tf 60 {y} Td ({line}) Tj ET\n" for y, line in places))
    (tmp_path / "a.pdf").write_bytes(pdf_of(streams))
    (document,), errors = read_all(tmp_path / "a.pdf")
    assert errors == []
    assert count_of("Acme Pump Manual", document.text) == 1
    assert all(count_of(str(number), document.text) == 0 for number in range(1, 6))
    assert "Turn after a until\nvalve b stands still." in document.text


def pdf_of(streams: list[str]) -> bytes:
    """A PDF of a page for each stream of what is drawn."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, stream in enumerate(streams):
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    body = "".join(f"{number} 0 obj\n{each}\nendobj\n" for number, each in enumerate(objects, start=1))
    return f"%PDF-1.4\n{body}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\n%%EOF\n".encode()
