import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from growth import assert_linear
from openbook.errors import SettingsError
from openbook.text import Tokenizer, load_tokenizer, train_tokenizer
from openbook.text.tokenizer import END_OF_TEXT

CORPUS = [
    "the quick brown fox jumps over the lazy dog\n" * 5,
    "Ünïcode is häufig: naïve café, 日本語\r\n" * 5,
]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s"]
any_text = st.text(st.characters(codec="utf-8"))


@pytest.fixture(scope="session")
def trained() -> Tokenizer:
    return train_tokenizer(CORPUS, vocab_size=320)


@pytest.fixture
def saved(trained: Tokenizer, tmp_path: Path) -> Path:
    trained.save(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def word_piece() -> FastTokenizer:
    """As BERT's: lower case, special tokens around each text, padded and cut."""
    fast = FastTokenizer(models.WordPiece(dict(zip(VOCABULARY, range(8), strict=True)), unk_token="[UNK]"))
    fast.normalizer = normalizers.BertNormalizer()
    fast.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast.decoder = decoders.WordPiece()
    fast.add_special_tokens(VOCABULARY[:5])
    fast.enable_padding(length=16)
    fast.enable_truncation(3)
    return fast


def write_config(folder: Path, config: object) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


# Text to ids and back


@settings(deadline=None, max_examples=300)
@given(texts=st.lists(any_text, max_size=4))
def test_every_text_comes_back_exactly(trained: Tokenizer, texts: list[str]) -> None:
    assert trained.decode(trained.encode(texts)) == texts


@settings(deadline=None)
@given(before=any_text, after=any_text)
def test_special_token_in_a_document_is_text(trained: Tokenizer, before: str, after: str) -> None:
    text = f"{before}{END_OF_TEXT}{after}"
    (ids,) = trained.encode([text])
    assert trained.eos_id not in ids
    assert trained.decode([ids]) == [text]


def test_special_token_in_the_training_text_is_text() -> None:
    tokenizer = train_tokenizer([f"{END_OF_TEXT} " * 50, END_OF_TEXT], vocab_size=400)
    (ids,) = tokenizer.encode([END_OF_TEXT])
    assert tokenizer.eos_id not in ids
    assert tokenizer.decode([ids]) == [END_OF_TEXT]


@settings(deadline=None)
@given(text=any_text)
def test_ids_are_within_the_vocabulary(trained: Tokenizer, text: str) -> None:
    assert all(0 <= token < trained.vocab_size for token in trained.encode([text])[0])


@settings(deadline=None)
@given(text=any_text, at=st.integers(0, 50))
def test_decoding_leaves_out_the_end_token(trained: Tokenizer, text: str, at: int) -> None:
    (ids,) = trained.encode([text])
    assert trained.decode([[*ids[:at], trained.eos_id, *ids[at:], trained.eos_id]]) == [text]


@settings(deadline=None)
@given(texts=st.lists(any_text, min_size=2, max_size=5))
def test_texts_of_a_batch_do_not_affect_each_other(trained: Tokenizer, texts: list[str]) -> None:
    assert trained.encode(texts) == [trained.encode([text])[0] for text in texts]


def test_nothing_is_encoded_and_decoded_to_nothing(trained: Tokenizer) -> None:
    assert trained.encode([]) == []
    assert trained.encode([""]) == [[]]
    assert trained.decode([]) == []
    assert trained.decode([[], [trained.eos_id]]) == ["", ""]


@pytest.mark.parametrize("of", ["x", " ", "\0", "\r\n"])
def test_long_runs_come_back_in_linear_time(trained: Tokenizer, of: str) -> None:
    def there_and_back(length: int) -> None:
        text = of * length
        assert trained.decode(trained.encode([text])) == [text]

    assert_linear(there_and_back, 20_000)


# Training


def test_training_learns_from_the_text(trained: Tokenizer) -> None:
    assert trained.vocab_size == 320
    assert trained.name == "train:320"
    assert len(trained.encode(["the quick brown fox"])[0]) < len("the quick brown fox") / 2


def test_training_is_repeatable(trained: Tokenizer) -> None:
    assert train_tokenizer(CORPUS, vocab_size=320).fingerprint == trained.fingerprint


def test_smallest_vocabulary_is_the_bytes_and_the_end() -> None:
    tokenizer = train_tokenizer(CORPUS, vocab_size=257)
    assert tokenizer.vocab_size == 257
    assert len(tokenizer.encode(["häufig"])[0]) == len("häufig".encode())


@pytest.mark.parametrize("size", [256, 0, -1])
def test_vocabulary_too_small_is_refused(size: int) -> None:
    with pytest.raises(SettingsError, match=f"train:{size}: a byte-level vocabulary has at least 257 tokens"):
        train_tokenizer(CORPUS, vocab_size=size)


@pytest.mark.parametrize("corpus", [[], ["", ""], ["short"]])
def test_little_text_gives_a_smaller_vocabulary_that_spells_all(corpus: list[str]) -> None:
    tokenizer = train_tokenizer(corpus, vocab_size=1000)
    assert 257 <= tokenizer.vocab_size < 300
    assert tokenizer.decode(tokenizer.encode(["日本 x"])) == ["日本 x"]


def test_training_reads_no_more_than_it_needs() -> None:
    taken: list[str] = []

    def corpus() -> Iterator[str]:
        for number in range(1000):
            taken.append(text := f"häufig {number:03}")
            yield text

    train_tokenizer(corpus(), vocab_size=300, max_bytes=100)
    assert 8 <= len(taken) <= 10  # each is 11 bytes long


@pytest.mark.parametrize("run", ["ab" * 4_096, " " * 8_192, "7" * 8_192, "日" * 4_096, "-" * 8_192])
def test_a_long_run_is_learned_from_in_pieces(run: str) -> None:
    """Else its time grows with the square of the run: of 8,192 bytes one token would be learned."""
    tokenizer = train_tokenizer([run], vocab_size=300)
    learned = (len(tokenizer.vocabulary_entry(token)) for token in range(257, tokenizer.vocab_size))
    assert 512 <= max(learned) <= 1_200
    assert tokenizer.decode(tokenizer.encode([run])) == [run]


def test_ordinary_text_gives_the_same_tokenizer_as_without_pieces(tmp_path: Path) -> None:
    texts = [*CORPUS, Path(__file__).read_text(encoding="utf-8"), "x" * 1_200, "日" * 400]
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast = FastTokenizer(models.BPE())
    fast.pre_tokenizer, fast.decoder = words, decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1_000,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(words.alphabet()),
        show_progress=False,
    )
    fast.train_from_iterator(texts, trainer=trainer)
    Tokenizer(fast, end_of_text=END_OF_TEXT, name="train:1000").save(tmp_path / "expected")
    train_tokenizer(texts, vocab_size=1_000).save(tmp_path / "trained")
    trained, expected = (
        (tmp_path / name / "tokenizer.json").read_bytes() for name in ("trained", "expected")
    )
    assert trained == expected


# Saving and loading


@pytest.mark.parametrize("name", ["", "tokenizer.json"])
def test_saved_tokenizer_is_loaded_the_same(trained: Tokenizer, saved: Path, name: str) -> None:
    """From its folder, and from its file alone."""
    loaded = load_tokenizer(str(saved / name))
    text = f"The quick {END_OF_TEXT} häufig\0 日本 \ufeff"
    assert loaded.fingerprint == trained.fingerprint
    assert loaded.encode([text]) == trained.encode([text])
    assert (loaded.eos_id, loaded.end_of_text) == (trained.eos_id, END_OF_TEXT)
    assert loaded.vocab_size == trained.vocab_size


def test_loaded_tokenizer_knows_where_it_came_from(saved: Path) -> None:
    assert load_tokenizer(str(saved)).name == "train:320"
    assert load_tokenizer(f"{saved}/tokenizer.json").name == f"{saved}/tokenizer.json"


def test_saving_again_changes_nothing(saved: Path, tmp_path: Path) -> None:
    load_tokenizer(str(saved)).save(tmp_path / "again")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_saved_tokenizer_replaces_an_older_one(saved: Path) -> None:
    other = train_tokenizer(["another corpus"], vocab_size=270)
    other.save(saved)
    assert load_tokenizer(str(saved)).fingerprint == other.fingerprint


def test_fingerprint_differs_for_other_tokenizers(trained: Tokenizer) -> None:
    others = [
        train_tokenizer(CORPUS, vocab_size=319),
        train_tokenizer(CORPUS[:1], vocab_size=320),
        Tokenizer(word_piece(), end_of_text="[SEP]", name="x"),
        Tokenizer(word_piece(), end_of_text="[PAD]", name="x"),
    ]
    assert len({trained.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_fingerprint_is_of_the_output_not_of_name_or_padding() -> None:
    bare = word_piece()
    bare.no_padding()
    bare.no_truncation()
    first = Tokenizer(word_piece(), end_of_text="[SEP]", name="first")
    second = Tokenizer(bare, end_of_text="[SEP]", name="second")
    assert first.fingerprint == second.fingerprint


def test_transformers_opens_the_saved_folder(trained: Tokenizer, saved: Path) -> None:
    from transformers import AutoTokenizer

    opened = AutoTokenizer.from_pretrained(str(saved))
    text = " Hello  world , it 's \n häufig ."
    assert (opened.eos_token, opened.eos_token_id) == (END_OF_TEXT, trained.eos_id)
    assert len(opened) == trained.vocab_size
    assert opened(text)["input_ids"] == trained.encode([text])[0]
    assert opened.decode(opened(text)["input_ids"]) == text


# Tokenizers of others


def test_word_piece_is_loaded_with_sep_as_its_end(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id, tokenizer.vocab_size) == ("[SEP]", 3, 8)
    assert tokenizer.encode(["Hello worlds hello world hello", "hello"]) == [[5, 6, 7, 5, 6, 5], [5]]
    assert tokenizer.decode([[2, 5, 6, 7, 3, 0]]) == ["hello worlds"]


def test_special_token_of_word_piece_in_a_document_is_text(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(str(tmp_path)).encode(["hello [SEP] world"]) == [[5, 1, 1, 1, 6]]


def test_word_piece_is_loaded_from_its_vocabulary_file(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY))
    write_config(tmp_path, {"tokenizer_class": "BertTokenizer"})
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id) == ("[SEP]", 3)
    assert tokenizer.encode(["Hello worlds"]) == [[5, 6, 7]]


def test_word_piece_is_saved_and_loaded_the_same(tmp_path: Path) -> None:
    tokenizer = Tokenizer(word_piece(), end_of_text="[SEP]", name="mine")
    tokenizer.save(tmp_path)
    assert load_tokenizer(str(tmp_path)).fingerprint == tokenizer.fingerprint


def test_end_token_that_is_not_marked_special_is_left_out_too(tmp_path: Path) -> None:
    fast = FastTokenizer(models.WordPiece({"[UNK]": 0, "[SEP]": 1, "hello": 2, "##s": 3}, unk_token="[UNK]"))
    fast.decoder = decoders.WordPiece()
    fast.save(str(tmp_path / "tokenizer.json"))
    assert load_tokenizer(str(tmp_path)).decode([[2, 3, 1]]) == ["hellos"]


@pytest.mark.parametrize(
    ("config", "end"),
    [
        ({"eos_token": "[PAD]"}, "[PAD]"),
        ({"eos_token": {"content": "[MASK]", "lstrip": False}}, "[MASK]"),
        ({"eos_token": None}, "[SEP]"),
        ({}, "[SEP]"),
    ],
)
def test_config_names_the_end_token(tmp_path: Path, config: dict[str, object], end: str) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    write_config(tmp_path, config)
    tokenizer = load_tokenizer(str(tmp_path))
    assert (tokenizer.end_of_text, tokenizer.eos_id) == (end, VOCABULARY.index(end))


def test_end_token_outside_of_the_vocabulary_is_refused(tmp_path: Path) -> None:
    word_piece().save(str(tmp_path / "tokenizer.json"))
    write_config(tmp_path, {"eos_token": "</s>"})
    with pytest.raises(SettingsError, match="the end token '</s>' is not in its vocabulary"):
        load_tokenizer(str(tmp_path))


def test_tokenizer_without_end_token_is_refused(tmp_path: Path) -> None:
    fast = FastTokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    fast.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(SettingsError, match=r"has no end-of-text token; looked for <\|endoftext\|>"):
        load_tokenizer(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["/no/such/folder", "no such", "", "a/b/c", "two\nlines", "\0", "x" * 300, "../.."]
)
def test_nonsense_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(SettingsError, match="give a path, or train one on your text") as error:
        load_tokenizer(name)
    assert len(str(error.value).splitlines()) == 1
    assert repr(name) in str(error.value)


def test_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoTokenizer

    def unreachable(*args: object, **kwargs: object) -> None:
        raise OSError("We couldn't connect to the hub.\nCheck your connection.")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", unreachable)
    monkeypatch.setattr("openbook.text.tokenizer.is_hub_out_of_reach", lambda: False)
    with pytest.raises(
        SettingsError, match=r"'gpt2'.*We couldn't connect to the hub\.\); give a path"
    ) as error:
        load_tokenizer("gpt2")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"nope", b"{}", b"\xff\0", b'{"version": "1.0"}'])
def test_file_that_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        with pytest.raises(SettingsError, match=r"not a tokenizer\.json") as error:
            load_tokenizer(str(name))
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"nope", b"[]", b'"x"', b"\xff"])
def test_damaged_config_is_refused(saved: Path, content: bytes) -> None:
    (saved / "tokenizer_config.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"tokenizer_config\.json': not ") as error:
        load_tokenizer(str(saved))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "config",
    [
        {"tokenizer_class": "ByT5Tokenizer"},
        {"tokenizer_class": 5},
        {"auto_map": {"AutoTokenizer": ["code.Tokenizer", None]}},
        [],
        {},
    ],
    ids=["python-only", "wrong-type", "custom-code", "no-object", "nothing"],
)
def test_folder_that_transformers_cannot_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: object
) -> None:
    """Code that comes with a tokenizer is not run, and nobody is asked whether to."""
    monkeypatch.setattr("builtins.input", lambda *args: pytest.fail("asked a question"))
    write_config(tmp_path, config)
    with pytest.raises(SettingsError, match="give a path, or train one on your text") as error:
        load_tokenizer(str(tmp_path))
    assert len(str(error.value).splitlines()) == 1
