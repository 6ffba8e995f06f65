"""A database derived for another tokenizer: the same texts, vectors and marks, and all that others can do."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from breaking import Kill, contents_of, kill_at
from fakes import FakeEncoder, use_fake_encoder
from foreign_tokenizers import SOME_TEXT, foreign
from openbook.database import Database, NeighborTable, build_neighbors, repair, retokenize
from openbook.database.neighbors.same_documents import same_documents
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import Catalog
from openbook.errors import DatabaseError, FormatError, MismatchError, OpenbookError, SettingsError
from openbook.text import Document, TokenizedDocument, Tokenizer

PAIRS = [("gpt2", "llama"), ("llama", "qwen"), ("qwen", "gpt2"), ("llama-metaspace", "gpt2")]
M = 16


@pytest.fixture(autouse=True, scope="module")
def _letters() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        use_fake_encoder(patch)
        yield


@pytest.fixture(scope="module")
def texts() -> list[Document]:
    """Sentences in several languages; the last two documents nearly equal the first."""
    source = random.Random(1)
    sentences = [part + "." for text in SOME_TEXT for part in text[:200].split(".")] + ["😀🏽", "ไทย日本"]
    drawn = [" ".join(source.choices(sentences, k=source.randint(1, 6))) for _ in range(14)]
    drawn += [f"{drawn[0]} {drawn[1]} {drawn[2]} {drawn[3]}"] * 2
    return [
        Document(id=f"d{n}", text=text, title=f"title {n}", source=f"{n}.txt") for n, text in enumerate(drawn)
    ]


Make = Callable[..., Database]


@pytest.fixture(scope="module")
def make(texts: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A database of the texts, with a holdout, an exclusion and a removed document."""

    def make_database(tokenizer: str = "gpt2", *, dense: bool = True, chunk_size: int = M) -> Database:
        database = Database.create(
            tmp_path_factory.mktemp("old") / "db",
            tokenizer=foreign(tokenizer),
            embedder="fake" if dense else None,
            chunk_size=chunk_size,
            holdout=["d3", "d14"],
            deduplicate=True,
        )
        database.add([*texts, Document(id="gone", text="This one is removed.")])
        database.remove(["gone"])
        return database

    return make_database


@pytest.fixture(scope="module")
def old(make: Make) -> Database:
    """Only for reading."""
    return make()


def tokens_of(database: Database, place: int) -> list[list[int]]:
    """The tokens of a document's chunks, without padding."""
    layout = database.layout
    chunks = layout.chunks_of(place)
    rows = database.tokens[chunks.start : chunks.stop].tolist()
    return [row[:n] for row, n in zip(rows, layout.lengths[chunks.start : chunks.stop], strict=True)]


def flat(rows: Sequence[Sequence[int]]) -> list[int]:
    return [token for row in rows for token in row]


def live(database: Database) -> list[int]:
    return np.flatnonzero(database.layout.live).tolist()


def text_of(database: Database, place: int) -> str:
    return database.tokenizer.decode([flat(tokens_of(database, place))])[0]


def kept_by(tokenizer: Tokenizer, text: str) -> str:
    return normalize("NFC", text) if tokenizer.name == "qwen" else text


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_texts_vectors_and_marks_are_kept(
    make: Make, texts: list[Document], tmp_path: Path, a: str, b: str
) -> None:
    old, said = make(a), list[str]()
    report = retokenize(old, tmp_path / "new", foreign(b), chunk_size=8 * M, tell=said.append)
    new = Database.open(tmp_path / "new")
    assert (new.settings.tokenizer, new.settings.chunk_size) == (b, 8 * M)
    chunks = int(old.layout.document_chunks[old.layout.live].sum())
    assert said == [f"{chunks} of {chunks} chunks keep their texts and vectors"]
    assert (report.output, report.documents, report.chunks) == (tmp_path / "new", 16, new.layout.num_chunks)
    assert (report.kept, report.encoded_again, report.version) == (report.chunks, 0, new.version)
    marks = [[entry[0], *entry[2:]] for entry in contents_of(old) if entry[2]]
    assert [[entry[0], *entry[2:]] for entry in contents_of(new)] == marks
    assert {tuple(mark[2:]) for mark in marks} == {(False, False), (True, False), (False, True)}
    rows = iter(range(new.layout.num_chunks))
    assert old.vectors is not None and new.vectors is not None
    for ours, theirs in zip(live(old), live(new), strict=True):
        text, begins = text_of(old, ours), _borders(old, ours)
        ids, starts = new.tokenizer.encode_with_starts([text])[0]
        assert flat(tokens_of(new, theirs)) == [*ids, new.tokenizer.eos_id]
        assert text_of(new, theirs) == kept_by(new.tokenizer, text)
        expected = [[] for _ in begins]
        for token, start in zip(ids, starts, strict=True):
            expected[max(n for n, begin in enumerate(begins) if begin <= start)].append(token)
        expected[-1].append(new.tokenizer.eos_id)
        assert tokens_of(new, theirs) == [tokens for tokens in expected if tokens]
        for chunk, tokens in zip(old.layout.chunks_of(ours), expected, strict=True):
            if tokens:
                assert (new.vectors[next(rows)] == old.vectors[chunk]).all()
    assert new.verify().problems == []
    again = new.add(texts)
    assert (again.unchanged, again.added, again.chunks) == (16, 0, 0)


def _borders(database: Database, place: int) -> list[int]:
    """Where each chunk begins in the document's text, by decoding from the start each time."""
    chunks, text, starts = tokens_of(database, place), text_of(database, place), []
    ids = flat(chunks)
    for count in range(len(chunks)):
        end = len(flat(chunks[:count]))
        while not text.startswith(before := database.tokenizer.decode([ids[:end]])[0]):
            end -= 1
        starts.append(len(before))
    return starts


def test_only_parts_of_chunks_that_are_too_long_are_encoded(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    encode = FakeEncoder.encode
    monkeypatch.setattr(
        FakeEncoder, "encode", lambda self, texts, **_: encoded.extend(texts) or encode(self, texts)
    )
    said: list[str] = []
    report = retokenize(old, tmp_path / "new", foreign("llama"), chunk_size=M, tell=said.append)
    new = Database.open(tmp_path / "new")
    assert 0 < report.encoded_again < report.chunks and report.kept + report.encoded_again == report.chunks
    assert len(encoded) == report.encoded_again
    assert new.vectors is not None and old.vectors is not None
    texts = new.tokenizer.decode(new.tokens[:].tolist())
    expected = encode(FakeEncoder(), texts).astype(np.float16)
    stored = {row.tobytes() for row in old.vectors[:]}
    copied = np.array([row.tobytes() in stored for row in new.vectors[:]])
    assert 0 < (~copied).sum() <= report.encoded_again
    assert np.array_equal(new.vectors[:][~copied], expected[~copied])
    assert {text for text, known in zip(texts, copied, strict=True) if not known} <= set(encoded)
    assert said[0].endswith("would keep all") and "which are encoded again; --chunk-size" in said[0]
    most = int(said[0].split()[-4])
    retokenize(old, tmp_path / "larger", foreign("llama"), chunk_size=most, tell=said.append)
    assert "encoded again" not in said[1]
    retokenize(old, tmp_path / "less", foreign("llama"), chunk_size=most - 1, tell=said.append)
    assert "encoded again" in said[2]


def test_without_vectors_nothing_is_encoded(make: Make, tmp_path: Path) -> None:
    said: list[str] = []
    report = retokenize(
        make("gpt2", dense=False), tmp_path / "new", foreign("llama"), chunk_size=8, tell=said.append
    )
    assert report.encoded_again == 0 and report.kept < report.chunks
    assert "encoded" not in said[0] and "vectors" not in said[0]
    new = Database.open(tmp_path / "new")
    assert new.vectors is None and new.verify().ok
    assert new.search(["quick brown fox"], k=1)[0][0].text


def test_without_the_encoder_what_needs_none_is_done(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Database.open(make().path)
    monkeypatch.setattr(
        "openbook.database.search.embedder.recorded_embedder",
        lambda *args, **kw: (_ for _ in ()).throw(MismatchError("x")),
    )
    retokenize(old, tmp_path / "large", foreign("llama"), chunk_size=8 * M)
    with pytest.raises(MismatchError):
        retokenize(old, tmp_path / "small", foreign("llama"), chunk_size=M)
    assert not (tmp_path / "small").exists()


def test_documents_that_came_as_tokens_are_derived_too(tmp_path: Path) -> None:
    """Whatever their tokens spell; of a text that is nothing, the end token is left."""
    tokenizer, source = foreign("gpt2"), random.Random(0)
    database = Database.create(tmp_path / "old", tokenizer=tokenizer, embedder=None, chunk_size=8)
    rows = [source.choices(range(tokenizer.vocab_size), k=50), [tokenizer.eos_id] * 20, [5]]
    database.add([TokenizedDocument(token_ids=np.array(row), id=str(n)) for n, row in enumerate(rows)])
    retokenize(database, tmp_path / "new", foreign("llama"), chunk_size=64)
    new = Database.open(tmp_path / "new")
    assert new.verify().ok
    assert [text_of(new, place) for place in range(3)] == [text_of(database, place) for place in range(3)]
    assert tokens_of(new, 1) == [[new.tokenizer.eos_id]]


@pytest.fixture(scope="module")
def derived(old: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A derived database in which most chunks are padded and some are cut; only for reading."""
    folder = tmp_path_factory.mktemp("derived") / "db"
    retokenize(old, folder, foreign("llama"), chunk_size=M + 8)
    return Database.open(folder)


@pytest.fixture
def copied(derived: Database, tmp_path: Path) -> Database:
    return Database.open(shutil.copytree(derived.path, tmp_path / "copied"))


def check(database: Database) -> None:
    """Lengths, tokens and catalog agree."""
    layout, eos = database.layout, database.tokenizer.eos_id
    padding = np.arange(layout.chunk_size) >= layout.lengths[:, None]
    assert (database.tokens[:][padding] == eos).all()
    assert (np.add.reduceat(layout.lengths, layout.first_chunk) == layout.document_tokens).all()
    assert (layout.lengths >= 1).all() and (layout.lengths <= layout.chunk_size).all()
    for place in range(len(layout.number)):
        assert flat(tokens_of(database, place)).count(eos) == 1
    assert database.verify().problems == []


def test_a_derived_database_is_changed_like_any_other(copied: Database, texts: list[Document]) -> None:
    check(copied)
    assert (copied.layout.lengths[copied.layout.has_continuation] < copied.layout.chunk_size).any()
    copied.add([Document(id="new", text=SOME_TEXT[0][:800]), Document(id="d5", text="Another text.")])
    check(copied)
    copied.remove(["d0"])
    kept = [entry for entry in contents_of(copied) if entry[2]]
    copied.compact()
    check(copied)
    assert contents_of(copied) == kept
    copied.add([texts[0], texts[5]])
    check(copied)
    check(Database.open(copied.path))
    live = np.flatnonzero(copied.layout.live)
    places = dict(zip(copied.catalog.ids(copied.layout.number[live].tolist()), live.tolist(), strict=True))
    for name in ("d0", "d5"):
        assert text_of(copied, places[name]) == {text.id: text.text for text in texts}[name]
    assert copied.info().tokens == int(copied.layout.document_tokens[copied.layout.live].sum())


def test_searches_and_neighbors_are_those_of_the_old_one(old: Database, make: Make, tmp_path: Path) -> None:
    retokenize(old, tmp_path / "new", foreign("qwen"), chunk_size=8 * M)
    new = Database.open(tmp_path / "new")
    queries = ["quick brown fox", "häufig Café", "日本語"]
    for mode in ("dense", "bm25"):
        ours, theirs = (database.search(queries, k=3, mode=mode) for database in (old, new))
        for a, b in zip(ours, theirs, strict=True):
            assert [hit.document_id for hit in a] == [hit.document_id for hit in b]
            assert [hit.score for hit in a] == pytest.approx([hit.score for hit in b], rel=0.05)
    build_neighbors(new, k=3)
    table = NeighborTable.load(new)
    assert (np.asarray(table.ids)[new.layout.holdout[new.layout.document_of]] >= 0).any()


def test_near_copies_are_looked_for_over_padding(copied: Database, texts: list[Document]) -> None:
    """d3 is held out; its chunks are padded, those of the copy are full."""
    assert copied.add([Document(id="copy", text=f"{texts[3].text} ")]).excluded == 1


def test_a_document_is_the_same_however_it_is_cut(
    derived: Database, texts: list[Document], tmp_path: Path
) -> None:
    plain = Database.create(
        tmp_path / "plain", tokenizer=foreign("llama"), embedder=None, chunk_size=derived.settings.chunk_size
    )
    plain.add([Document(id=f"other-{text.id}", text=text.text) for text in texts[:5]])
    same = same_documents(derived.opened, plain.opened)
    for place in range(5):
        assert place in same.of(np.array([place]))
    assert len(same.of(np.arange(5, 14))) == 0


def test_it_can_be_derived_from_again(derived: Database, tmp_path: Path) -> None:
    retokenize(derived, tmp_path / "again", foreign("gpt2"), chunk_size=4 * M)
    again = Database.open(tmp_path / "again")
    check(again)
    assert [text_of(again, n) for n in range(16)] == [text_of(derived, n) for n in range(16)]


# Damage and interruptions


def test_an_older_openbook_refuses_it(derived: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Catalog(derived.path).settings()["format"] == 3
    monkeypatch.setattr("openbook.database.storage.settings.FORMAT_WITH_LENGTHS", 2)
    with pytest.raises(FormatError, match="its format is 3"):
        Database.open(derived.path)


@pytest.mark.parametrize("name", ["lengths.u16", "lengths.sum"])
@pytest.mark.parametrize("damage", ["flip", "cut", "delete"])
def test_damaged_lengths_are_named_and_counted_again(copied: Database, name: str, damage: str) -> None:
    file = copied.path / name
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    {
        "flip": lambda: file.write_bytes(content),
        "cut": lambda: file.write_bytes(content[:-6]),
        "delete": file.unlink,
    }[damage]()
    report = copied.verify()
    assert not report.ok and {problem.file for problem in report.problems} <= {"lengths.u16", "lengths.sum"}
    with pytest.raises(DatabaseError, match="lengths"):
        _ = Database.open(copied.path).layout.lengths
    assert repair(copied.path).ok
    check(Database.open(copied.path))


def test_damaged_tokens_are_believed_where_the_text_is_right(copied: Database) -> None:
    """As in any database; padding is set right without the catalog's help."""
    sums = copied.path / "tokens.sum"
    content = bytearray(sums.read_bytes())
    content[9] ^= 1
    sums.write_bytes(content)
    padded = int(np.flatnonzero(copied.layout.lengths < copied.settings.chunk_size)[0])
    with (copied.path / "tokens.bin").open("r+b") as file:
        file.seek((padded + 1) * copied.settings.chunk_size * 2 - 2)
        file.write(b"\7\0")
    assert not copied.verify().ok
    assert repair(copied.path).ok
    check(Database.open(copied.path))


STEPS = [
    (AppendOnlyArray, "append", 1),
    (AppendOnlyArray, "append", 3),
    (LexicalIndex, "commit", 1),
    (Catalog, "become_another", 1),
]


@pytest.mark.parametrize(("owner", "name", "call"), STEPS)
def test_a_killed_call_leaves_no_database_and_the_next_begins_again(
    old: Database,
    derived: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    call: int,
) -> None:
    output, dead = tmp_path / "new", tmp_path / "dead"
    with monkeypatch.context() as patch:
        kill_at(patch, owner, name, call, leave=dead, folder=output)
        with pytest.raises(Kill):
            retokenize(old, output, foreign("llama"), chunk_size=M + 8)
    assert not output.exists()  # an exception cleans up
    with pytest.raises(DatabaseError, match="no openbook database here"):
        Database.open(dead)
    retokenize(old, dead, foreign("llama"), chunk_size=M + 8)
    assert contents_of(Database.open(dead)) == contents_of(derived)
    check(Database.open(dead))


# What is refused


def refused(error: type[OpenbookError], match: str, *arguments: object, **options: object) -> None:
    with pytest.raises(error, match=match) as raised:
        retokenize(*arguments, **options)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_what_cannot_work_is_refused_and_leaves_nothing(old: Database, tmp_path: Path) -> None:
    new, b = tmp_path / "new", foreign("llama")
    refused(SettingsError, "has the tokenizer gpt2 already: use it as it is", old, new, foreign("gpt2"))
    refused(SettingsError, "no such", old, new, "no such")
    refused(SettingsError, "chunk size 1: must lie", old, new, b, chunk_size=1)
    empty = Database.create(tmp_path / "empty", tokenizer=foreign("gpt2"), embedder=None)
    refused(DatabaseError, "is empty; build one for the model", empty, new, b)
    assert not new.exists()


def test_what_a_folder_holds_is_left_alone(old: Database, derived: Database, tmp_path: Path) -> None:
    b = foreign("llama")
    refused(DatabaseError, "is a database already", old, derived.path, b)
    refused(DatabaseError, "is a database already", old, old.path, b)
    for content in ("notes.txt", "tokens.bin"):
        folder = tmp_path / content[:3]
        folder.mkdir()
        (folder / content).write_text("mine")
        refused(DatabaseError, "is not empty; choose another folder", old, folder, b)
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(content, "mine")]
    (tmp_path / "file").write_text("mine")
    refused(DatabaseError, "file", old, tmp_path / "file", b)


def test_a_damaged_or_changing_database_is_refused(make: Make, tmp_path: Path) -> None:
    old, new, b = make(dense=False), tmp_path / "new", foreign("llama")
    stale = Database.open(old.path)
    old.remove(["d9"])
    refused(DatabaseError, "was changed while it was being read; run again", stale, new, b)
    with (old.path / "tokens.bin").open("r+b") as file:
        file.write(b"\1\1\1\1")
    refused(DatabaseError, "tokens.bin: row 0 does not match its checksum", Database.open(old.path), new, b)
    with Catalog(old.path).connect() as connection:
        connection.execute("UPDATE documents SET title = 'x' WHERE id = 'd8'")
    refused(DatabaseError, "is damaged; see: openbook verify", Database.open(old.path), new, b)
    assert not new.exists()
