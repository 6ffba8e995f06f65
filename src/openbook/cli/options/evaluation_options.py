"""The options of the verbs of `openbook eval`: perplexity, retrieval, harness, qa."""

from pathlib import Path
from typing import Annotated

import typer

# Perplexity

EvaluatedText = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE",
        help="Read this file or folder instead of the held-out documents; may be repeated.",
    ),
]
Modes = Annotated[str, typer.Option(help="What to compare, by commas: on, off, random, shuffled.")]
SequenceLength = Annotated[int | None, typer.Option(help="The window, in tokens. [default: as in training]")]
Stride = Annotated[
    int | None, typer.Option(help="Tokens from one window to the next. [default: a whole window]")
]
MaxSequences = Annotated[int | None, typer.Option(help="Read this many at most. [default: all]")]
WindowBatch = Annotated[int, typer.Option("--batch-size", help="Windows at a time.")]
BaselineModel = Annotated[
    Path | None,
    typer.Option(metavar="MODEL", help="Compare with this model, trained by `openbook train --baseline`."),
]
InContext = Annotated[
    bool, typer.Option("--in-context", help="Compare with neighbors in the baseline's prompt.")
]
KnnLm = Annotated[
    bool, typer.Option("--knn-lm", help="Compare with kNN-LM: the baseline and a datastore of the book.")
]
Shares = Annotated[
    str | None,
    typer.Option(
        help="Evaluate with these shares of the database's documents, in percent, such as 0,1,10,30,100. "
        "[default: with --report these, else none]",
        show_default=False,
    ),
]
ReportFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write results.json and a page in Markdown to this folder, with plots where matplotlib is "
        "installed.",
    ),
]
OverwriteReport = Annotated[
    bool, typer.Option("--overwrite", help="Replace the report that the folder of --report holds.")
]
PerplexitySeed = Annotated[int, typer.Option(min=0, help="Of all that is drawn: neighbors, intervals.")]

# Retrieval

ModelAndDatabase = Annotated[
    list[Path],
    typer.Argument(metavar="[MODEL] DB", help="The database; a model before it is checked to fit."),
]
Queries = Annotated[int, typer.Option(help="Chunks of the database to search with.")]
QueriesSeed = Annotated[int, typer.Option(min=0, help="Which chunks.")]

# Tasks of lm-evaluation-harness

Tasks = Annotated[str, typer.Option(metavar="NAME,NAME", help="Tasks, groups or YAML files, by commas.")]
IncludePath = Annotated[
    Path | None, typer.Option(metavar="DIR", help="A folder of further tasks.", show_default=False)
]
Limit = Annotated[
    int | None, typer.Option(help="Documents of each task at most. [default: all]", show_default=False)
]
NumFewshot = Annotated[
    int | None,
    typer.Option(help="Examples before each question. [default: as the task says]", show_default=False),
]
AnswerRetrieval = Annotated[bool, typer.Option(help="Look things up, or answer from memory alone.")]
ResultsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Write the results and each question and answer as JSON.", show_default=False
    ),
]

# Questions with known answers

AnsweringModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Folder of a retrofit or a native RETRO; or a base (folder, hub name, .gguf file), with the "
        "adapter that comes with openbook if there is one for it.",
    ),
]
QuestionsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS", help='JSON lines: {"question", "answers", "document"}; see docs/retrofit.md.'
    ),
]
AnswerModes = Annotated[
    str,
    typer.Option(
        help="What is read, by commas: on, off, random, shuffled, gold (one that answers), prompt (the base "
        "with what was found in its prompt), retro++ (as on, the best in the prompt as well)."
    ),
]
QuestionLimit = Annotated[
    int | None, typer.Option("--limit", help="Ask the first so many. [default: all]", show_default=False)
]
AnswersFile = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="Write each answer as JSON lines.", show_default=False),
]

# Both of them, and the exam

BatchSize = Annotated[int, typer.Option(help="Questions at a time.")]
HarnessSeed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of examples, and of draws.")]
