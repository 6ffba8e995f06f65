"""Sections as units: where they begin, what they are called, and that their passages are found by that."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.database import Database, SearchUnit
from openbook.database.search.embedder import Embedder
from openbook.database.units import unit_searches
from openbook.database.units.section_units import headings_above, sections_of
from openbook.database.units.unit_searches import UnitSearches, documents_of
from openbook.errors import SettingsError
from openbook.text import Document, Tokenizer

M = 16
FILLER = "river stone orchard lantern harbour violin marble thunder meadow "
NAMES = {"copper mill": 1900, "silver tower": 1901, "velvet bridge": 1902, "amber gate": 1903}


def section(name: str, year: int) -> str:
    """The name in the heading alone, what is said of it four chunks below."""
    return f"## The {name}\n{FILLER * 4} it was founded in {year} {FILLER * 2}\n"


@pytest.fixture
def database(tmp_path: Path, tokenizer: Tokenizer, embedder: Embedder) -> Database:
    """A guide with four sections, a plain text, one that is held out and one that was removed."""
    made = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder="fake", chunk_size=M, holdout=["held"]
    )
    text = f"# A guide\n{FILLER}\n{''.join(section(*each) for each in NAMES.items())}"
    made.add(
        [
            Document(id="plain", text=FILLER * 5),
            Document(id="guide", title="A guide", text=text),
            Document(id="held", text=f"# The copper mill\n{'sold to a miller ' * 20} founded 1800"),
            Document(id="gone", text=f"# The copper mill\n{FILLER * 3} it was founded in 1700"),
        ]
    )
    made.remove(["gone"])
    return made


@pytest.mark.parametrize(("name", "year"), NAMES.items())
def test_what_is_said_below_a_heading_is_found_by_the_heading(
    database: Database, name: str, year: int
) -> None:
    book, question = database.opened, f"when was the {name} founded"
    found, _ = book.search_passages([question], k=2, mode="bm25", by="section")
    passages = book.hits(found[0], np.zeros(2, np.float32))
    assert any(f"in {year}" in hit.text + hit.continuation for hit in passages)


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_each_mode_finds_chunks_of_live_documents(database: Database, mode: str) -> None:
    for hits in database.search(["copper mill", "founded"], k=50, mode=mode, by="section"):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert 0 < len({hit.chunk_id for hit in hits}) == len(hits)
        assert {hit.document_id for hit in hits} <= {"guide", "plain"}


def test_units_cut_all_chunks_and_begin_with_headings(database: Database) -> None:
    version = database.opened
    units, layout = sections_of(version).layout, version.layout
    assert units.first_chunk.tolist() == sorted(set(units.first_chunk.tolist()))
    assert units.document_chunks.sum() == layout.num_chunks
    assert np.array_equal(layout.document_of[units.first_chunk], np.searchsorted(layout.number, units.number))
    texts = version.chunk_texts(units.first_chunk)
    begin = [number for number, text in enumerate(texts) if "#" in text and units.live[number]]
    assert len(begin) == 1 + 1 + len(NAMES)  # the guide, its sections, and what is held out
    names = list(sections_of(version).names(np.array(begin)))
    assert names[1] == "A guide The copper mill"
    assert names[-2] == "A guide The amber gate"


def test_a_book_without_headings_has_its_documents(tmp_path: Path, tokenizer: Tokenizer) -> None:
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=M)
    made.add(Document(id=str(n), title=f"T{n}", text=FILLER * (n + 1)) for n in range(4))
    sections, documents = sections_of(made.opened), documents_of(made.opened)
    assert sections.layout.first_chunk.tolist() == documents.layout.first_chunk.tolist()
    assert sections.layout.document_chunks.tolist() == documents.layout.document_chunks.tolist()
    assert list(sections.names(np.arange(4))) == list(documents.names(np.arange(4)))
    queries = ["river stone", "thunder T2"]
    by = [[hit.chunk_id for hit in hits] for hits in made.search(queries, k=5, by="section")]
    assert by == [[hit.chunk_id for hit in hits] for hits in made.search(queries, k=5, by="document")]


def test_sections_shorter_than_a_chunk_are_found_by_all_names_that_begin_there(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=64)
    made.add([Document(id="a", text="# A\none\n## B\ntwo\n# C\nthree\n")])
    units = sections_of(made.opened)
    assert units.layout.num_chunks == 1
    assert list(units.names(np.array([0]))) == [" A B C"]


def test_an_empty_database_has_no_units(tmp_path: Path, tokenizer: Tokenizer) -> None:
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=M)
    assert made.search("river", by="section") == [[]]


def test_an_unknown_unit_is_refused(database: Database) -> None:
    with pytest.raises(SettingsError, match="by 'page': choose one of chunk, section, document"):
        database.search("river", by="page")  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40)), min_size=1, max_size=8))
def test_headings_above_a_chunk_are_those_before_it(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, lengths: list[tuple[int, int]]
) -> None:
    """Against reading all of the text before each chunk, line by line."""
    text = "".join(f"{'#' * level} h{n}\n{'river ' * words}\n" for n, (level, words) in enumerate(lengths))
    folder = tmp_path_factory.mktemp("sections") / "db"
    made = Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=M)
    made.add([Document(id="before", text="river"), Document(id="a", text=text)])
    version = made.opened
    texts = version.chunk_texts(range(1, version.layout.num_chunks))
    for chunk in range(1, version.layout.num_chunks):
        path: list[str] = []
        start, place = len("".join(texts[: chunk - 1])), 0
        for line in "".join(texts).splitlines(keepends=True):
            marks, _, name = line.strip().partition(" ")
            begins, place = place, place + len(line)
            if marks.startswith("#") and begins < start:
                path = [part for part in path if lengths[int(part[1:])][0] < len(marks)] + [name]
        assert headings_above(version, [chunk, -1]) == [tuple(path), ()]


@pytest.mark.parametrize(
    ("short", "few", "read", "default"),
    [
        (18, 9, 99, "document"),
        (8, 9, 99, "section"),
        (5, 9, 99, "chunk"),
        (8, 5, 99, "chunk"),
        (8, 9, 9, "chunk"),
    ],
)
def test_questions_find_first_what_is_short_and_few(
    database: Database, monkeypatch: pytest.MonkeyPatch, short: int, few: int, read: int, default: SearchUnit
) -> None:
    """Live documents have 17 chunks on average, their sections 7.3."""
    for name, value in (("_SHORT", short), ("_FEW", few), ("_READ", read)):
        monkeypatch.setattr(unit_searches, name, value)
    book, questions = database.opened, [f"when was the {name} founded" for name in NAMES]
    assert UnitSearches(book).default == default
    found = book.search_passages(questions, k=3, mode="bm25")[0].tolist()
    assert found == book.search_passages(questions, k=3, mode="bm25", by=default)[0].tolist()


def test_what_a_section_ends_with_is_found_by_its_heading_too(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """The next heading begins in the same chunk, which is the other section's first."""
    made = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=M)
    ends = "it was founded in {} "
    parts = [f"## The {name}\n{FILLER * 4}{ends.format(year)}\n" for name, year in NAMES.items()]
    made.add([Document(id="guide", text="# Guide\n" + "".join(parts))])
    version = made.opened
    units, texts = sections_of(version), version.chunk_texts(range(version.layout.num_chunks))
    owners, begins = units.layout.document_of, set(units.layout.first_chunk.tolist()) - {0}
    # The case of this test is there: a fact in the chunk in which the next section begins.
    assert any(f"{year}" in texts[chunk] for chunk in begins for year in NAMES.values())
    for chunk in range(version.layout.num_chunks):
        assert units.ends_in[chunk] == owners[chunk] - (chunk in begins)
    for name, year in NAMES.items():
        (hits,) = made.search(f"when was the {name} founded", k=3, mode="bm25", by="section")
        assert any(f"{year}" in hit.text + hit.continuation for hit in hits), name
