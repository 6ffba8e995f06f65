"""A model with its database, as lm-evaluation-harness knows models (this module needs the extra `eval`).

lm_eval.simple_evaluate(model=OpenbookLM(model, database), tasks=["lambada_openai"])
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM

from openbook.database import Database, Version
from openbook.evaluate.harness.alignment import ChunkAlignment, Row
from openbook.evaluate.harness.batch_scorer import BatchScorer, Score
from openbook.evaluate.harness.harness_options import AnswerOptions
from openbook.evaluate.harness.neighbor_cache import NeighborCache
from openbook.evaluate.harness.stop_criteria import read_generation_kwargs
from openbook.generation.batch_row import DecodingSettings
from openbook.generation.decoded_token import DecodedToken
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.neighbor_fetcher import require_match
from openbook.generation.request import check_k
from openbook.generation.running_batch import decode
from openbook.generation.text_request import Lookup
from openbook.given import opened, require_reader
from openbook.model import RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.progress import Progress, silent, stage


class OpenbookLM(TemplateLM):  # type: ignore[misc]  # the harness has no types
    """Answers the harness' three kinds of requests.

    Contexts are aligned as in `openbook.generate`, see `alignment`. Each complete chunk that tokens follow is
    looked up by its own tokens.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: to look things up in, in the version that it reads now; without retrieval only its tokenizer
            is used.
        options: how questions are answered.
        progress: called with how many requests of each kind are done, and of how many.

    Raises:
        SettingsError: a number out of its range, or a model that cannot read neighbors.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        database: Database | Version,
        options: AnswerOptions | None = None,
        *,
        progress: Progress = silent,
    ) -> None:
        super().__init__()
        options = options or AnswerOptions()
        require_reader(model)
        database = opened(database)
        require_match(model, database)
        check_k(options.k)
        self._model = model
        self._neighbors: NeighborCache | None = None
        if options.retrieval:
            lookup = Lookup(book=database, k=options.k, mode=options.mode)
            self._neighbors = NeighborCache(make_fetcher(model, database.tokenizer, lookup))
        self._tokenizer = database.tokenizer
        max_length = options.max_length
        if max_length is None:
            max_length = model.config.max_position_embeddings
        self._alignment = ChunkAlignment(model.config.chunk_size, max_length, self.eot_token_id)
        self._scorer = BatchScorer(model, self.eot_token_id, self._neighbors, options.batch_size)
        self._seed = options.seed
        self._borders = options.borders
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
        rows = self._rows(contexts, answers)
        scores = self._scorer.scores(rows, compare=True, progress=stage(self._progress, "loglikelihood"))
        for (texts, _, _), score in zip(requests, scores, strict=True):
            self.cache_hook.add_partial("loglikelihood", texts, score)
        return scores

    def _rows(self, contexts: Sequence[list[int]], answers: Sequence[list[int]]) -> list[list[Row]]:
        pairs = list(zip(contexts, answers, strict=True))
        if self._borders == "text":
            return [list(self._alignment.rows_of_text(*pair)) for pair in pairs]
        room: dict[tuple[int, ...], int] = {}
        for context, answer in pairs:
            room[tuple(context)] = max(room.get(tuple(context), 0), len(answer))
        return [list(self._alignment.rows(*pair, room[tuple(pair[0])])) for pair in pairs]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = True) -> list[float]:
        """Score whole texts, as after an end-of-text token; chunk borders are those of the text alone."""
        texts = [request.args[0] for request in requests]
        start = [self.prefix_token_id]
        rows = [list(self._alignment.rows(start, tokens)) for tokens in self._tokenizer.encode(texts)]
        progress = stage(self._progress, "loglikelihood_rolling")
        scores = [score for score, _ in self._scorer.scores(rows, compare=False, progress=progress)]
        for text, score in zip(texts, scores, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), score)
        return scores

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = True) -> list[str]:
        """Continue each context, until a stop string or the longest length."""
        progress = stage(self._progress, "generate_until")
        texts = []
        for done, (context, kwargs) in enumerate((request.args for request in requests), start=1):
            text = self._continue(context, kwargs, self._seed + done)
            self.cache_hook.add_partial("generate_until", (context, kwargs), text)
            texts.append(text)
            progress(done, len(requests))
        return texts

    def _continue(self, context: str, kwargs: dict[str, Any], seed: int) -> str:
        stop, sampling = read_generation_kwargs(kwargs, default=self._alignment.max_length // 2)
        prompt = self.tok_encode(context) or [self.prefix_token_id]
        prompt = self._alignment.truncated(prompt, stop.max_new_tokens)
        settings = DecodingSettings(stop.max_new_tokens, sampling, self.eot_token_id, seed)

        def is_done(written: list[DecodedToken]) -> bool:
            return stop.is_met(self.tok_decode(token.id for token in written))

        with evaluation_mode(self._model):
            tokens = decode(self._model, prompt, settings, self._neighbors, is_done=is_done)
        return stop.cut(self.tok_decode(token.id for token in tokens))
