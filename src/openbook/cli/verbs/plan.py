"""The verb `plan`: what a corpus will take, before it is begun."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.options.plan_options import (
    Days,
    Epochs,
    GivenRates,
    MachineMemory,
    Measure,
    PlanChunkSize,
    PlanMode,
    PlanNeighbors,
    PlanPreset,
    Price,
    Sample,
    SampleLength,
    Tokens,
    TokensPerDocument,
    VectorSize,
    VocabularySize,
)
from openbook.cli.options.shared_options import Json
from openbook.cli.plan_output import print_plan
from openbook.errors import SettingsError, refuse_unknown

if TYPE_CHECKING:
    from openbook.cluster.rates import Rates
    from openbook.database import SearchMode
    from openbook.text import Document

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9, "t": 10**12}
_COUNT = re.compile(
    r"""( (?: [0-9][0-9_]* | [0-9]{1,3} (?:,[0-9]{3})+ )  # commas stand before three digits
          (?:\.[0-9]+)? (?:e[0-9]{1,2})? )
        ([kmbgt]?)""",
    re.VERBOSE,
)
_SAMPLE_CHARACTERS = 20_000_000


def plan(
    tokens: Tokens,
    preset: PlanPreset = None,
    epochs: Epochs = 1.0,
    sequence_length: SampleLength = 2048,
    mode: PlanMode = None,
    k: PlanNeighbors = 10,
    tokens_per_document: TokensPerDocument = 1000.0,
    chunk_size: PlanChunkSize = 64,
    vocabulary: VocabularySize = None,
    vector_size: VectorSize = 384,
    days: Days = 7.0,
    memory: MachineMemory = 64.0,
    price: Price = None,
    rate: GivenRates = None,
    measure: Measure = False,
    sample: Sample = None,
    json: Json = False,
) -> None:
    """Say what a corpus of so many tokens will take: disk, memory, index, hours, machines, money.

    Without --measure the rates are those of two cores of an ordinary machine. What is assumed is printed.

    Example: openbook plan 4B --preset 172m --measure --price 0.40
    """
    counted = count_of(tokens)  # before torch is loaded

    from openbook.cluster.book_size import BookShape
    from openbook.cluster.corpus_plan import Machines, plan_corpus
    from openbook.cluster.rates import Rates
    from openbook.model.presets import preset as settings_of

    model = {} if preset is None else settings_of(preset)
    shape = BookShape(
        tokens=counted,
        tokens_per_document=tokens_per_document,
        chunk_size=chunk_size,
        vocabulary=model.get("vocab_size", 32_000) if vocabulary is None else vocabulary,
        vector_size=vector_size or None,
        num_neighbors=k,
    )
    machines = Machines(days=days, memory=memory * 1e9, price=price)
    given = rates_of(rate or [])
    search = mode_of(mode, shape.vector_size)
    if sample is not None and not measure:
        raise SettingsError(f"--sample {sample}: is measured with --measure alone; add it")
    rates = _measured(sample, with_vectors=shape.vector_size is not None) if measure else Rates()
    cost = None
    if preset is not None:
        from openbook.cluster.training_cost import training_cost

        cost = training_cost(
            preset,
            sequence_length=sequence_length,
            chunk_size=shape.chunk_size,
            vocabulary=shape.vocabulary,
        )
    planned = plan_corpus(
        shape,
        rates=replace(rates, **given),
        machines=machines,
        mode=search,
        training=cost,
        epochs=epochs,
    )
    print_plan(planned, json=json)


def count_of(text: str) -> int:
    """Read a number of tokens.

    >>> count_of("4B"), count_of("1.5m"), count_of("2e9"), count_of("12_000"), count_of("1,500,000")
    (4000000000, 1500000, 2000000000, 12000, 1500000)

    Raises:
        SettingsError: it is not one, or more than there is text.
    """
    from openbook.cluster.book_size import MOST_TOKENS

    match = _COUNT.fullmatch(text.strip().lower())
    number = float(re.sub("[_,]", "", match[1])) * _UNITS[match[2]] if match else 0.0
    if number > MOST_TOKENS:
        raise SettingsError(f"tokens {text!r:.40}: give at most {MOST_TOKENS:.0e}, beyond all text there is")
    if round(number) < 1:
        point = text.replace(",", ".")
        meant = (
            f"; with a point: {point:.40}" if _COUNT.fullmatch(point.strip().lower()) and "," in text else ""
        )
        raise SettingsError(f"tokens {text!r:.40}: give a number such as 250M, 4B, 2T or 1e9{meant}")
    return round(number)


def rates_of(given: list[str]) -> dict[str, float]:
    """Read rates as NAME=VALUE.

    Raises:
        SettingsError: an unknown name, or a value that is not a number.
    """
    from dataclasses import fields

    from openbook.cluster.rates import Rates

    rates = {}
    for text in given:
        name, _, value = text.partition("=")
        refuse_unknown([name], [field.name for field in fields(Rates)], where="--rate")
        try:
            rates[name] = float(value)
        except ValueError as error:
            raise SettingsError(f"--rate {text}: {value!r} is not a number; give one, such as 1e6") from error
    Rates(**rates)
    return rates


def mode_of(mode: str | None, vector_size: int | None) -> "SearchMode":
    """Check a mode; dense by default where there are vectors, for a search of words grows with the book.

    Raises:
        SettingsError: there is no such mode, or it needs vectors.
    """
    from openbook.database.search.searcher import check_mode

    if mode is None:
        return "bm25" if vector_size is None else "dense"
    return check_mode(mode, has_dense=vector_size is not None)


def _measured(sample: Path | None, *, with_vectors: bool) -> "Rates":
    from openbook.cluster.rate_measurement import measure_rates
    from openbook.database.search.embedder import DEFAULT_EMBEDDER

    documents = _sample_documents(sample)
    note(f"measuring this machine with {sum(len(document.text) for document in documents):,} characters")
    with bar("measuring") as progress:
        return measure_rates(
            documents, embedder=DEFAULT_EMBEDDER if with_vectors else None, progress=progress
        )


def _sample_documents(sample: Path | None) -> "list[Document]":
    """Some megabytes of a source, or of what comes with every Python."""
    from tempfile import TemporaryDirectory

    from openbook.text import Document
    from openbook.text.python_docs import write_python_docs
    from openbook.text.sources import read_documents

    with TemporaryDirectory(prefix="openbook-plan-") as folder:
        source = Path(folder) / "python.jsonl" if sample is None else sample
        if sample is None:
            write_python_docs(source)
        documents, characters = [], 0
        for document in read_documents([str(source)]):
            if not isinstance(document, Document):
                raise SettingsError(f"--sample {sample}: holds tokens; give text")
            documents.append(document)
            characters += len(document.text)
            if characters > _SAMPLE_CHARACTERS:
                break
    return documents
