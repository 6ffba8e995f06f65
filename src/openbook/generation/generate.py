"""From a prompt to a continuation with its sources."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import Database, Hit, Version
from openbook.database.search.searcher import check_mode
from openbook.errors import DatabaseError, SettingsError
from openbook.generation.citations import Citation, cite
from openbook.generation.decoding import DecodingSettings, decode
from openbook.generation.sampling import Sampling
from openbook.model import EncodedNeighbors, RetroForCausalLM


@dataclass(frozen=True, slots=True)
class Generation:
    """What `openbook generate` prints."""

    text: str
    """The continuation, without the prompt."""
    citations: list[Citation]
    """Empty without retrieval."""


def generate(
    model: RetroForCausalLM,
    database: Database | Version,
    prompt: str,
    *,
    max_new_tokens: int = 128,
    k: int | None = None,
    mode: str | None = None,
    retrieval: bool = True,
    sampling: Sampling | None = None,
    seed: int | None = None,
    encoded_neighbors: EncodedNeighbors | None = None,
) -> Generation:
    """Continue a prompt, looking things up at each chunk border.

    Args:
        model: trained with the database's tokenizer and chunk length.
        database: to look things up in, all of it in the version that it reads when this begins; without
            retrieval only its tokenizer is used.
        prompt: some text.
        max_new_tokens: the longest continuation; an end-of-text token ends it before.
        k: neighbors of each chunk; None: as in training.
        mode: of search; None: the database's default.
        retrieval: False writes without looking anything up.
        sampling: how tokens are drawn.
        seed: makes the draws repeatable.
        encoded_neighbors: a store shared by calls, for a model with an unconditioned encoder: what is looked
            up again is not encoded again.

    Raises:
        SettingsError: an empty prompt, or a number out of its range.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up.
    """
    if not prompt.strip():
        raise SettingsError("the prompt is empty; give some text to go on from")
    if max_new_tokens < 1:
        raise SettingsError(f"max new tokens {max_new_tokens}: must be at least 1")
    database = database.opened
    fetcher = fetcher_for(model, database, k=k, mode=mode, retrieval=retrieval)
    settings = DecodingSettings(max_new_tokens, sampling or Sampling(), database.tokenizer.eos_id, seed)
    tokens_of_prompt = _encode(database, prompt)
    _require_room(model, len(tokens_of_prompt), max_new_tokens)
    training = model.training
    model.train(False)
    try:
        fetch = None if fetcher is None else fetcher.fetch
        tokens = decode(model, tokens_of_prompt, settings, fetch, encoded_neighbors)
    finally:
        model.train(training)
    return Generation(*cite(tokens, [] if fetcher is None else fetcher.hits, database.tokenizer))


def fetcher_for(
    model: RetroForCausalLM, database: Version, *, k: int | None, mode: str | None, retrieval: bool
) -> "NeighborFetcher | None":
    """What looks things up for a model; None without retrieval.

    Args:
        model: trained with the database's tokenizer and chunk length.
        database: to look things up in; it must match the model without retrieval, too.
        k: neighbors of each chunk; None: as in training.
        mode: of search; None: the database's default.
        retrieval: False looks nothing up.

    Raises:
        SettingsError: k below 1, a mode that the database does not have, or a model that cannot read
            neighbors.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up.
    """
    database.settings.require_match(
        tokenizer_fingerprint=model.config.tokenizer_fingerprint, chunk_size=model.config.chunk_size
    )
    if k is not None and k < 1:
        raise SettingsError(
            f"k = {k}: at least 1 neighbor must be asked for; to do without any: no retrieval"
        )
    if not retrieval:
        return None
    if not model.config.cca_layers:
        raise SettingsError("this model was built without chunked cross-attention; switch retrieval off")
    if database.layout.num_chunks == 0:
        raise DatabaseError(
            f"{database.path}: is empty; add documents first: openbook add {database.path} SOURCE"
        )
    check_mode(mode, has_dense=database.vectors is not None)
    return NeighborFetcher(database, k or model.config.num_neighbors, mode)


class NeighborFetcher:
    """Looks up chunks while they are written, and remembers what was found.

    Args:
        database: to search.
        k: neighbors of each chunk.
        mode: of search; None: the database's default.
    """

    def __init__(self, database: Version, k: int, mode: str | None) -> None:
        self.database = database
        # A k larger than the database gives what there is, without room for more.
        self.k = max(1, min(k, int(np.count_nonzero(database.layout.retrievable))))
        self.mode = mode
        self.hits: list[list[Hit]] = []
        """For the prompt's last chunk and each chunk written since."""

    def search(self, chunks: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Chunks [C, K] of the database nearest to chunks of tokens, -1 where there are no more; scores."""
        queries = self.database.text_queries(self.database.tokenizer.decode(chunks))
        return self.database.search_chunks(queries, k=self.k, mode=self.mode)

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Neighbors [C, K, R] of chunks of tokens, and their mask."""
        found, scores = self.search(chunks)
        self.hits.append(self.database.hits(found[-1], scores[-1]))
        ids, mask = self.database.retrieved_tokens(found)
        return torch.from_numpy(ids), torch.from_numpy(np.ascontiguousarray(mask))


def _encode(database: Version, prompt: str) -> list[int]:
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(f"the prompt holds a lone surrogate at character {error.start}") from error
    tokens = database.tokenizer.encode([prompt])[0]
    if not tokens:
        raise SettingsError(f"the prompt {prompt!r:.40} has no token in this tokenizer")
    return tokens


def _require_room(model: RetroForCausalLM, prompt: int, max_new_tokens: int) -> None:
    """The last token that is written need not be read again."""
    if model.max_positions is not None and prompt + max_new_tokens - 1 > model.max_positions:
        room = model.max_positions - prompt + 1
        advice = f"ask for at most {room}" if room > 0 else "shorten the prompt"
        raise SettingsError(
            f"max new tokens {max_new_tokens}: the prompt has {prompt} tokens, and the base positions for "
            f"{model.max_positions}; {advice}"
        )
