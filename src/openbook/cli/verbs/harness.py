"""The verb `eval harness`: tasks of lm-evaluation-harness."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.bars import bar
from openbook.cli.console import note, to_json
from openbook.cli.inputs import load_model, names_of
from openbook.cli.lookups import lookup_of
from openbook.cli.options.evaluation_options import (
    AnswerRetrieval,
    BatchSize,
    HarnessSeed,
    IncludePath,
    Limit,
    NumFewshot,
    ResultsFile,
    Tasks,
)
from openbook.cli.options.search_options import ReadNeighbors, WriteMode
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument, Json, ModelArgument
from openbook.cli.output import print_harness
from openbook.cli.unseen import note_missing_shards, said_of_shards
from openbook.durable import naming_errors, replace_file
from openbook.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from openbook.evaluate.harness import HarnessReport


def harness(
    model: ModelArgument,
    db: DatabaseArgument,
    tasks: Tasks,
    include_path: IncludePath = None,
    limit: Limit = None,
    num_fewshot: NumFewshot = None,
    k: ReadNeighbors = None,
    mode: WriteMode = None,
    retrieval: AnswerRetrieval = True,
    batch_size: BatchSize = 8,
    output: ResultsFile = None,
    seed: HarnessSeed = 0,
    allow_missing_shards: AllowMissingShards = False,
    json: Json = False,
) -> None:
    """Run tasks of lm-evaluation-harness, with retrieval or without.

    With --no-retrieval nothing is looked up: -k and --mode change nothing, and may stay for comparing.

    Example: openbook eval harness mymodel mybook --tasks lambada_openai,piqa --limit 200 --no-retrieval
    """
    from openbook.cli.described_model import describe_model
    from openbook.database import Version
    from openbook.evaluate.harness.harness_options import AnswerOptions, TaskOptions
    from openbook.evaluate.harness.tasks import find_tasks

    if output is not None:
        _require_new(output)
    questions = TaskOptions(
        tasks=[name for name in names_of(tasks) if name],
        include_path=include_path,
        limit=limit,
        num_fewshot=num_fewshot,
        seed=seed,
        log_samples=output is not None,
    )
    questions.require_files()
    described = describe_model(model)
    database = Version.open(db, allow_missing_shards=allow_missing_shards)
    if retrieval:
        lookup = lookup_of(model, database, mode, allow_missing_shards=allow_missing_shards)
        database, mode = lookup.book, lookup.mode
        note_missing_shards(database)
    described.require_match(database)
    find_tasks(questions)
    answers = AnswerOptions(k=k, mode=mode, retrieval=retrieval, batch_size=batch_size, seed=seed)

    from openbook.evaluate.harness import evaluate_harness  # loads torch

    loaded = load_model(model)
    with bar("loading tasks") as progress:
        report = evaluate_harness(loaded, database, questions, answers, progress=progress)
    shards = said_of_shards(database, allowed=allow_missing_shards)
    if output is not None:
        _write_results(report, output, shards)
    print_harness(report, json=json, more=shards)


def _require_new(output: Path) -> None:
    """Refuse a file that cannot be written, before anything long begins."""
    from openbook.database.storage.database_folder import require_outside_databases

    if output.exists():
        raise SettingsError(f"output {output}: exists already; choose another file")
    if not output.parent.is_dir():
        raise SettingsError(f"output {output}: its folder does not exist; choose another file")
    require_outside_databases(output, SettingsError)


def _write_results(report: "HarnessReport", output: Path, more: dict[str, Any]) -> None:
    text = json_format.dumps(to_json(report) | more, ensure_ascii=False, indent=2, default=str)
    with naming_errors(output, OutputError):
        # Halves of characters, which tasks may hold, become escapes of JSON.
        replace_file(output, f"{text}\n".encode("utf-8", "backslashreplace"))
    note(f"{output}: results, questions and answers")
