"""The verb `generate`: continue a prompt, or answer it, with sources."""

from pathlib import Path

from openbook.cli.console import note, on_terminal
from openbook.cli.lookups import lookup_of, note_searched
from openbook.cli.options.document_options import OnlyIds, OnlySources, OnlyTitles, document_filter
from openbook.cli.options.memory_options import (
    MemoryFolder,
    RememberText,
    WindowTokens,
    check_memory,
    memory_of,
)
from openbook.cli.options.option_checks import require_at_least_1
from openbook.cli.options.ranker_options import RankerFile, load_ranker
from openbook.cli.options.reading_options import (
    KeptFolder,
    ReadPrecision,
    keep_read,
    read_in,
    require_keepable,
)
from openbook.cli.options.sampling_options import (
    DrawSeed,
    FrequencyPenalty,
    LogitBias,
    Logprobs,
    MinNewTokens,
    MinP,
    NumBeams,
    PresencePenalty,
    RepetitionPenalty,
    Samples,
    Stop,
    Temperature,
    TopK,
    TopP,
    drawing_of,
)
from openbook.cli.options.search_options import ReadNeighbors, WriteMode
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json
from openbook.cli.options.writing_options import (
    CheckDrafts,
    LookAheadTokens,
    LookupStride,
    MaxNewTokens,
    MeasureInfluence,
    PromptArgument,
    PutAsQuestion,
    WriteRetrieval,
    WritingModel,
    check_writing,
    drafts_saved,
)
from openbook.cli.prompt_writing import WritingOptions, answered, continued
from openbook.cli.text_output import ToldText, print_generations
from openbook.cli.unseen import said_of_shards, unseen_of
from openbook.errors import SettingsError


def generate(
    model: WritingModel,
    db: DatabaseArgument,
    prompt: PromptArgument,
    max_new_tokens: MaxNewTokens = 128,
    k: ReadNeighbors = None,
    mode: WriteMode = None,
    retrieval: WriteRetrieval = True,
    id: OnlyIds = None,
    source: OnlySources = None,
    title: OnlyTitles = None,
    ranker: RankerFile = None,
    stride: LookupStride = None,
    look_ahead: LookAheadTokens = 0,
    drafts: CheckDrafts = False,
    influence: MeasureInfluence = False,
    remember: RememberText = False,
    memory: MemoryFolder = None,
    window: WindowTokens = None,
    temperature: Temperature = 0.8,
    top_k: TopK = None,
    top_p: TopP = 0.95,
    min_p: MinP = None,
    repetition_penalty: RepetitionPenalty = 1.0,
    presence_penalty: PresencePenalty = 0.0,
    frequency_penalty: FrequencyPenalty = 0.0,
    logit_bias: LogitBias = None,
    stop: Stop = None,
    min_new_tokens: MinNewTokens = 0,
    seed: DrawSeed = None,
    num_beams: NumBeams = 1,
    samples: Samples = 1,
    logprobs: Logprobs = None,
    chat: PutAsQuestion = False,
    keep: KeptFolder = None,
    read_precision: ReadPrecision = "float32",
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Continue a prompt, with the sources that were looked at.

    On a terminal it is shown as it is written. With --chat the prompt is a question, put in the model's chat
    template and looked up as it stands; openbook ask is for that alone. With --remember a text may be longer
    than the model reads at a time: what leaves its window can be looked up.

    Example: openbook generate mymodel mybook "The sky is blue because" --max-new-tokens 64
    """
    from openbook.cli.asked_model import load_named_model, require_askable
    from openbook.database import Version
    from openbook.generation.request import check_ends, check_request

    check_request(prompt, max_new_tokens=max_new_tokens, k=k)
    check_ends(max_new_tokens=max_new_tokens, min_new_tokens=min_new_tokens, stop=stop or ())
    drawing = drawing_of(
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        logit_bias=logit_bias,
    )
    _require_possible(samples, logprobs, num_beams, drafts=drafts, chat=chat, json=json)
    remembers = check_memory(
        remember,
        memory,
        window,
        {
            "--samples": samples > 1,
            "--num-beams": num_beams > 1,
            "--influence": influence,
            "--chat": chat,
        },
    )
    reads = retrieval or remembers
    require_keepable(keep, reads=reads)
    described = require_askable(model, reads=reads)
    check_writing(
        stride=stride,
        look_ahead=look_ahead,
        drafts=drafts,
        influence=influence,
        temperature=temperature,
        reads_beside=reads,
    )
    documents = document_filter(id, source, title, retrieval=retrieval)
    if ranker is not None and chat:
        raise SettingsError("--ranker chooses of what chunks find, not questions; leave out --chat")
    chooser = load_ranker(ranker, retrieval=retrieval)
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    if retrieval:
        lookup = lookup_of(Path(model), database, mode, allow_missing_shards=allow_missing_shards)
        database, mode = lookup.book, lookup.mode
    if described is not None and not described.reads_any_tokens:
        described.require_match(database)
    if retrieval:
        note_searched(database, documents)

    begin = "" if chat else prompt
    told = ToldText(begin) if on_terminal() and not json and samples == 1 else None
    shares_tokens = described is not None and described.shares_tokens(database)
    of_book = database.tokenizer if shares_tokens and not chat else None
    # Loads torch: after all that can be checked without.
    named = load_named_model(model, reads=reads, tokenizer=of_book)
    loaded, tokenizer = named.model, named.tokenizer
    read_in(loaded, read_precision)
    keep_read(loaded, keep)
    if described is None:
        note(f"writing with {named.description}")
    if remembers and window is None:
        window = loaded.config.training_length
    options: WritingOptions = {
        "max_new_tokens": max_new_tokens,
        "k": k,
        "mode": mode,
        "retrieval": retrieval,
        "documents": documents,
        "stride": stride,
        "look_ahead": look_ahead,
        "influence": influence,
        "sampling": drawing.sampling(),
        "stop": stop or (),
        "min_new_tokens": min_new_tokens,
        "seed": seed,
    }
    with memory_of(remembers, memory, tokenizer, loaded.config.chunk_size) as past:
        if chat:
            results = [
                answered(loaded, database, prompt, options, tokenizer=tokenizer, drafts=drafts, on_text=told)
            ]
        else:
            results = continued(
                loaded,
                database,
                prompt,
                options,
                num_samples=samples,
                num_beams=num_beams,
                num_logprobs=logprobs,
                drafts=drafts,
                memory=past,
                window=window,
                ranker=chooser,
                tokenizer=tokenizer,
                on_text=told,
            )
    for result in results:
        if result.drafts is not None:
            note(drafts_saved(result.drafts))
    unseen = unseen_of(database) if retrieval else None
    shards = said_of_shards(database, allowed=allow_missing_shards)
    print_generations(begin, results, unseen=unseen, json=json, told=told, more=shards)


def _require_possible(
    samples: int, logprobs: int | None, num_beams: int, *, drafts: bool, chat: bool, json: bool
) -> None:
    """Refuse options that do not go together, before anything is loaded."""
    require_at_least_1({"--samples": samples, "--num-beams": num_beams})
    if logprobs is not None and logprobs < 0:
        raise SettingsError(f"--logprobs {logprobs}: must be at least 0, for the written token alone")
    if drafts and (samples > 1 or num_beams > 1):
        raise SettingsError(
            "--drafts are for a text that is written alone; leave out --samples and --num-beams"
        )
    if num_beams > 1 and samples > 1:
        raise SettingsError("--num-beams finds one text; leave out --samples")
    if chat and (samples > 1 or num_beams > 1 or logprobs is not None):
        raise SettingsError(
            "--samples, --num-beams and --logprobs are for continued prompts; leave out --chat"
        )
    if logprobs is not None and not json:
        raise SettingsError("--logprobs: are told in JSON; add --json")
