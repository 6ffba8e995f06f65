"""The verb `rank`: learn which neighbors are worth reading."""

from pathlib import Path

from openbook.cli.bars import bar
from openbook.cli.console import note, print_json, print_line
from openbook.cli.inputs import corpus_of, load_model
from openbook.cli.options.ranker_options import KeptShare, LearnedText, LearnedWindows, RankerOutput
from openbook.cli.options.search_options import ReadNeighbors, TableMode
from openbook.cli.options.shared_options import DatabaseArgument, Json, ModelArgument
from openbook.errors import SettingsError


def rank(
    model: ModelArgument,
    db: DatabaseArgument,
    output: RankerOutput,
    text: LearnedText = None,
    k: ReadNeighbors = None,
    search_mode: TableMode = None,
    keep: KeptShare = 0.5,
    max_sequences: LearnedWindows = 200,
    json: Json = False,
) -> None:
    """Learn which of a chunk's k neighbors are worth reading, from what each alone does to a model's loss.

    It is learned from the documents that are not held out, or a text of yours, and written as a small file,
    which generate, search and eval perplexity take as --ranker.

    Example: openbook rank mymodel mybook --output ranker.json -k 10
    """
    from openbook.cli.described_model import describe_model
    from openbook.cli.inputs import table_of
    from openbook.database import Version
    from openbook.evaluate import EvaluationOptions, Evaluator
    from openbook.evaluate.evaluator import plan_reading

    if not 0 < keep <= 1:
        raise SettingsError(f"--keep {keep}: a share of the neighbors, above 0 and at most 1")
    require_writable(output)
    options = EvaluationOptions(k=k, search_mode=search_mode, max_sequences=max_sequences, split="train")
    described, database = describe_model(model), Version.open(db)
    if text is None:  # what does not fit together is refused before torch is loaded
        plan_reading(described, database, table_of(database), options=options)
    with corpus_of(text or [], database) as corpus:
        from openbook.evaluate.neighbor_gains import learn_ranker  # loads torch

        evaluator = Evaluator(load_model(model), database, table_of(database), corpus=corpus, options=options)
        with bar("reading neighbors one by one") as progress:
            ranker, count = learn_ranker(evaluator, keep=keep, progress=progress)
    ranker.save(output)
    gain = ranker.about["mean_gain"]
    note(f"learned from {count:,} neighbors, which gain {gain:+.3f} nats each")
    if json:
        print_json({"output": str(output)} | ranker.about)
    else:
        print_line(str(output))


def require_writable(output: Path) -> None:
    """Refuse, before anything is computed, a file that cannot be written, or that is somebody else's.

    Raises:
        SettingsError: it is a folder, lies in none or in a database, or is there and is not a ranker.
    """
    from openbook.database.neighbors.neighbor_ranker import NeighborRanker
    from openbook.database.storage.database_folder import require_outside_databases

    if output.is_dir() or not output.absolute().parent.is_dir():
        raise SettingsError(f"--output {output}: name a file in a folder that there is")
    require_outside_databases(output, SettingsError)
    if not output.exists():
        return
    try:
        NeighborRanker.load(output)
    except SettingsError as error:
        raise SettingsError(
            f"--output {output}: is there, and is not a ranker, so it is not replaced; choose another file"
        ) from error
