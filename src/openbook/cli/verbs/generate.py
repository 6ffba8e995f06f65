"""The verb `generate`: continue a prompt, with sources."""

from openbook.cli.inputs import load_model
from openbook.cli.options import (
    DatabaseArgument,
    DrawSeed,
    Json,
    MaxNewTokens,
    Mode,
    ModelArgument,
    PromptArgument,
    ReadNeighbors,
    Temperature,
    TopK,
    TopP,
    WriteRetrieval,
)
from openbook.cli.output import print_generation


def generate(
    model: ModelArgument,
    db: DatabaseArgument,
    prompt: PromptArgument,
    max_new_tokens: MaxNewTokens = 128,
    k: ReadNeighbors = None,
    mode: Mode = None,
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
    from openbook.generation import Sampling
    from openbook.generation import generate as continue_prompt

    result = continue_prompt(
        load_model(model),
        Version.open(db),
        prompt,
        max_new_tokens=max_new_tokens,
        k=k,
        mode=mode,
        retrieval=retrieval,
        sampling=Sampling(temperature=temperature, top_k=top_k, top_p=top_p),
        seed=seed,
    )
    print_generation(prompt, result, json=json)
