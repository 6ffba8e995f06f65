"""Texts that are written together: token after token with one cache, new neighbors at each chunk border.

Every prompt is padded on the left to whole chunks, so that its last token ends one and the first written
token already profits from neighbors (RETRO++, arXiv 2304.06762), and so that all rows have their borders at
the same places of the batch.
With M = 4, a prompt of 6 tokens p, and one of 3 tokens q that joins at the first border of the other:

    . . p p | p p p p | w w w w | w w
            |         | . q q q | v v
            |         |         a border: the chunk w w w w is complete; it and the chunk of q are looked up,
            |         |         in one search, and each row reads what its own chunk found
            both chunks of the prompt p are looked up before its first token is written

With a stride, rows are looked up between the borders, too: what is read until the next look-up is what the
last M tokens find. All rows of a batch have the same. While a row is alone, drafts out of its neighbors may
be checked, see `openbook.generation.book_drafts`: a pass then writes several tokens, never across a look-up.

A row with a window that has become as long as that leaves at a border, and joins again at once with what is
left of its text: its cache is made anew, and what it left can be looked up in its memory.

A long prompt can be read in parts, see `openbook.generation.prompt_reading`: one for each token of the
others, and the last one at their next border, so that nobody waits for more than a part.

A row may leave after any token. Tokens in, tokens out; what retrieves and how is the rows' own.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from openbook.generation.batch_pass import run_pass
from openbook.generation.batch_row import BatchRow, DecodingSettings, IsDone, Prediction
from openbook.generation.book_drafts import MOST_PROPOSED
from openbook.generation.decoded_token import DecodedToken
from openbook.generation.joint_search import NeighborSource, Wanted, fetch_together
from openbook.generation.look_ahead import LookAhead
from openbook.generation.prompt_reading import PromptReading, padded
from openbook.linear_kernel import LinearKernel
from openbook.model import EncodedNeighbors, RetroCache, RetroForCausalLM
from openbook.model.cache_rows import drop_padding, join_rows
from openbook.model.causal_lm import RetroCausalLMOutput


class RunningBatch:
    """Texts that a model writes.

    Args:
        model: in evaluation mode.
        encoded_neighbors: to take them from, where the encoder is unconditioned.
        prompt_part: tokens of a longer prompt that are read between two tokens of other texts, rounded down
            to whole chunks, at least one; None: each prompt is read in one pass, while the others wait.

    Attributes:
        rows: those that are being written, in the cache's order.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        encoded_neighbors: EncodedNeighbors | None = None,
        *,
        prompt_part: int | None = None,
    ) -> None:
        self.model = model
        self.rows: list[BatchRow] = []
        self._readings: list[PromptReading] = []
        self._encoded_neighbors = encoded_neighbors
        self._chunk_size = M = model.config.chunk_size
        self._part = None if prompt_part is None else max(M, prompt_part // M * M)
        self._reads_itself = model.reads_itself
        self._ahead = LookAhead()
        self._kernel = LinearKernel(model)
        self._cache = RetroCache()
        self._length = 0
        """Places in the cache."""

    @property
    def may_join(self) -> bool:
        """Whether other texts may join in the next step: nothing runs, or a chunk will be complete."""
        return not self.rows or self._length % self._chunk_size == self._chunk_size - 1

    @property
    def texts(self) -> list[BatchRow]:
        """Those that are being written, and those whose prompts are being read."""
        return [*self.rows, *(reading.row for reading in self._readings)]

    def fitting(self, rows: Sequence[BatchRow]) -> int:
        """How many of these, from the first on, may be given in the next step: those of the batch's stride.

        One whose prompt is read in parts may come at any time, others where they may join at once. One that
        is to be written alone joins where nothing runs, and nothing joins it.
        """
        texts = self.texts
        together = [*texts, *rows[:1]]
        if any(row.settings.is_alone for row in together):
            return 0 if texts or not rows else 1
        stride = together[0].settings.stride if together else None
        fits = (
            (self.may_join or self._is_long(row))
            and not row.settings.is_alone
            and row.settings.stride == stride
            for row in rows
        )
        return next((place for place, does in enumerate(fits) if not does), len(rows))

    def _is_long(self, row: BatchRow) -> bool:
        """Whether its prompt is read in parts, where others are being written."""
        return self._part is not None and row.settings.window is None and len(row.prompt) > self._part

    def step(self, joining: Sequence[BatchRow] = ()) -> None:
        """Write one token of every row, or several of one that is alone.

        What goes wrong with a row is its `error`; the others go on. Rows that have ended are gone after it.

        Args:
            joining: texts to begin, only those that are `fitting`.
        """
        assert self.fitting(joining) == len(joining), "texts join at a chunk border, those of a stride"
        with torch.inference_mode():
            may_join = self.may_join
            joining = self._moved_on(joining)
            neighbors = self._look_up(joining)
            if self.rows:
                for row in filter(self._is_long, joining):
                    self._readings.append(self._reading(row, neighbors))
                joining = [row for row in joining if not self._is_long(row)]
                self._write_next(neighbors)
                self._keep([row for row in self.rows if not row.ended])
            begun = self._read_on(may_join=may_join)
            begun += self._begin([row for row in joining if not row.ended], neighbors)
            self._join(begun)

    def remove(self, rows: Sequence[BatchRow]) -> None:
        """Take rows out, between two steps."""
        with torch.inference_mode():
            self._readings = [reading for reading in self._readings if reading.row not in rows]
            self._keep([row for row in self.rows if row not in rows])

    def _moved_on(self, joining: Sequence[BatchRow]) -> list[BatchRow]:
        """Move the windows of texts that have outgrown theirs; those that were running join again."""
        running = self.rows if self.may_join else []
        outgrown = [row for row in running if row.outgrows()]
        for row in [*outgrown, *(row for row in joining if row.outgrows())]:
            try:
                row.leave(self._chunk_size)
            except Exception as error:  # noqa: BLE001 - of its memory; the others go on
                row.fail(error)
        self._keep([row for row in self.rows if row not in outgrown])
        return [*(row for row in outgrown if not row.ended), *(row for row in joining if not row.ended)]

    def _look_up(self, joining: Sequence[BatchRow]) -> dict[BatchRow, tuple[Tensor, Tensor]]:
        """Neighbors [C, K, R] with their mask, of each row that needs some in this step."""
        M = self._chunk_size
        wanted: list[tuple[BatchRow, Wanted]] = []
        begun: list[BatchRow] = []
        if self._is_due(self._length + 1):
            begun = [row for row in self.rows if self._ahead.has_begun(row)]
            for row in self.rows:
                if row.source is not None and row not in begun:
                    wanted.append((row, Wanted(row.source, [row.last_tokens(M)])))
        for row in joining:
            if row.source is not None:
                chunks = row.chunks_in_window(M)
                # A base that reads its neighbors itself has all of a prompt read those of its last chunk.
                wanted.append((row, Wanted(row.source, chunks[-1:] if self._reads_itself else chunks)))
        results = zip([row for row, _ in wanted], fetch_together([one for _, one in wanted]), strict=True)
        neighbors = {}
        for row, found in [*results, *((row, self._ahead.finish(row)) for row in begun)]:
            if isinstance(found, Exception):
                row.fail(found)
            else:
                row.read(*found)
                neighbors[row] = found
        self._keep([row for row in self.rows if not row.ended])
        return neighbors

    def _look_ahead(self) -> None:
        """Begin the searches whose look-ups are soon due."""
        for row in self.rows:
            tokens = range(1, row.settings.look_ahead + 1)
            soon = next((count for count in tokens if self._is_due(self._length + 1 + count)), None)
            if soon is not None and len(row.written) + soon < row.settings.max_new_tokens:
                self._ahead.begin(row, chunk_size=self._chunk_size)

    def _is_due(self, length: int) -> bool:
        """Whether something is looked up once there are so many tokens."""
        stride = self.rows[0].settings.stride if self.rows else None
        place = length % self._chunk_size
        return place == 0 if stride is None else place % stride == 0

    def _write_next(self, neighbors: dict[BatchRow, tuple[Tensor, Tensor]]) -> None:
        """One token more of each running row; of one that is alone those of a draft, too."""
        if not self.rows:
            return
        if self._is_due(self._length + 1):
            # The token that completes a chunk reads that chunk's neighbors, not the last one's.
            self._cache.last = None
            if self.rows[0].settings.stride is not None:
                self._cache.end_chunk_after(1, chunk_size=self._chunk_size)
        self._look_ahead()
        draft = self._draft()
        new = [[row.written[-1].id, *draft] for row in self.rows]
        self._length += len(new[0])
        try:
            rejected = self._pass(self.rows, new, self._cache, neighbors, is_prompt=False, draft=draft)
            self._cache.take_back(rejected, chunk_size=self._chunk_size)
            self._length -= rejected
        except Exception as error:  # noqa: BLE001 - what it leaves of the cache fits nothing
            for row in self.rows:
                row.fail(error)
            self._keep([])

    def _draft(self) -> list[int]:
        """Tokens that may follow those of a row that is alone, none of which ends a window to look up."""
        if len(self.rows) > 1:
            return []
        room = 0
        while room < MOST_PROPOSED and not self._is_due(self._length + 2 + room):
            room += 1
        return self.rows[0].draft(room)

    def _begin(
        self, joining: Sequence[BatchRow], neighbors: dict[BatchRow, tuple[Tensor, Tensor]]
    ) -> list[tuple[list[BatchRow], RetroCache]]:
        """Read prompts and write their first tokens; those of equally many chunks together."""
        groups: dict[int, list[BatchRow]] = {}
        for row in joining:
            groups.setdefault(-(-len(row.in_window()) // self._chunk_size), []).append(row)
        begun: list[tuple[list[BatchRow], RetroCache]] = []
        for rows in groups.values():
            try:
                begun.append((rows, self._read_prompts(rows, neighbors)))
            except Exception as error:  # noqa: BLE001 - of one of the rows: found below
                if len(rows) == 1:
                    rows[0].fail(error)
                    continue
                # One of them is at fault: each alone.
                begun += [one for row in rows for one in self._begin([row], neighbors)]
        return begun

    def _read_prompts(
        self, rows: Sequence[BatchRow], neighbors: dict[BatchRow, tuple[Tensor, Tensor]]
    ) -> RetroCache:
        cache = self._new_cache(rows[0])
        new = []
        for row in rows:
            tokens, row.padding = padded(row, self._chunk_size)
            new.append(tokens)
        self._pass(rows, new, cache, neighbors, is_prompt=self._reads_itself)
        return cache

    def _new_cache(self, row: BatchRow) -> RetroCache:
        """For the prompt of a text."""
        cache = RetroCache()
        cache.encoded_neighbors = self._encoded_neighbors
        cache.num_recent = 0 if row.settings.stride is None else 2 * self._chunk_size
        return cache

    def _reading(self, row: BatchRow, neighbors: dict[BatchRow, tuple[Tensor, Tensor]]) -> PromptReading:
        found = neighbors.get(row)
        return PromptReading(row, self._new_cache(row), found, chunk_size=self._chunk_size)

    def _read_on(self, *, may_join: bool) -> list[tuple[list[BatchRow], RetroCache]]:
        """Read a part of a prompt; where texts may join, those begin whose last part is left.

        Where nothing is being written, nobody waits, and all of them begin.
        """
        assert self._part is not None or not self._readings
        self._readings = [reading for reading in self._readings if not reading.row.ended]
        ready: list[PromptReading] = []
        if may_join or not self.rows:
            ready = [one for one in self._readings if not self.rows or one.left <= (self._part or 0)]
        self._readings = [reading for reading in self._readings if reading not in ready]
        unread = next((one for one in self._readings if one.left > (self._part or 0)), None)
        if unread is not None:
            self._read_part(unread, self._part or 0)
        return [([one.row], one.cache) for one in ready if self._read_part(one, one.left, is_last=True)]

    def _read_part(self, reading: PromptReading, count: int, *, is_last: bool = False) -> bool:
        """Read tokens of a prompt, and after the last part write the first one; False: that failed."""
        row = reading.row
        tokens, found = reading.take(count)
        neighbors = {} if found is None else {row: found}
        try:
            if is_last:
                self._pass([row], [tokens], reading.cache, neighbors, is_prompt=self._reads_itself)
            else:
                self._run([row], [tokens], reading.cache, neighbors, is_prompt=self._reads_itself)
        except Exception as error:  # noqa: BLE001 - the others go on
            row.fail(error)
        return row.error is None

    def _pass(
        self,
        rows: Sequence[BatchRow],
        new: list[list[int]],
        cache: RetroCache,
        neighbors: dict[BatchRow, tuple[Tensor, Tensor]],
        *,
        is_prompt: bool,
        draft: Sequence[int] = (),
    ) -> int:
        """Read tokens of rows, equally many of each, and draw the next one of each.

        Args:
            rows: that are read.
            new: tokens of each.
            cache: of those before.
            neighbors: of the rows that look something up.
            is_prompt: all tokens read them.
            draft: of a row that is alone, the last ones of its tokens.

        Returns:
            How many tokens of the draft were wrong.
        """
        out = self._run(rows, new, cache, neighbors, is_prompt=is_prompt, num_predicted=len(draft) + 1)
        accepted = 0
        for number, row in enumerate(rows):
            try:
                accepted = self._write(row, out, number, draft)
            except Exception as error:  # noqa: BLE001 - its neighbors go on
                row.fail(error)
        return len(draft) - accepted

    def _run(
        self,
        rows: Sequence[BatchRow],
        new: list[list[int]],
        cache: RetroCache,
        neighbors: dict[BatchRow, tuple[Tensor, Tensor]],
        *,
        is_prompt: bool,
        num_predicted: int = 1,
    ) -> RetroCausalLMOutput:
        """Read tokens of rows, see `_pass`; what follows so many last ones is predicted."""
        found = [neighbors.get(row) for row in rows]
        with self._kernel:
            return run_pass(
                self.model, rows, new, cache, found, is_prompt=is_prompt, num_predicted=num_predicted
            )

    def _write(self, row: BatchRow, out: RetroCausalLMOutput, number: int, draft: Sequence[int]) -> int:
        """Draw a row's next token, and while these are the draft's those after it.

        Returns:
            How many tokens of the draft were written.
        """
        mixes, accepted = self.model.copy_head is not None, 0
        row.passes += 1
        row.proposed += len(draft)
        for place in range(-len(draft) - 1, 0):
            before = len(row.written)
            row.add(_prediction(out, number, place), chunk_size=self._chunk_size, mixes=mixes)
            if len(row.written) == before or place == -1 or row.written[-1].id != draft[accepted]:
                break
            accepted += 1
            if row.ended:
                break
        row.accepted += accepted
        return accepted

    def _keep(self, rows: list[BatchRow]) -> None:
        """Keep these of the running rows alone."""
        if len(rows) == len(self.rows):
            return
        if rows:
            kept = [place for place, row in enumerate(self.rows) if row in rows]
            self._cache.batch_select_indices(torch.tensor(kept, device=self.model.device))
        self.rows = rows
        self._ahead.keep(rows)
        if not rows:
            self._cache, self._length = RetroCache(), 0

    def _join(self, begun: Sequence[tuple[list[BatchRow], RetroCache]]) -> None:
        """Put those of the begun texts that go on beside the running ones."""
        groups = [(self.rows, self._cache)] if self.rows else []
        for rows, cache in begun:
            going_on = [place for place, row in enumerate(rows) if not row.ended]
            if going_on and len(going_on) < len(rows):
                cache.batch_select_indices(torch.tensor(going_on, device=self.model.device))
            if going_on:
                groups.append(([rows[place] for place in going_on], cache))
        if groups:
            self._length = max(cache.get_seq_length() for _, cache in groups)
            for rows, cache in groups:
                for row in rows:
                    row.padding += self._length - cache.get_seq_length()
            self.rows = [row for rows, _ in groups for row in rows]
            caches = [cache for _, cache in groups]
            self._cache = caches[0] if len(caches) == 1 else join_rows(caches, chunk_size=self._chunk_size)
        self._drop_padding()

    def _drop_padding(self) -> None:
        """Take away whole chunks of padding that all rows share."""
        shared = min((row.padding for row in self.rows), default=0)
        shared -= shared % self._chunk_size
        if shared and self._length % self._chunk_size == 0:
            drop_padding(self._cache, shared, chunk_size=self._chunk_size)
            self._length -= shared
            for row in self.rows:
                row.padding -= shared


def decode(
    model: RetroForCausalLM,
    prompt: list[int],
    settings: DecodingSettings,
    source: NeighborSource | None,
    is_done: IsDone | None = None,
) -> list[DecodedToken]:
    """Continue one prompt.

    Args:
        model: in evaluation mode.
        prompt: at least one token.
        settings: see there.
        source: gives neighbors; None: without retrieval.
        is_done: called after each token with all that are written; True ends the text; None: it never does.

    Returns:
        The written tokens, without the one that ends the text.
    """
    row = BatchRow(prompt, settings, source, is_done)
    batch = RunningBatch(model)
    batch.step([row])
    while batch.rows:
        batch.step()
    if row.error is not None:
        raise row.error
    return row.written


def _prediction(out: RetroCausalLMOutput, row: int, place: int) -> Prediction:
    """Of one row, after a token, counted from the end."""
    assert out.logits is not None
    shares = None if out.neighbor_shares is None else out.neighbor_shares[row, place]
    copied = None if out.copied is None else out.copied.at(row, place)
    return Prediction(out.logits[row, place], shares, copied)
