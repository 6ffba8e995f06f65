"""A model with its database, as lm-evaluation-harness knows models (this module needs the extra `eval`).

lm_eval.simple_evaluate(model=OpenbookLM(model, database), tasks=["lambada_openai"])
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM

from openbook.database import Database, Version
from openbook.errors import SettingsError
from openbook.evaluate.harness.alignment import Grid
from openbook.evaluate.harness.batch_scorer import Reader, Score
from openbook.evaluate.harness.neighbor_cache import RememberedNeighbors
from openbook.evaluate.harness.stop_criteria import Writing
from openbook.evaluate.scorers import evaluating
from openbook.generation.decoding import DecodingSettings, decode
from openbook.generation.generate import fetcher_for
from openbook.model import RetroForCausalLM
from openbook.progress import Progress, silent, stage


class OpenbookLM(TemplateLM):  # type: ignore[misc]  # the harness has no types
    """Answers the harness' three kinds of requests.

    Contexts are aligned as in `openbook.generate`, see `rows`. Each complete chunk that tokens follow is
    looked up by its own tokens.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: to look things up in, in the version that it reads now; without retrieval only its tokenizer
            is used.
        k: neighbors of each chunk; None: as in training.
        mode: of search; None: the database's default.
        retrieval: False answers without looking anything up.
        max_length: tokens read at once; None: as in training.
        batch_size: rows at a time.
        seed: of the draws, where a task asks for them; each request has its own.
        progress: told of each kind of requests how many are done.

    Raises:
        SettingsError: a number out of its range, or a model that cannot read neighbors.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        database: Database | Version,
        *,
        k: int | None = None,
        mode: str | None = None,
        retrieval: bool = True,
        max_length: int | None = None,
        batch_size: int = 8,
        seed: int = 0,
        progress: Progress = silent,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise SettingsError(f"batch size {batch_size}: must be at least 1")
        database = database.opened
        fetcher = fetcher_for(model, database, k=k, mode=mode, retrieval=retrieval)
        self._neighbors = None if fetcher is None else RememberedNeighbors(fetcher)
        self._tokenizer = database.tokenizer
        if max_length is None:
            max_length = model.config.max_position_embeddings
        self._grid = Grid(model.config.chunk_size, max_length, self.eot_token_id)
        self._reader = Reader(model, self.eot_token_id, self._neighbors, batch_size)
        self._seed = seed
        self._progress = progress

    @property
    def eot_token_id(self) -> int:
        """The end-of-text token, which is also what a text without context begins after."""
        return self._tokenizer.eos_id

    @property
    def chunks_searched(self) -> int:
        """Different chunks looked up so far."""
        return 0 if self._neighbors is None else len(self._neighbors)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **ignored: Any) -> list[int]:
        """Tokens of a text; there are no special ones to add."""
        return self._tokenizer.encode([string])[0]

    def tok_decode(self, tokens: Iterable[int], **ignored: Any) -> str:
        """Text of tokens, without special ones."""
        return self._tokenizer.decode([list(tokens)])[0]

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = True) -> list[Score]:
        """Score each continuation of a context."""
        answers: list[Score] = super().loglikelihood(requests, disable_tqdm=True)
        return answers

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[tuple[str, str], list[int], list[int]]], **ignored: Any
    ) -> list[Score]:
        """Score tokens after tokens; contexts too long are cut alike for all that share them."""
        contexts = [context or [self.prefix_token_id] for _, context, _ in requests]
        answers = [answer for _, _, answer in requests]
        room: dict[tuple[int, ...], int] = {}
        for context, answer in zip(contexts, answers, strict=True):
            room[tuple(context)] = max(room.get(tuple(context), 0), len(answer))
        rows = [
            list(self._grid.rows(context, answer, room[tuple(context)]))
            for context, answer in zip(contexts, answers, strict=True)
        ]
        scores = self._reader.scores(rows, compare=True, progress=stage(self._progress, "loglikelihood"))
        for (texts, _, _), score in zip(requests, scores, strict=True):
            self.cache_hook.add_partial("loglikelihood", texts, score)
        return scores

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = True) -> list[float]:
        """Score whole texts, as after an end-of-text token; chunk borders are those of the text alone."""
        texts = [request.args[0] for request in requests]
        start = [self.prefix_token_id]
        rows = [list(self._grid.rows(start, tokens)) for tokens in self._tokenizer.encode(texts)]
        progress = stage(self._progress, "loglikelihood_rolling")
        scores = [score for score, _ in self._reader.scores(rows, compare=False, progress=progress)]
        for text, score in zip(texts, scores, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), score)
        return scores

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = True) -> list[str]:
        """Write on after each context, until a stop string or the longest length."""
        progress = stage(self._progress, "generate_until")
        written = []
        for done, (context, options) in enumerate((request.args for request in requests), start=1):
            text = self._write(
                context, Writing.of(options, default=self._grid.max_length // 2), self._seed + done
            )
            self.cache_hook.add_partial("generate_until", (context, options), text)
            written.append(text)
            progress(done, len(requests))
        return written

    def _write(self, context: str, writing: Writing, seed: int) -> str:
        prompt = self.tok_encode(context) or [self.prefix_token_id]
        prompt = self._grid.truncated(prompt, writing.max_new_tokens)
        settings = DecodingSettings(writing.max_new_tokens, writing.sampling, self.eot_token_id, seed)
        fetch = None if self._neighbors is None else self._neighbors.fetch
        with evaluating(self._reader.model):
            tokens = decode(
                self._reader.model,
                prompt,
                settings,
                fetch,
                is_done=lambda so_far: writing.stops(self.tok_decode(token.id for token in so_far)),
            )
        return writing.cut(self.tok_decode(token.id for token in tokens))
