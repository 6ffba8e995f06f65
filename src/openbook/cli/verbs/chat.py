"""The verb `chat`: a conversation about a database, with what each answer was read from."""

from openbook.cli.console import note
from openbook.cli.options.document_options import OnlyIds, OnlySources, OnlyTitles, document_filter
from openbook.cli.options.memory_options import (
    ChatWindow,
    MemoryFolder,
    RememberText,
    check_memory,
    memory_of,
)
from openbook.cli.options.reading_options import ReadPrecision, read_in
from openbook.cli.options.sampling_options import DrawSeed, Temperature
from openbook.cli.options.search_options import Mode, ReadNeighbors
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument
from openbook.cli.options.writing_options import AskedModelName, AskRetrieval, InPrompt, Judge, MaxTokens
from openbook.cli.unseen import note_unseen


def chat(
    db: DatabaseArgument,
    model: AskedModelName = None,
    k: ReadNeighbors = None,
    mode: Mode = None,
    ids: OnlyIds = None,
    sources: OnlySources = None,
    titles: OnlyTitles = None,
    in_prompt: InPrompt = False,
    retrieval: AskRetrieval = True,
    max_tokens: MaxTokens = 256,
    remember: RememberText = False,
    memory: MemoryFolder = None,
    window: ChatWindow = None,
    judge: Judge = False,
    temperature: Temperature = 0.0,
    seed: DrawSeed = None,
    read_precision: ReadPrecision = "float32",
    allow_missing_shards: AllowMissingShards = False,
) -> None:
    """Talk with a model about a database: each question is looked up, what was said before is remembered.

    Each span of an answer is marked [1], and under it stands what it was read from. /off answers from memory,
    /on looks things up again, /sources shows all that was read, /help lists the commands, /quit or Ctrl-D
    ends. Questions may come from a pipe, too. With --remember the turns that the model has no room for can be
    looked up.

    Example: openbook chat mybook

    openbook chat mybook --model HuggingFaceTB/SmolLM2-135M-Instruct --in-prompt
    """
    from openbook.cli.asked_model import load_asked_model, load_judge, require_askable
    from openbook.cli.chat_session import ChatSession, TurnOptions
    from openbook.cli.said_lines import said_lines
    from openbook.database.search.searcher import check_mode
    from openbook.generation.request import check_request, check_sampling
    from openbook.serve.books import Book

    check_request("?", max_new_tokens=max_tokens, k=k)
    check_sampling(temperature=temperature, top_k=None, top_p=None)
    remembers = check_memory(remember, memory, window)
    documents = document_filter(ids, sources, titles)
    book = Book(str(db), db, allow_missing_shards=allow_missing_shards)
    version = book.newest()
    check_mode(mode, has_dense=version.vectors is not None)
    require_askable(model, reads=not in_prompt)
    note_unseen(version)
    asked = load_asked_model(model, reads=not in_prompt)
    read_in(asked.model, read_precision)
    note(f"talking with {asked.description}; /help lists the commands, Ctrl-D ends")
    options = TurnOptions(
        k=k,
        mode=mode,
        documents=documents,
        in_prompt=in_prompt,
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        window=window,
    )
    chunk_size = asked.model.config.chunk_size
    with memory_of(remembers, memory, asked.chat.tokenizer, chunk_size) as past:
        judging = load_judge(asked.model, wanted=judge)
        session = ChatSession(asked, book, options, retrieval=retrieval, memory=past, judge=judging)
        for line in said_lines():
            session.say(line)
            if session.is_over:
                break
    book.close()
