"""The verbs `eval perplexity` and `eval retrieval`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.inputs import corpus_of, load_model, names_of, shares_of, table_of
from openbook.cli.options.evaluation_options import (
    BaselineModel,
    EvaluatedText,
    InContext,
    KnnLm,
    MaxSequences,
    ModelAndDatabase,
    Modes,
    OverwriteReport,
    PerplexitySeed,
    Queries,
    QueriesSeed,
    ReportFolder,
    SequenceLength,
    Shares,
    Stride,
    WindowBatch,
)
from openbook.cli.options.memory_options import MeasureMemory
from openbook.cli.options.ranker_options import MeasuredRanker, load_ranker
from openbook.cli.options.search_options import MeasuredMode, ReadNeighbors, TableMode
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json, ModelArgument
from openbook.cli.output import note_datastore, note_near_copies, print_evaluation, print_search_quality
from openbook.cli.unseen import note_missing_shards, said_of_shards
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database import Version
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker
    from openbook.evaluate import EffortRow, Evaluator, GrowingRow, Scorer
    from openbook.evaluate.report import Evaluation


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
    batch_size: WindowBatch = 8,
    baseline: BaselineModel = None,
    in_context: InContext = False,
    knn_lm: KnnLm = False,
    shares: Shares = None,
    remember: MeasureMemory = False,
    ranker: MeasuredRanker = None,
    report: ReportFolder = None,
    overwrite: OverwriteReport = False,
    seed: PerplexitySeed = 0,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Bits per byte on held-out documents with retrieval on, off, random and shuffled.

    Example: openbook eval perplexity mymodel mybook --max-sequences 200
    """
    from openbook.cli.described_model import describe_model
    from openbook.database import Version
    from openbook.evaluate import EvaluationOptions, Evaluator
    from openbook.evaluate.evaluator import plan_reading
    from openbook.evaluate.neighbor_modes import check_modes
    from openbook.evaluate.report import describe, drawing_advice, prepare_report, write_report

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
        batch_size=batch_size,
        seed=seed,
    )
    if overwrite and report is None:
        raise SettingsError("--overwrite: needs --report DIR, whose report it replaces")
    if report is not None:
        prepare_report(report, overwrite=overwrite)
        if advice := drawing_advice():
            note(advice)
    chooser = load_ranker(ranker)
    if chooser is not None and not {"on", "off"} <= set(compared):
        raise SettingsError("--ranker: is compared with all neighbors and with none; evaluate --modes on,off")
    described = describe_model(model)
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    _require_baseline(baseline, database, in_context=in_context, knn_lm=knn_lm)
    if text is None:  # what does not fit together is refused before torch is loaded
        plan_reading(described, database, table_of(database), options=options)
    with corpus_of(text or [], database) as corpus:
        loaded = load_model(model)
        evaluator = Evaluator(loaded, database, table_of(database), corpus=corpus, options=options)
        if set(compared) - {"off"} or wanted or remember:
            evaluator.require_retrieval()
        others = _baselines(baseline, evaluator, in_context=in_context, knn_lm=knn_lm)
        evaluation = _evaluate(
            evaluator,
            compared,
            others,
            shares=wanted,
            with_recall=full,
            remember=remember,
            ranker=chooser,
        )
        if report is not None:
            about = describe(evaluator, arguments=_arguments(context))
            write_report(report, replace(evaluation, about=about), overwrite=overwrite)
            note(f"report: {report / 'report.md'}")
    print_evaluation(evaluation, json=json, more=said_of_shards(database, allowed=allow_missing_shards))


def _require_baseline(path: Path | None, database: "Version", *, in_context: bool, knn_lm: bool) -> None:
    """Refuse a baseline that is none or of other tokens, before it is loaded.

    Raises:
        SettingsError: no model, or none where one is needed.
        MismatchError: it reads other tokens or chunks.
    """
    from openbook.cli.described_model import describe_model

    if path is not None:
        describe_model(path).require_match(database)
    elif in_context or knn_lm:
        name = "--in-context" if in_context else "--knn-lm"
        raise SettingsError(
            f"{name}: needs --baseline MODEL; train one: openbook train RECIPE --baseline --output MODEL"
        )


def _baselines(
    path: Path | None, evaluator: "Evaluator", *, in_context: bool, knn_lm: bool
) -> "dict[str, Scorer]":
    """Make the baselines asked for, by name.

    Args:
        path: of the plain decoder; None: there are none.
        evaluator: of what they are compared with.
        in_context: with neighbors in the prompt, too.
        knn_lm: as kNN-LM, too.

    Raises:
        MismatchError: the baseline does not fit the text or its windows.
    """
    from openbook.evaluate import ModelScorer
    from openbook.evaluate.baselines import InContextScorer, build_knn_lm, require_fit

    if path is None:
        return {}
    plain, windows = load_model(path), evaluator.windows
    require_fit(plain, windows)
    scorers: dict[str, Scorer] = {"baseline": ModelScorer(plain, windows.samples())}
    if in_context:
        with bar("searching for neighbors") as progress:
            neighbors = evaluator.neighbors(progress).first(evaluator.k)
        scorers["in_context"] = InContextScorer(plain, windows.samples(neighbors))
    if knn_lm:
        with bar("making the datastore") as progress:
            scorers["knn_lm"] = scorer = build_knn_lm(plain, evaluator, progress=progress)
        note_datastore(scorer)
    return scorers


def _evaluate(
    evaluator: "Evaluator",
    modes: list[str],
    others: "dict[str, Scorer]",
    *,
    shares: list[float],
    with_recall: bool,
    remember: bool,
    ranker: "NeighborRanker | None",
) -> "Evaluation":
    """Compare modes and baselines, then measure with shares of the book and with other efforts in search."""
    from openbook.evaluate import evaluate_growing_book, evaluate_perplexity, evaluate_search_effort
    from openbook.evaluate.report import Evaluation

    with bar("evaluating") as progress:
        compared = evaluate_perplexity(
            evaluator, modes, others=others, remember=remember, ranker=ranker, progress=progress
        )
    note_near_copies(compared, evaluator.book)
    growing: list[GrowingRow] = []
    recall: list[EffortRow] | None = None
    if shares:
        with bar("growing the book") as progress:
            growing = evaluate_growing_book(evaluator, shares, progress=progress)
    if with_recall:
        with bar("more and less effort in search") as progress:
            recall = evaluate_search_effort(evaluator, progress=progress)
    return Evaluation(compared, growing, recall)


def _arguments(context: typer.Context) -> dict[str, Any]:
    """What the command was given, as JSON knows it."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in context.params.items()}


def retrieval(
    databases: ModelAndDatabase,
    mode: MeasuredMode = None,
    queries: Queries = 1000,
    seed: QueriesSeed = 0,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Recall@10 against exact search, queries per second, and the latency of one query.

    Example: openbook eval retrieval mybook --mode dense
    """
    from openbook.cli.described_model import describe_model
    from openbook.database import Version
    from openbook.evaluate import evaluate_retrieval

    if len(databases) > 2:
        raise SettingsError(
            f"{len(databases)} folders given: name one database, with at most a model before it"
        )
    database = Version.open(databases[-1], allow_missing_shards=allow_missing_shards)
    note_missing_shards(database)
    if len(databases) == 2:
        describe_model(databases[0]).require_match(database)
    with bar("searching") as progress:
        found = evaluate_retrieval(database, mode=mode, queries=queries, seed=seed, progress=progress)
    print_search_quality(found, json=json, more=said_of_shards(database, allowed=allow_missing_shards))
