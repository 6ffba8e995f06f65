"""The verbs `eval perplexity` and `eval retrieval`."""

from dataclasses import replace

import typer

from openbook.cli.console import bar, note, print_json
from openbook.cli.inputs import corpus_of, load_model, names_of, require_model, table_of
from openbook.cli.options import (
    BaselineModel,
    DatabaseArgument,
    EvaluatedText,
    InContext,
    Json,
    KnnLm,
    MaxSequences,
    Mode,
    ModelAndDatabase,
    ModelArgument,
    Modes,
    PerplexitySeed,
    Queries,
    QueriesSeed,
    ReadNeighbors,
    ReportFolder,
    SequenceLength,
    Shares,
    Stride,
    TableMode,
)
from openbook.cli.output import note_near_copies, print_growing, print_perplexity, print_search_quality
from openbook.cli.verbs.baselines import baselines_of
from openbook.cli.verbs.reporting import arguments_of, growing_and_recall, shares_of
from openbook.errors import SettingsError


def perplexity(
    context: typer.Context,
    model: ModelArgument,
    db: DatabaseArgument,
    text: EvaluatedText = None,
    modes: Modes = "on,off,random,shuffled",
    k: ReadNeighbors = None,
    search_mode: TableMode = None,
    sequence_length: SequenceLength = None,
    stride: Stride = None,
    max_sequences: MaxSequences = None,
    baseline: BaselineModel = None,
    in_context: InContext = False,
    knn_lm: KnnLm = False,
    shares: Shares = None,
    report: ReportFolder = None,
    seed: PerplexitySeed = 0,
    json: Json = False,
) -> None:
    """Bits per byte on held-out documents with retrieval on, off, random and shuffled.

    Example: openbook eval perplexity mymodel mybook --max-sequences 200
    """
    from openbook.database import Database
    from openbook.evaluate import EvaluationOptions, Evaluator, evaluate_perplexity
    from openbook.evaluate.neighbor_modes import check_modes
    from openbook.evaluate.report import Evaluation, describe, prepare_report, write_report

    compared = names_of(modes)
    check_modes(compared)
    full = report is not None and "on" in compared
    wanted = shares_of(shares, default=full)
    options = EvaluationOptions(
        k=k,
        search_mode=search_mode,
        sequence_length=sequence_length,
        stride=stride,
        max_sequences=max_sequences,
        seed=seed,
    )
    if report is not None:
        prepare_report(report)
    database = Database.open(db).opened
    loaded = load_model(model)
    with corpus_of(text or [], database) as corpus:
        # Made once, before anything long begins: it refuses what does not fit together.
        evaluator = Evaluator(loaded, database, table_of(database), corpus=corpus, options=options)
        if set(compared) - {"off"} or wanted:
            evaluator.require_retrieval()
        others = baselines_of(baseline, evaluator, in_context=in_context, knn_lm=knn_lm)
        with bar("evaluating") as progress:
            found = evaluate_perplexity(evaluator, compared, others=others, progress=progress)
        note_near_copies(found)
        growing, recall = growing_and_recall(evaluator, shares=wanted, with_recall=full)
        evaluation = Evaluation(found, growing, recall)
        if report is not None:
            about = describe(evaluator, arguments=arguments_of(context))
            write_report(report, replace(evaluation, about=about))
            note(f"report: {report / 'report.md'}")
    if json:
        print_json(evaluation.to_json())
    else:
        print_perplexity(found)
        print_growing(growing)


def retrieval(
    databases: ModelAndDatabase,
    mode: Mode = None,
    queries: Queries = 1000,
    seed: QueriesSeed = 0,
    json: Json = False,
) -> None:
    """Recall@10 against exact search, queries per second, and the latency of one query.

    Example: openbook eval retrieval mybook --mode dense
    """
    from openbook.database import Version
    from openbook.evaluate import evaluate_retrieval
    from openbook.model import RetroConfig

    if len(databases) > 2:
        raise SettingsError(
            f"{len(databases)} folders given: name one database, with at most a model before it"
        )
    database = Version.open(databases[-1])
    if len(databases) == 2:
        require_model(databases[0])
        config = RetroConfig.from_pretrained(databases[0])
        database.settings.require_match(
            tokenizer_fingerprint=config.tokenizer_fingerprint, chunk_size=config.chunk_size
        )
    with bar("searching") as progress:
        found = evaluate_retrieval(database, mode=mode, queries=queries, seed=seed, progress=progress)
    print_search_quality(found, json=json)
