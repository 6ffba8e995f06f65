"""What `eval perplexity` sets beside the model: the plain decoder, neighbors in its prompt, kNN-LM."""

from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import bar, note
from openbook.cli.inputs import load_model

if TYPE_CHECKING:
    from openbook.database import NeighborTable, Version
    from openbook.evaluate import Scorer


def baselines_of(
    path: Path | None,
    database: "Version",
    table: "NeighborTable | None",
    corpus: "Version | None",
    *,
    in_context: bool,
    knn_lm: bool,
    k: int,
    search_mode: str | None,
    sequence_length: int,
    seed: int,
) -> "dict[str, Scorer]":
    """The baselines asked for, by name; other arguments are those of `evaluate_perplexity`.

    Raises:
        SettingsError: in_context or knn_lm without a baseline.
        MismatchError: the baseline does not fit the database or the windows.
    """
    from openbook.errors import SettingsError

    if path is None:
        if in_context or knn_lm:
            name = "--in-context" if in_context else "--knn-lm"
            raise SettingsError(
                f"{name}: needs --baseline MODEL; train one: openbook train RECIPE --baseline --output MODEL"
            )
        return {}
    from openbook.evaluate import ModelScorer
    from openbook.evaluate.baselines import InContextScorer, build_knn_lm, require_fit
    from openbook.evaluate.neighbor_modes import true_neighbors

    plain = load_model(path)
    require_fit(plain, database, sequence_length=sequence_length)
    scorers: dict[str, Scorer] = {"baseline": ModelScorer(plain)}
    book = database if table is None else table.book
    if in_context:
        if corpus is not None and table is not None:  # the table is not of this text
            search_mode, table = search_mode or table.mode, None
        scorers["in_context"] = InContextScorer(
            plain,
            lambda windows: true_neighbors(windows, book, table, k=k, search_mode=search_mode).first(k),
        )
    if knn_lm:
        with bar("making the datastore") as progress:
            scorer = build_knn_lm(plain, book, corpus=corpus or database, seed=seed, progress=progress)
        note(
            f"kNN-LM: {len(scorer.datastore):,} tokens stored, lambda {scorer.weight:g}, "
            f"temperature {scorer.temperature:.3g}"
        )
        scorers["knn_lm"] = scorer
    return scorers
