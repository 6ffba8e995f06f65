"""What `eval perplexity` sets beside the model: the plain decoder, neighbors in its prompt, kNN-LM."""

from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import bar, note
from openbook.cli.inputs import load_model

if TYPE_CHECKING:
    from openbook.evaluate import Evaluator, Scorer


def baselines_of(
    path: Path | None, evaluator: "Evaluator", *, in_context: bool, knn_lm: bool
) -> "dict[str, Scorer]":
    """Make the baselines asked for, by name.

    Args:
        path: of the plain decoder; None: there are none.
        evaluator: of what they are compared with.
        in_context: with neighbors in the prompt, too.
        knn_lm: as kNN-LM, too.

    Raises:
        SettingsError: in_context or knn_lm without a baseline.
        MismatchError: the baseline does not fit the text or its windows.
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

    plain, windows = load_model(path), evaluator.windows
    require_fit(plain, windows)
    scorers: dict[str, Scorer] = {"baseline": ModelScorer(plain, windows.samples())}
    if in_context:
        with bar("searching for neighbors") as progress:
            neighbors = evaluator.neighbors(progress).first(evaluator.k)
        scorers["in_context"] = InContextScorer(plain, windows.samples(neighbors))
    if knn_lm:
        with bar("making the datastore") as progress:
            scorer = build_knn_lm(plain, evaluator, progress=progress)
        note(
            f"kNN-LM: {len(scorer.datastore):,} tokens stored, lambda {scorer.weight:g}, "
            f"temperature {scorer.temperature:.3g}"
        )
        scorers["knn_lm"] = scorer
    return scorers
