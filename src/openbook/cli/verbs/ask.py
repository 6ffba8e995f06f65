"""The verb `ask`: a question, an answer, and what it was read from."""

from openbook.cli.console import note, on_terminal, print_dimmed
from openbook.cli.lookups import note_searched
from openbook.cli.options.document_options import OnlyIds, OnlySources, OnlyTitles, document_filter
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
    MinNewTokens,
    MinP,
    PresencePenalty,
    RepetitionPenalty,
    Stop,
    Temperature,
    TopK,
    TopP,
    drawing_of,
)
from openbook.cli.options.search_options import BringHead, Mode, PassagesBy, ReadNeighbors
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json
from openbook.cli.options.writing_options import (
    AskedModelName,
    AskRetrieval,
    CheckDrafts,
    InPrompt,
    Judge,
    LookAheadTokens,
    LookupStride,
    MaxTokens,
    MeasureInfluence,
    QuestionArgument,
    Reread,
    check_looked_up,
    check_writing,
    drafts_saved,
)
from openbook.cli.text_output import MarkedText, print_answer, reason_of
from openbook.cli.unseen import said_of_shards


def ask(
    db: DatabaseArgument,
    question: QuestionArgument,
    model: AskedModelName = None,
    k: ReadNeighbors = None,
    mode: Mode = None,
    in_prompt: InPrompt = False,
    retrieval: AskRetrieval = True,
    max_tokens: MaxTokens = 128,
    id: OnlyIds = None,
    source: OnlySources = None,
    title: OnlyTitles = None,
    by: PassagesBy = None,
    bring_head: BringHead = False,
    stride: LookupStride = None,
    look_ahead: LookAheadTokens = 0,
    drafts: CheckDrafts = False,
    influence: MeasureInfluence = False,
    reread: Reread = False,
    judge: Judge = False,
    temperature: Temperature = 0.0,
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
    keep: KeptFolder = None,
    read_precision: ReadPrecision = "float32",
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Ask a question, and get an answer with what it was read from.

    The question is looked up in the database, which may have any tokenizer, and put to the model in its chat
    template. A share is that of the model's attention to what it read. On a terminal spans are marked [1],
    and what was hardly read is left out.

    Example: openbook ask mybook "Who built the old mill?"

    openbook ask mybook "Who built the old mill?" --model HuggingFaceTB/SmolLM2-135M-Instruct --in-prompt
    """
    from openbook.cli.asked_model import load_asked_model, load_judge, require_askable
    from openbook.database import Version
    from openbook.database.search.searcher import check_mode
    from openbook.generation.request import check_ends, check_request

    check_request(question, max_new_tokens=max_tokens, k=k, what="question")
    check_ends(max_new_tokens=max_tokens, min_new_tokens=min_new_tokens, stop=stop or ())
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
    check_writing(
        stride=stride,
        look_ahead=look_ahead,
        drafts=drafts,
        influence=influence,
        reread=reread,
        temperature=temperature,
        reads_beside=retrieval and not in_prompt,
    )
    if reread:
        drawing.check_reread(min_new_tokens)
    # -k and --mode may stay: who compares with and without retrieval gives the same options.
    looked_up = {"--by": by, "--bring-head": bring_head, "--in-prompt": in_prompt, "--judge": judge}
    check_looked_up(looked_up, retrieval=retrieval)
    documents = document_filter(id, source, title, retrieval=retrieval)
    require_keepable(keep, reads=retrieval and not in_prompt)
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    require_askable(model, reads=retrieval and not in_prompt)
    if retrieval:
        check_mode(mode, has_dense=database.vectors is not None)
        note_searched(database, documents)
    asked = load_asked_model(model, reads=retrieval and not in_prompt)
    read_in(asked.model, read_precision)
    keep_read(asked.model, keep)
    note(f"asking {asked.description}")

    from openbook.generation import converse
    from openbook.text import Turn

    # Influence is known when the text is complete.
    told = MarkedText() if on_terminal() and not json and not influence else None
    if told is not None:
        print_dimmed(question)
    result = converse(
        asked.model,
        database,
        [Turn("user", question)],
        chat=asked.chat,
        max_new_tokens=max_tokens,
        k=k,
        mode=mode,
        in_prompt=in_prompt,
        retrieval=retrieval,
        documents=documents,
        by=by,
        bring_head=bring_head,
        stride=stride,
        look_ahead=look_ahead,
        drafts=drafts,
        influence=influence,
        reread=reread,
        judge=load_judge(asked.model, wanted=judge),
        sampling=drawing.sampling(),
        stop=stop or (),
        min_new_tokens=min_new_tokens,
        seed=seed,
        on_event=told,
    )
    if retrieval and result.answer and not result.citations:
        note(f"nothing in {db} was found for this question; the model alone: --no-retrieval")
    if result.drafts is not None:
        note(drafts_saved(result.drafts))
    if told is not None:
        told.end(result)
    else:
        print_answer(result, json=json, more=said_of_shards(database, allowed=allow_missing_shards))
    if not json:
        note(reason_of(result, max_tokens))
