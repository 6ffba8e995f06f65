"""The verb `generate`: continue a prompt, or answer it, with sources."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.console import on_terminal
from openbook.cli.document_options import OnlyIds, OnlySources, OnlyTitles, document_filter
from openbook.cli.inputs import load_model, require_model
from openbook.cli.lookups import lookup_of
from openbook.cli.options import (
    DatabaseArgument,
    DrawSeed,
    Json,
    MaxNewTokens,
    ModelArgument,
    PromptArgument,
    PutAsQuestion,
    ReadNeighbors,
    Temperature,
    TopK,
    TopP,
    WriteMode,
    WriteRetrieval,
)
from openbook.cli.text_output import ToldText, print_generation
from openbook.cli.unseen import note_unseen, unseen_of

if TYPE_CHECKING:
    from openbook.database import Version
    from openbook.generation import Generation


def generate(
    model: ModelArgument,
    db: DatabaseArgument,
    prompt: PromptArgument,
    max_new_tokens: MaxNewTokens = 128,
    k: ReadNeighbors = None,
    mode: WriteMode = None,
    retrieval: WriteRetrieval = True,
    id: OnlyIds = None,
    source: OnlySources = None,
    title: OnlyTitles = None,
    temperature: Temperature = 0.8,
    top_k: TopK = None,
    top_p: TopP = 0.95,
    seed: DrawSeed = None,
    chat: PutAsQuestion = False,
    json: Json = False,
) -> None:
    """Continue a prompt, with the sources that were looked at.

    On a terminal it is shown as it is written. With --chat the prompt is a question, put in the model's chat
    template and looked up as it stands; openbook ask is for that alone.

    Example: openbook generate mymodel mybook "The sky is blue because" --max-new-tokens 64
    """
    from openbook.database import Version
    from openbook.generation.request import check_request, check_sampling

    check_request(prompt, max_new_tokens=max_new_tokens, k=k)
    check_sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    require_model(model)
    documents = document_filter(id, source, title, retrieval=retrieval)
    database = Version.open(db)
    if retrieval:
        lookup = lookup_of(model, database, mode)
        database, mode = lookup.book, lookup.mode
        note_unseen(database)
        if documents is not None:
            database.allowed_chunks(documents)

    from openbook.generation import Sampling  # loads torch: after all that can be checked without

    begin = "" if chat else prompt
    told = ToldText(begin) if on_terminal() and not json else None
    result = (_answered if chat else _continued)(
        model,
        database,
        prompt,
        max_new_tokens=max_new_tokens,
        k=k,
        mode=mode,
        retrieval=retrieval,
        documents=documents,
        sampling=Sampling(temperature=temperature, top_k=top_k, top_p=top_p),
        seed=seed,
        on_text=told,
    )
    unseen = unseen_of(database) if retrieval else None
    print_generation(begin, result, unseen=unseen, json=json, told=told)


def _continued(model: Path, database: "Version", prompt: str, **options: Any) -> "Generation":
    from openbook.generation import generate as continue_prompt

    return continue_prompt(load_model(model), database, prompt, **options)


def _answered(
    model: Path, database: "Version", prompt: str, *, seed: int | None, **options: Any
) -> "Generation":
    """What a model answers in its chat template, as a text that it wrote."""
    from openbook.cli.asked_model import chat_of
    from openbook.generation import Generation, ask
    from openbook.generation.text_writing import any_seed

    loaded = load_model(model)
    seed = any_seed() if seed is None else seed
    answer = ask(loaded, database, prompt, chat=chat_of(model, loaded), seed=seed, **options)
    return Generation(
        answer.answer,
        answer.citations,
        prompt=prompt,
        seed=seed,
        tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
    )
