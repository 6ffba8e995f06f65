"""The verb `eval harness`, and how its results are shown."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.console import bar, note, print_json, print_line, to_json
from openbook.cli.verbs.maintain import DatabaseArgument, Json
from openbook.cli.verbs.search import Mode
from openbook.cli.verbs.train import ModelArgument, load_model

if TYPE_CHECKING:
    from openbook.evaluate.harness import HarnessReport


def harness(
    model: ModelArgument,
    db: DatabaseArgument,
    tasks: Annotated[str, typer.Option(metavar="NAME,NAME", help="Tasks, groups or YAML files, by commas.")],
    include_path: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder of further tasks.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Documents of each task at most. [default: all]", show_default=False)
    ] = None,
    num_fewshot: Annotated[
        int | None,
        typer.Option(help="Examples before each question. [default: as the task says]", show_default=False),
    ] = None,
    k: Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")] = None,
    mode: Mode = None,
    retrieval: Annotated[bool, typer.Option(help="Look things up, or answer from memory alone.")] = True,
    batch_size: Annotated[int, typer.Option(help="Questions at a time.")] = 8,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the results and each question and answer as JSON.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of examples, and of draws.")] = 0,
    json: Json = False,
) -> None:
    """Run tasks of lm-evaluation-harness, with retrieval or without.

    Example: openbook eval harness mymodel mybook --tasks lambada_openai,piqa --limit 200 --no-retrieval
    """
    from openbook.database import Database
    from openbook.errors import SettingsError
    from openbook.evaluate.harness import evaluate_harness

    if output is not None and (output.exists() or not output.parent.is_dir()):
        problem = "exists already" if output.exists() else "its folder does not exist"
        raise SettingsError(f"output {output}: {problem}; choose another file")
    with bar("loading tasks") as progress:
        report = evaluate_harness(
            load_model(model),
            Database.open(db),
            tasks=[name.strip() for name in tasks.split(",") if name.strip()],
            include_path=include_path,
            limit=limit,
            num_fewshot=num_fewshot,
            k=k,
            mode=mode,
            retrieval=retrieval,
            batch_size=batch_size,
            seed=seed,
            log_samples=output is not None,
            progress=progress,
        )
    results = to_json(report)
    if output is not None:
        output.write_text(
            json_format.dumps(results, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
        )
        note(f"{output}: results, questions and answers")
    if json:
        print_json({name: value for name, value in results.items() if name != "samples"})
    else:
        print_report(report)


def print_report(report: "HarnessReport") -> None:
    """A line for each metric of each task."""
    print_line(f"{'task':30}{'metric':>24}{'value':>16}{'± 1 error':>16}{'documents':>12}{'examples':>10}")
    for name, result in report.tasks.items():
        shots = "-" if result.num_fewshot is None else result.num_fewshot
        for metric, value in result.metrics.items():
            error = result.standard_errors.get(metric)
            spread = "-" if error is None else f"{error:.4f}"
            print_line(f"{name:30}{metric:>24}{value:>16.4f}{spread:>16}{result.documents:>12,}{shots:>10}")
    if report.retrieval:
        print_line(f"retrieval on: {report.chunks_searched:,} different chunks of the questions looked up")
    else:
        print_line("retrieval off")
