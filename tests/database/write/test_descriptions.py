"""The same text under another title, source or language: what is shown follows, the chunks stay."""

from collections.abc import Callable

import numpy as np
import pytest

from openbook.database import Database, Hit, NeighborTable, build_neighbors
from openbook.text import Document, TokenizedDocument

Make = Callable[..., Database]
TEXTS = {"a": "river stone", "b": "copper orchard"}


def only_hit(database: Database, text: str) -> Hit:
    ((hit,),) = database.search([text], k=1, mode="bm25")
    return hit


def document(name: str, **said: str) -> Document:
    return Document(id=name, text=TEXTS[name], **said)


@pytest.mark.parametrize("sync", [False, True])
def test_title_and_source_follow_without_new_chunks(make: Make, sync: bool) -> None:
    database = make()
    database.add([document("a", title="Old", source="https://old.example/a"), document("b", title="B")])
    chunks, tokens = database.layout.num_chunks, (database.path / "tokens.bin").read_bytes()
    moved = [document("a", title="New", source="https://new.example/a"), document("b", title="B")]
    report = database.add(moved, sync=sync)
    assert (report.unchanged, report.described, report.replaced, report.chunks) == (2, 1, 0, 0)
    for opened in (database, Database.open(database.path)):
        hit = only_hit(opened, "river")
        assert (hit.title, hit.source) == ("New", "https://new.example/a")
        assert only_hit(opened, "orchard").title == "B"
    assert (database.layout.num_chunks, (database.path / "tokens.bin").read_bytes()) == (chunks, tokens)
    assert database.verify().ok
    version = database.version
    assert database.add(moved, sync=sync).described == 0
    assert database.version == version


def test_what_is_not_said_stays(make: Make) -> None:
    database = make()
    database.add([document("a", title="Old", source="https://old.example/a")])
    report = database.add([document("a", source="https://new.example/a")])
    hit = only_hit(database, "river")
    assert (report.described, hit.title, hit.source) == (1, "Old", "https://new.example/a")
    assert database.add([document("a")]).described == 0


def test_what_is_empty_on_purpose_goes(make: Make) -> None:
    database = make()
    stored = document("a", title="Old", source="https://old.example/a", language="en")
    for text in (TEXTS["a"], "river castle"):
        database.add([stored])
        report = database.add([Document(id="a", text=text, cleared=("title", "language"))])
        assert (report.described, report.replaced) == ((1, 0) if text == TEXTS["a"] else (0, 1))
        hit = only_hit(database, "river")
        assert (hit.title, hit.source, hit.language) == ("", "https://old.example/a", None)
    assert database.add([Document(id="a", text="river castle", cleared=("title",))]).described == 0
    assert database.verify().ok


def test_what_another_text_does_not_say_of_itself_stays_too(make: Make) -> None:
    database = make()
    database.add([document("a", title="Old", source="https://old.example/a", language="en")])
    assert database.add([Document(id="a", text="river castle", language="de")]).replaced == 1
    hit = only_hit(database, "castle")
    assert (hit.title, hit.source, hit.language) == ("Old", "https://old.example/a", "de")


def test_tokens_follow_too(make: Make) -> None:
    database = make()
    tokens = np.array(database.tokenizer.encode(["castle feather"])[0])
    database.add([TokenizedDocument(id="c", token_ids=tokens, title="Old")])
    report = database.add([TokenizedDocument(id="c", token_ids=tokens, title="New")])
    assert (report.described, report.chunks, only_hit(database, "castle").title) == (1, 0, "New")


def test_a_held_out_document_follows_and_stays_held_out(make: Make) -> None:
    database = make(holdout=0.999999)
    database.add([document("a", title="Old")])
    database.add([document("a", title="New")])
    (record,) = database.catalog.live_records(["a"]).values()
    assert (record.title, record.holdout, database.search(["river"])) == ("New", True, [[]])


def test_neighbors_run_again_keep_the_table(make: Make) -> None:
    database = make({**TEXTS, "c": "castle feather river"})
    build_neighbors(database, k=2, mode="bm25")
    before = np.array(NeighborTable.load(database).ids)
    database.add([document("a", title="New")])
    build_neighbors(database, k=2, mode="bm25")
    assert np.array_equal(NeighborTable.load(database).ids, before)
