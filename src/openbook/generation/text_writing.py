"""Writing the texts that are asked for: what is checked before, and what a row of a batch is made of."""

import secrets
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from openbook.errors import MismatchError, OpenbookWarning, SettingsError, TooLongError
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.book_drafts import DraftCounts
from openbook.generation.influence import influences
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.request import check_ends
from openbook.generation.running_batch import RunningBatch
from openbook.generation.text_request import Lookup, OnEvent, TextEnd, TextRequest
from openbook.generation.written_text import FinishReason, WrittenText
from openbook.model import EncodedNeighbors, RetroForCausalLM
from openbook.phrases import counted
from openbook.text import Tokenizer

_SEEDS = 2**32
"""To draw one from: so few that it can be typed again."""
_SEEDS_OF_TORCH = range(-(2**63), 2**64)


@dataclass(frozen=True, slots=True)
class TextJob:
    """A text that can be written: the row of a batch, and what is told of it."""

    row: BatchRow
    text: WrittenText
    model: RetroForCausalLM

    def finish(self, reason: FinishReason | None = None) -> TextEnd | None:
        """Tell how it ended, once the row has.

        Args:
            reason: why; None: as the tokens say.

        Returns:
            What was told; None: it failed.
        """
        if self.row.error is not None:
            self.text.fail(self.row.error)
            return None
        row = self.row
        if row.found_nothing:
            return self.text.refuse()
        counts = DraftCounts(row.passes, row.proposed, row.accepted) if row.settings.drafts else None
        measured = influences(self.model, row) if self.text.request.influence and row.written else None
        return self.text.end(row.written, reason, drafts=counts, influences=measured)


def prepare(
    model: RetroForCausalLM, tokenizer: Tokenizer, request: TextRequest, on_event: OnEvent | None = None
) -> TextJob:
    """Check what is asked for, and make what writes it.

    Args:
        model: any.
        tokenizer: the model's.
        request: what to write.
        on_event: is told; None: nobody is.

    Raises:
        SettingsError: a value out of its range, or a text longer than the base's positions reach.
        MismatchError: model, tokenizer and book do not belong together.
        DatabaseError: there is nothing to look up.
    """
    require_tokenizer(model, tokenizer)
    _warn_of_start(model, tokenizer)
    _require_possible(request, vocab_size=model.config.vocab_size)
    source = None if request.lookup is None else make_fetcher(model, tokenizer, request.lookup)
    num_prefix = len(model.prefix_ids)
    prompt_tokens = num_prefix + len(request.prompt_ids)
    window = _window_of(model, request)
    k = 0 if source is None else source.most_read
    if window is None:
        is_long = require_room(model, prompt_tokens, request.max_new_tokens, k=k)
    else:  # at a border it may be a chunk longer before it is noticed
        is_long = require_room(model, num_prefix + window, model.config.chunk_size, k=k)
    seed = any_seed() if request.seed is None else request.seed
    text = WrittenText(request, tokenizer, source, seed=seed, prompt_tokens=prompt_tokens, on_event=on_event)
    settings = DecodingSettings(
        request.max_new_tokens,
        request.sampling,
        tokenizer.eos_id,
        seed,
        end_ids=request.end_ids,
        min_new_tokens=request.min_new_tokens,
        num_logprobs=request.num_logprobs,
        stride=_stride_of(model, request.lookup),
        look_ahead=0 if request.lookup is None else request.lookup.look_ahead,
        needs_neighbors=request.lookup is not None and request.refusal is not None,
        drafts=request.drafts,
        window=window,
        is_alone=is_long,
    )
    memory = None if request.lookup is None else request.lookup.memory
    return TextJob(BatchRow(list(request.prompt_ids), settings, source, text.add, memory), text, model)


def write_texts(
    model: RetroForCausalLM,
    jobs: Sequence[TextJob],
    *,
    batch_size: int,
    encoded_neighbors: EncodedNeighbors | None = None,
) -> list[TextEnd]:
    """Write texts, so many at a time; where one ends, the next joins at the next chunk border.

    Args:
        model: in evaluation mode.
        jobs: of this model.
        batch_size: texts at a time.
        encoded_neighbors: to take them from, where the encoder is unconditioned.

    Raises:
        Exception: what the first text that failed failed of.
    """
    batch = RunningBatch(model, encoded_neighbors)
    waiting = list(jobs)
    while waiting or batch.rows:
        room = batch_size - len(batch.rows)
        joining = batch.fitting([job.row for job in waiting[:room]])
        batch.step([job.row for job in waiting[:joining]])
        waiting = waiting[joining:]
    for job in jobs:
        if job.row.error is not None:
            raise job.row.error
    ends = [job.finish() for job in jobs]
    return [end for end in ends if end is not None]


def any_seed() -> int:
    """Draw a seed for draws that shall be repeatable though none was given."""
    return secrets.randbelow(_SEEDS)


def require_tokenizer(
    model: RetroForCausalLM,
    tokenizer: Tokenizer,
    *,
    remedy: str = "chat=ChatFormat.of(load_tokenizer(MODEL))",
) -> None:
    """Refuse a tokenizer that is not the model's.

    Args:
        model: any.
        tokenizer: that the text is put by.
        remedy: how to give the model's.

    Raises:
        MismatchError: naming both.
    """
    wanted = model.config.tokenizer_fingerprint
    if wanted is not None and not tokenizer.has_fingerprint(wanted):
        raise MismatchError(
            f"the model was trained with tokenizer {wanted}, the text would be put by "
            f"{tokenizer.name} ({tokenizer.fingerprint}); give the model's: {remedy}"
        )


def _warn_of_start(model: RetroForCausalLM, tokenizer: Tokenizer) -> None:
    """Say where a base would read texts and neighbors without the token that it expects before them.

    The command line and training take it from the tokenizer; `openbook.retrofit` knows only the base.
    """
    if not model.reads_itself or model.prefix_ids:
        return
    if start := tokenizer.start_ids:
        warnings.warn(
            f"the model reads texts and neighbors without the tokens {start} that {tokenizer.name} begins "
            f"texts with; bases often read worse so: openbook.retrofit(base, prefix_ids={start})",
            OpenbookWarning,
            stacklevel=3,
        )


def room_of(model: RetroForCausalLM, *, k: int) -> int | None:
    """The longest text, prompt and continuation together, that a model reads with k neighbors.

    A base with a table of positions ends with it. One that reads its neighbors itself, and turns all keys by
    other angles beyond a length, must stay below it with its neighbors, as with a prompt that holds them.

    Returns:
        Tokens; None: there is no limit.
    """
    alike = model.longest_alike
    if k and alike is not None and model.reads_itself:
        return alike - k * 2 * model.config.chunk_size
    return model.max_positions


def require_room(model: RetroForCausalLM, prompt: int, max_new_tokens: int, *, k: int = 0) -> bool:
    """Refuse a text that is longer than the base reads.

    Args:
        model: any.
        prompt: its tokens.
        max_new_tokens: the longest continuation; its last token need not be read again.
        k: neighbors that it reads.

    Returns:
        Whether it may become so long that the base turns the keys of all texts of a batch by other angles:
        such a text is to be written alone.

    Raises:
        TooLongError: saying how many there is room for.
    """
    longest, length = room_of(model, k=k), prompt + max_new_tokens - 1
    if longest is not None and length > longest:
        room = longest - prompt + 1
        advice = f"ask for at most {room}" if room > 0 else "shorten the prompt"
        reads = "" if longest == model.max_positions else f" beside its {counted(k, 'neighbor')}"
        raise TooLongError(
            f"max new tokens {max_new_tokens}: the prompt has {prompt} tokens, and the base positions for "
            f"{longest}{reads}; {advice}{' or read fewer neighbors' if reads else ''}"
        )
    return model.longest_alike is not None and length > model.longest_alike


def require_window(model: RetroForCausalLM, prompt: int, max_new_tokens: int, *, advice: str) -> None:
    """Refuse a text that is longer than those that a base was made for: beyond, it writes at random.

    A RETRO of ours knows distances alone, and reads longer texts than those of its training.

    Args:
        model: any.
        prompt: its tokens, with those that the model puts before every text.
        max_new_tokens: the longest continuation.
        advice: how to make the prompt shorter.

    Raises:
        TooLongError: saying how many tokens there are.
    """
    if model.config.model_type != "retrofit":
        return
    window = model.config.max_position_embeddings
    if prompt + max_new_tokens - 1 > window:
        raise TooLongError(
            f"the model's context has {window} tokens, the prompt has {prompt}, and {max_new_tokens} are to "
            f"be written; {advice}, or ask for fewer"
        )


def _require_possible(request: TextRequest, *, vocab_size: int) -> None:
    """Refuse what no model of this vocabulary could write.

    Raises:
        SettingsError: no prompt, a token outside the vocabulary, or a number out of its range.
    """
    if not request.prompt_ids:
        raise SettingsError("the prompt has no token; give some text")
    named = {"prompt": request.prompt_ids, "logit bias": request.sampling.logit_bias}
    for name, tokens in named.items():
        for token in tokens:
            if not 0 <= token < vocab_size:
                raise SettingsError(
                    f"{name}: token {token} is outside the vocabulary of {vocab_size} tokens; use this "
                    "model's tokenizer"
                )
    check_ends(
        max_new_tokens=request.max_new_tokens, min_new_tokens=request.min_new_tokens, stop=request.stop
    )
    if request.drafts and request.sampling.temperature > 0:
        raise SettingsError(
            "drafts are checked against the likeliest token: ask for a temperature of 0, or for no drafts"
        )
    if request.influence and request.lookup is None:
        raise SettingsError(
            "influence: nothing is looked up beside the prompt; leave it out, or have something looked up"
        )
    if request.num_logprobs is not None and not 0 <= request.num_logprobs <= vocab_size:
        raise SettingsError(
            f"logprobs of {request.num_logprobs} tokens: must be from 0 to {vocab_size}, the vocabulary"
        )
    if request.seed is not None and not _SEEDS_OF_TORCH.start <= request.seed < _SEEDS_OF_TORCH.stop:
        raise SettingsError(f"seed {request.seed}: must be from -2^63 to 2^64 - 1")


def _stride_of(model: RetroForCausalLM, lookup: Lookup | None) -> int | None:
    """Tokens between look-ups; None: a chunk.

    Raises:
        SettingsError: no tokens, or more than a chunk; or a look-ahead as long as that.
    """
    M = model.config.chunk_size
    if lookup is None:
        return None
    stride = M if lookup.stride is None else lookup.stride
    if not 1 <= stride <= M:
        raise SettingsError(f"stride {stride}: must be from 1 to {M}, the model's chunk length")
    if not 0 <= lookup.look_ahead < stride:
        raise SettingsError(
            f"look-ahead of {lookup.look_ahead} tokens: must be from 0 to {stride - 1}, less than the "
            "tokens between two look-ups"
        )
    return None if stride == M else stride


def _window_of(model: RetroForCausalLM, request: TextRequest) -> int | None:
    """The window in tokens, if there is one.

    Raises:
        SettingsError: it is not of whole chunks, or influence is to be measured, which reads the text anew.
    """
    window, M = request.window, model.config.chunk_size
    if window is None:
        return None
    if window % M or window < 2 * M:
        raise SettingsError(f"window {window}: must be a multiple of the chunk length {M}, at least {2 * M}")
    if request.influence:
        raise SettingsError("influence is measured where all of the text is read: leave out the window")
    return window
