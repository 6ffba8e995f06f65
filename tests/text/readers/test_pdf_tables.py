"""Tables with rules in PDF files, and pages of two columns beside pages that look like forms."""

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("markitdown")

_LEFT, _RIGHT = 60, 320
_WORDS = ["the", "mill", "stands", "by", "the", "river", "and", "turns"]


def pdf(*streams: str) -> bytes:
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


def words(x: float, y: float, text: str) -> str:
    return f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET\n"


def table(rows: list[str], *, left: int, top: int, widths: tuple[int, ...], has_rules: bool = True) -> str:
    """Rows whose cells are separated by `|`, 20 points high."""
    edges = [left + sum(widths[:number]) for number in range(len(widths) + 1)]
    drawn = "".join(
        words(edges[column] + 4, top - 20 * number - 14, cell)
        for number, row in enumerate(rows)
        for column, cell in enumerate(row.split("|"))
        if cell
    )
    bottom = top - 20 * len(rows)
    across = [(edges[0], top - 20 * n, edges[-1], top - 20 * n) for n in range(len(rows) + 1)]
    down = [(edge, top, edge, bottom) for edge in edges]
    lines = "".join(f"{a} {b} m {c} {d} l S\n" for a, b, c, d in (*across, *down))
    return drawn + (lines if has_rules else "")


def columns(first: int, last: int, *, bottom: int = 400) -> str:
    """Lines in two columns, with numbers in the order in which they are read."""
    lines = [f"line {number} {' '.join(_WORDS)}" for number in range(first, last)]
    half = len(lines) // 2
    places = [(x, 700 - 12 * number) for x in (_LEFT, _RIGHT) for number in range(half)]
    assert min(y for _, y in places) > bottom
    return "".join(words(x, y, line) for (x, y), line in zip(places, lines, strict=True))


def read(tmp_path: Path, read_all: Any, content: bytes) -> str:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    (document,), errors = read_all(path)
    assert errors == []
    return str(document.text)


def numbers(text: str) -> list[int]:
    return [int(line.split()[1]) for line in text.split("\n") if line.startswith("line ")]


_ROWS = ["Part|Qty|Price", "Bolt M8|3|1.50", "Nut M8||0.20", "Washer|10|0.05"]
_MARKDOWN = "| Part | Qty | Price |\n| --- | --- | --- |\n| Bolt M8 | 3 | 1.50 |\n| Nut M8 |  | 0.20 |\n"


def test_a_table_with_rules_keeps_its_rows_where_it_stands(tmp_path: Path, read_all: Any) -> None:
    above = "".join(words(60, 720 - 12 * n, f"{n}. {' '.join(_WORDS * 3)}"[:95]) for n in range(14))
    below = "".join(words(60, 300 - 12 * n, f"below {n} {' '.join(_WORDS * 3)}"[:95]) for n in range(8))
    text = read(tmp_path, read_all, pdf(above + table(_ROWS, left=60, top=540, widths=(90, 40, 60)) + below))
    assert _MARKDOWN in text
    assert text.index("13. the mill") < text.index("| Part") < text.index("below 0")
    assert text.count("Bolt") == 1


def test_a_table_in_a_column_stands_in_the_text_of_that_column(tmp_path: Path, read_all: Any) -> None:
    content = columns(0, 40) + table(_ROWS, left=_RIGHT, top=440, widths=(90, 40, 60))
    text = read(tmp_path, read_all, pdf(content))
    assert numbers(text) == list(range(40))
    assert _MARKDOWN in text and text.index("line 39") < text.index("| Part")


def test_columns_are_read_one_after_the_other_beside_pages_with_tables(tmp_path: Path, read_all: Any) -> None:
    form = table(_ROWS, left=60, top=700, widths=(160, 120, 120), has_rules=False)
    text = read(tmp_path, read_all, pdf(columns(0, 40), form, columns(40, 80)))
    assert numbers(text) == list(range(80))
    assert text.index("line 39") < text.index("Bolt M8") < text.index("line 40")


@pytest.mark.parametrize("rows", [["a frame"], ["one|two"], ["one", "two"]])
def test_frames_are_no_tables(tmp_path: Path, read_all: Any, rows: list[str]) -> None:
    widths = (90,) * (rows[0].count("|") + 1)
    text = read(tmp_path, read_all, pdf(table(rows, left=60, top=700, widths=widths)))
    assert "|" not in text
    assert set(text.split()) == set(" ".join(rows).replace("|", " ").split())


def test_columns_of_a_page_between_rules_are_no_table(tmp_path: Path, read_all: Any) -> None:
    frame = "50 710 m 560 710 l S\n50 380 m 560 380 l S\n50 545 m 560 545 l S\n" + "".join(
        f"{x} 710 m {x} 380 l S\n" for x in (50, 305, 560)
    )
    text = read(tmp_path, read_all, pdf(columns(0, 50, bottom=380) + frame))
    assert "|" not in text
    assert numbers(text) == list(range(50))


def test_text_that_runs_over_the_edge_of_its_cell_stays_whole(tmp_path: Path, read_all: Any) -> None:
    rows = ["Part|Mark", "A very long name that overflows into|X", "Bolt|Y", "Nut|Z"]
    text = read(tmp_path, read_all, pdf(table(rows, left=60, top=700, widths=(80, 70))))
    assert "A very long name that overflows into" in text


def test_a_letter_in_a_box_is_no_table(tmp_path: Path, read_all: Any) -> None:
    letter = "".join(words(64, 500 - 12 * n, f"{n}. {' '.join(_WORDS * 2)}") for n in range(12))
    frame = "60 520 m 60 340 l S\n460 520 m 460 340 l S\n60 340 m 460 340 l S\n260 520 m 260 560 l S\n"
    head = table(["From|Ann", "To|Ben", "On|Friday"], left=60, top=580, widths=(200, 200))
    text = read(tmp_path, read_all, pdf(head + letter + frame))
    assert "|" not in text
    assert "From" in text and "11. the mill" in text


def test_what_stands_between_the_cells_of_a_table_is_kept(tmp_path: Path, read_all: Any) -> None:
    rows = ["Part|Qty", "Bolt|3", "Nut|4"]
    holes = "60 640 m 60 620 l S\n200 640 m 200 600 l S\n60 620 m 200 620 l S\n200 600 m 290 600 l S\n" + (
        "290 640 m 290 600 l S\n"
    )
    content = table(rows, left=60, top=700, widths=(140, 90)) + holes + words(64, 606, "Outside")
    assert "Outside" in read(tmp_path, read_all, pdf(content))


def in_gaps(content: str) -> str:
    """What is drawn with gaps in the place of spaces, as TeX sets words."""
    return re.sub(r"\((.*?)\) Tj", lambda found: f"[({found[1].replace(' ', ') -400 (')})] TJ", content)


def test_words_that_only_gaps_divide_are_no_cells(tmp_path: Path, read_all: Any) -> None:
    """A list of short lines, whose words stand below each other, looks like a form to the converter."""
    lines = [
        f"{word} item {number} has {word} and {word} beside what {word} there"
        for number, word in enumerate(_WORDS * 3)
    ]
    items = "".join(words(60, 700 - 12 * n, line) for n, line in enumerate(lines))
    text = read(tmp_path, read_all, pdf(in_gaps(columns(0, 40)), in_gaps(items)))
    assert "|" not in text
    assert numbers(text) == list(range(40))
    assert all(line in text for line in lines)


def test_rows_of_single_words_are_still_a_table(tmp_path: Path, read_all: Any) -> None:
    rows = ["Part|Quantity|Price", *(f"Bolt{chr(97 + n)}|{n}|{n}.50" for n in range(26))]
    pages = [table(rows, left=60, top=740, widths=(160, 120, 120), has_rules=False)] * 3
    text = read(tmp_path, read_all, pdf(*pages))
    assert re.search(r"\| Boltc +\| 2 +\| 2\.50 +\|", text)


def test_words_in_a_form_that_only_gaps_divide_stay_apart(tmp_path: Path, read_all: Any) -> None:
    """As pages that a program puts into another file."""
    lines = [f"line {number} {' '.join(_WORDS)}" for number in range(20)]
    form = in_gaps("".join(words(60, 700 - 14 * n, line) for n, line in enumerate(lines))).encode()
    raw = pdf("/X Do\n").replace(b"/Resources << ", b"/Resources << /XObject << /X 6 0 R >> ")
    head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Length %d >>" % len(form)
    raw = raw.replace(b"trailer", b"6 0 obj\n%s\nstream\n%s\nendstream\nendobj\ntrailer" % (head, form))
    text = read(tmp_path, read_all, raw.replace(b"/Size 6", b"/Size 7"))
    assert text.split("\n") == lines


def test_tables_of_words_that_only_gaps_divide_are_found(tmp_path: Path, read_all: Any) -> None:
    content = in_gaps(columns(0, 40) + table(_ROWS, left=_RIGHT, top=440, widths=(90, 40, 60)))
    text = read(tmp_path, read_all, pdf(content))
    assert _MARKDOWN in text and text.index("line 39") < text.index("| Part")


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_a_table_in_a_form_that_a_page_shows_is_found(tmp_path: Path, read_all: Any, depth: int) -> None:
    """Some programs draw each page as a form, or put one form around another."""
    forms = [table(_ROWS, left=60, top=700, widths=(90, 40, 60)), *("/X Do\n",) * (depth - 1)]
    raw = pdf(words(60, 740, "Prices") + "/X Do\n")
    count = raw.count(b" obj\n")
    shown = b"/Resources << /XObject << /X %d 0 R >> /Font << /F1 3 0 R >> >> >>"
    raw = raw.replace(b"/Resources << /Font << /F1 3 0 R >> >> >>", shown % (count + depth))
    made = b""
    for number, form in enumerate(forms, start=count + 1):
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Length %d " % len(form)
        made += b"%d 0 obj\n%s%s\nstream\n%s\nendstream\nendobj\n" % (
            number, head, shown % (number - 1), form.encode(),
        )  # fmt: skip
    raw = raw.replace(b"trailer", made + b"trailer").replace(b"/Size", b"/Was")
    assert _MARKDOWN in read(tmp_path, read_all, raw.replace(b"/Was", b"/Size"))


def test_a_table_is_found_whose_rules_are_one_form_that_is_shown_often(tmp_path: Path, read_all: Any) -> None:
    cells = table(_ROWS, left=60, top=700, widths=(90, 40, 60), has_rules=False)
    across = "".join(f"q 190 0 0 1 60 {700 - 20 * n} cm /X Do Q\n" for n in range(5))
    down = "".join(f"q 0 80 -1 0 {x} 620 cm /X Do Q\n" for x in (60, 150, 190, 250))
    raw = pdf(cells + across + down).replace(b"/Resources << ", b"/Resources << /XObject << /X 6 0 R >> ")
    line = b"0 0 m 1 0 l S\n"
    head = b"<< /Type /XObject /Subtype /Form /BBox [-1 -1 2 1] /Resources << >> /Length %d >>" % len(line)
    raw = raw.replace(b"trailer", b"6 0 obj\n%s\nstream\n%s\nendstream\nendobj\ntrailer" % (head, line))
    assert _MARKDOWN in read(tmp_path, read_all, raw.replace(b"/Size 6", b"/Size 7"))
