"""What a tokenizer cannot spell is counted where it is written, and not kept where it is derived."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers

from openbook.database import Database
from openbook.database.retokenize.retokenize import retokenize
from openbook.text import Document, Tokenizer


def word_piece() -> Tokenizer:
    names = ["[UNK]", "[SEP]", "river", "stone"]
    fast = FastTokenizer(models.WordPiece({name: at for at, name in enumerate(names)}, unk_token="[UNK]"))
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    fast.decoder = decoders.WordPiece()
    fast.add_special_tokens(["[UNK]", "[SEP]"])
    return Tokenizer(fast, end_of_text="[SEP]", name="word-piece")


def unigram() -> Tokenizer:
    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("▁river", -1.0), ("▁stone", -1.0), ("▁", -2.0)]
    fast = FastTokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    fast.pre_tokenizer = pre_tokenizers.Metaspace()
    fast.decoder = decoders.Metaspace()
    return Tokenizer(fast, end_of_text="</s>", name="unigram")


@pytest.mark.parametrize("make", [word_piece, unigram])
def test_what_is_not_spelled_is_counted_with_share_and_examples(
    tmp_path: Path, make: type[Tokenizer]
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=make(), embedder=None, chunk_size=4)
    report = database.add(
        [Document(id="a", text="river stone river"), Document(id="b", text="river 日本 stone 😀 日本")]
    )
    assert report.unknown_tokens == 3
    assert 0.1 < report.unknown_share < 0.5
    assert [word.strip() for word in report.unknown_examples] == ["日本", "😀"]


def without_unknown() -> Tokenizer:
    """A BPE of letters that has no token for the unknown, nor for bytes."""
    letters = {letter: at for at, letter in enumerate(" abcdefghijklmnopqrstuvwxyz")}
    fast = FastTokenizer(models.BPE(letters | {"</s>": len(letters)}, []))
    fast.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    fast.add_special_tokens(["</s>"])
    return Tokenizer(fast, end_of_text="</s>", name="letters")


def test_what_gets_no_token_at_all_is_counted_too(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "db", tokenizer=without_unknown(), embedder=None, chunk_size=4)
    report = database.add(
        [
            Document(id="a", text="river caf\u00e9"),
            Document(id="b", text="\u65e5\u672c on \U0001f600 \u65e5\u672c"),
        ]
    )
    assert report.unknown_tokens == 3
    assert report.unknown_share == pytest.approx(3 / (10 + 5 + 2 + 3)), "letters, two ends, what is lost"
    assert report.unknown_examples == ("\u65e5\u672c", "\U0001f600")


@given(st.text("river stone日😀\né", min_size=1))
def test_what_is_left_out_and_what_is_not_make_the_text(text: str) -> None:
    tokenizer = without_unknown()
    left_out = tokenizer.spelling.left_out(text)
    assert sorted("".join(left_out)) == sorted(letter for letter in text if letter in "日😀")
    (ids,) = tokenizer.encode([text])
    assert len(ids) == sum(letter not in "日😀\n" for letter in text)


def test_a_tokenizer_that_spells_all_reports_nothing(tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=4)
    report = database.add([Document(id="b", text="river 日本 stone 😀 [UNK]")])
    assert (report.unknown_tokens, report.unknown_share, report.unknown_examples) == (0, 0.0, ())


@pytest.mark.parametrize("make", [word_piece, unigram])
def test_chunks_that_do_not_decode_back_are_not_kept(
    tmp_path: Path, tokenizer: Tokenizer, make: type[Tokenizer]
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add([Document(id="a", text="river stone"), Document(id="b", text="river 日 stone")])
    said: list[str] = []
    report = retokenize(database, tmp_path / "new", make(), tell=said.append)
    assert report.kept == 1
    assert "1 of 2 chunks keeps its texts; 1 has another text" in said[0]
