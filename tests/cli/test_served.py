"""How a served model reads, what it keeps of that, and whether its book is followed."""

from pathlib import Path

import pytest

from openbook.cli.served import Served, open_books, read_api_key, server_of
from openbook.database import Database
from openbook.database.shards.book_creation import create_book
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.serve.server_settings import ServerSettings
from openbook.text import Document
from tiny_base import write_base


@pytest.mark.parametrize(("mib", "capacity"), [(3, 3 * 2**20), (0, None)])
def test_it_reads_as_asked_and_keeps_what_was_read_up_to_so_much_memory(
    database: Path, tmp_path: Path, mib: int, capacity: int | None
) -> None:
    base = write_base(tmp_path / "base")
    served = Served(
        str(base),
        database,
        [],
        name=None,
        max_batch=1,
        max_waiting=1,
        kept_mib=mib,
        read_precision="bfloat16",
    )
    state = server_of(served, ServerSettings())
    try:
        assert isinstance(state.model, RetrofitForCausalLM)
        kept = state.model.model.decoder.kept
        assert (None if kept is None else kept.capacity) == capacity
        assert state.model.model.decoder.reading_precision == "bfloat16"
    finally:
        state.engine.close(finish=False)
        state.books.close()


@pytest.mark.parametrize("follow", [0.0, 30.0])
def test_a_book_at_a_url_is_followed_as_asked(
    follow: float, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    opened = Database.open(database)
    shard = Database.create(
        tmp_path / "book" / "shard-0", tokenizer=opened.tokenizer, embedder=None, chunk_size=16
    )
    shard.add([Document(id="d", text="the fox and the crane")])
    create_book(tmp_path / "book", ["shard-0"])
    base = write_base(tmp_path / "base")
    url = Path(f"file://{tmp_path}/book")
    served = Served(str(base), url, [], name=None, max_batch=1, max_waiting=1, follow=follow)
    books = open_books(served)
    try:
        assert (books._follower is not None) == (follow > 0)
        assert books._follower is None or books._follower._every == follow
    finally:
        books.close()


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"])
def test_a_key_is_read_with_or_without_a_mark_of_its_encoding(tmp_path: Path, begin: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(begin + "secrét\r\nmore\r\n".encode())
    assert read_api_key(None, file) == "secrét"
