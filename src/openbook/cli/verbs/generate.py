"""The verb `generate`: continue a prompt, with sources."""

from openbook.cli.inputs import load_model, require_model
from openbook.cli.lookups import lookup_of
from openbook.cli.options import (
    DatabaseArgument,
    DrawSeed,
    Json,
    MaxNewTokens,
    ModelArgument,
    PromptArgument,
    ReadNeighbors,
    Temperature,
    TopK,
    TopP,
    WriteMode,
    WriteRetrieval,
)
from openbook.cli.output import print_generation
from openbook.cli.unseen import note_unseen, unseen_of


def generate(
    model: ModelArgument,
    db: DatabaseArgument,
    prompt: PromptArgument,
    max_new_tokens: MaxNewTokens = 128,
    k: ReadNeighbors = None,
    mode: WriteMode = None,
    retrieval: WriteRetrieval = True,
    temperature: Temperature = 0.8,
    top_k: TopK = None,
    top_p: TopP = 0.95,
    seed: DrawSeed = None,
    json: Json = False,
) -> None:
    """Continue a prompt, with the sources that were looked at.

    Example: openbook generate mymodel mybook "The sky is blue because" --max-new-tokens 64
    """
    from openbook.database import Version
    from openbook.generation.request import check_request, check_sampling

    check_request(prompt, max_new_tokens=max_new_tokens, k=k)
    check_sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    require_model(model)
    database = Version.open(db)
    if retrieval:
        lookup = lookup_of(model, database, mode)
        database, mode = lookup.book, lookup.mode
        note_unseen(database)

    from openbook.generation import Sampling  # loads torch: after all that can be checked without
    from openbook.generation import generate as continue_prompt

    result = continue_prompt(
        load_model(model),
        database,
        prompt,
        max_new_tokens=max_new_tokens,
        k=k,
        mode=mode,
        retrieval=retrieval,
        sampling=Sampling(temperature=temperature, top_k=top_k, top_p=top_p),
        seed=seed,
    )
    print_generation(prompt, result, unseen=unseen_of(database) if retrieval else None, json=json)
