"""What `openbook generate` has a model write: a prompt's continuations, or an answer to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from openbook.database import DocumentFilter, SearchMode, Version
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker
    from openbook.generation import Generation, Sampling
    from openbook.generation.memory import Memory
    from openbook.generation.text_stream import OnText
    from openbook.model import RetroForCausalLM
    from openbook.text import Tokenizer


class WritingOptions(TypedDict):
    """What `generate`, `generate_batch` and `ask` of `openbook.generation` take alike."""

    max_new_tokens: int
    k: int | None
    mode: "SearchMode | None"
    retrieval: bool
    documents: "DocumentFilter | None"
    stride: int | None
    look_ahead: int
    influence: bool
    sampling: "Sampling"
    stop: Sequence[str]
    min_new_tokens: int
    seed: int | None


def continued(
    model: "RetroForCausalLM",
    database: "Version",
    prompt: str,
    options: WritingOptions,
    *,
    num_samples: int,
    num_beams: int,
    num_logprobs: int | None,
    drafts: bool,
    memory: "Memory | None",
    window: int | None,
    ranker: "NeighborRanker | None",
    tokenizer: "Tokenizer",
    on_text: "OnText | None",
) -> "list[Generation]":
    """Continue a prompt once, or several times; then without beams, drafts, a memory and a window.

    Args:
        num_samples: how many times.
        model, database, prompt, options, num_beams, num_logprobs, drafts, memory, window, ranker, tokenizer,
            on_text: as in `openbook.generate`.
    """
    from openbook.generation import generate, generate_batch

    if num_samples > 1:
        return generate_batch(
            model,
            database,
            [prompt],
            num_samples=num_samples,
            num_logprobs=num_logprobs,
            ranker=ranker,
            tokenizer=tokenizer,
            **options,
        )
    text = generate(
        model,
        database,
        prompt,
        num_beams=num_beams,
        num_logprobs=num_logprobs,
        drafts=drafts,
        memory=memory,
        window=window,
        ranker=ranker,
        tokenizer=tokenizer,
        on_text=on_text,
        **options,
    )
    return [text]


def answered(
    model: "RetroForCausalLM",
    database: "Version",
    prompt: str,
    options: WritingOptions,
    *,
    tokenizer: "Tokenizer",
    drafts: bool,
    on_text: "OnText | None",
) -> "Generation":
    """What a model answers in the chat template of its tokenizer, as a text that it wrote.

    Args:
        model, database, prompt, options, drafts, on_text: as in `openbook.ask`.
        tokenizer: the model's.
    """
    from openbook.generation import Generation, ask
    from openbook.generation.text_writing import any_seed
    from openbook.text import ChatFormat

    seed = any_seed() if options["seed"] is None else options["seed"]
    seeded: WritingOptions = {**options, "seed": seed}
    chat = ChatFormat.of(tokenizer)
    answer = ask(model, database, prompt, chat=chat, drafts=drafts, on_text=on_text, **seeded)
    return Generation(
        answer.answer,
        answer.citations,
        prompt=prompt,
        seed=seed,
        tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
        drafts=answer.drafts,
    )
