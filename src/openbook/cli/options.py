"""The arguments and options of the verbs, each once: its type, its name on the command line, its help.

A verb's signature then reads as the list of what it takes. Defaults stand in the verbs.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

# What every verb has

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of lines.")]

# Databases and their text

DatabaseArgument = Annotated[
    Path, typer.Argument(metavar="DB", help="Folder of the database; to read it, also its URL.")
]
SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files (.txt .md .rst .org .html .ipynb .eml .mbox .csv .tsv .jsonl .json, also .gz .xz "
        ".zst; .parquet .epub .pdf .docx .odt .pptx .xlsx .xls .ods), folders, URLs, "
        "hf://OWNER/NAME?split=train, Megatron's PREFIX, or - for standard input.",
    ),
]
DocumentNames = Annotated[
    list[str],
    typer.Argument(
        metavar="DOCUMENT...",
        help="Ids, as list shows them; sources; files or folders; patterns: 'notes/*.md', '**/draft*'.",
    ),
]
DocumentName = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its id, source or file.")]
ByChunk = Annotated[bool, typer.Option("--chunks", help="Each chunk apart, under the number it is cited by.")]
Sync = Annotated[
    bool, typer.Option("--sync", help="Remove the documents that came from these sources and are gone there.")
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Go on until Ctrl-C: follow the sources as they change."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Let --sync remove more than a third of the database's documents.")
]
Excluded = Annotated[
    bool, typer.Option(help="List the documents kept out of retrieval as near-copies instead.")
]
ListHeldOut = Annotated[bool, typer.Option("--held-out", help="Only documents that are held out.")]
ListExcluded = Annotated[
    bool, typer.Option("--excluded", help="Only documents kept out of retrieval as near-copies.")
]
ListSource = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="PATTERN",
        help="Only documents whose source matches (* ? [abc]; * crosses slashes) or, without these, contains "
        "it; or that came from this file, folder or pattern as it is typed from here: ./notes, notes/*.md.",
    ),
]
Repair = Annotated[bool, typer.Option("--repair", help="Repair what can be made from the other files.")]

# Settings of a new database

NewTokenizer = Annotated[
    str | None,
    typer.Option(
        help="A model's or a tokenizer's name or folder; or train:VOCAB to train a byte-level BPE on the "
        "text. [default: train:16000]"
    ),
]
NewChunkSize = Annotated[int | None, typer.Option(help="Tokens in a chunk. [default: 64]")]
Holdout = Annotated[
    str | None,
    typer.Option(
        help="Share of documents kept out of retrieval, for evaluation; or a file with one id a line. "
        "[default: 0]"
    ),
]
AllowUnknownHoldout = Annotated[
    bool,
    typer.Option(
        "--allow-unknown-holdout",
        help="The file of held-out ids may name documents that come later; without this they are an error.",
    ),
]
Decontaminate = Annotated[
    bool | None,
    typer.Option(
        "--decontaminate/--no-decontaminate",
        help="Keep near-copies of held-out documents out of retrieval and training. [default: on]",
    ),
]
Deduplicate = Annotated[
    bool | None,
    typer.Option(
        "--deduplicate/--no-deduplicate",
        help="Keep near-copies of earlier documents out of retrieval and training. [default: off]",
    ),
]
BaseTokenizer = Annotated[
    str, typer.Option(metavar="BASE", help="The model, or its tokenizer: a folder, or a name on the hub.")
]
DerivedFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="A new folder. [default: beside DB, named DB-BASE]")
]
DerivedChunkSize = Annotated[
    int | None, typer.Option(metavar="M", help="Tokens in a chunk. [default: as in DB]")
]

# Searching

QueryArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")]
Hits = Annotated[int, typer.Option("-k", "--k", help="Hits to show.")]
Mode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(help="How to search. [default: hybrid where the database has vectors, else bm25]"),
]
NewTableMode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(
        help="How to search. [default: as the last table, else hybrid where there are vectors, else bm25]"
    ),
]
WriteMode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(help="How to search. [default: as in training]", show_default=False),
]
MeasuredMode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(help="How to search. [default: dense where the database has vectors, else bm25]"),
]
TableMode = Annotated[
    str | None,
    typer.Option(help="dense, bm25 or hybrid. [default: as the neighbor table]", show_default=False),
]
Book = Annotated[
    Path | None,
    typer.Option(
        help="The database to find them in. [default: as the last table, else DB itself]",
        show_default=False,
    ),
]
SavedNeighbors = Annotated[
    int | None,
    typer.Option(
        "-k",
        "--k",
        help="Neighbors to save for each chunk. [default: 10, or as many as the last table had, if more]",
        show_default=False,
    ),
]
ReadNeighbors = Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")]
Rebuild = Annotated[
    bool, typer.Option("--rebuild", help="Search every chunk, even where the last table can be extended.")
]

# Models and training

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a trained model.")]
RecipeArgument = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A YAML file, or a shipped name: tiny, small, medium, native-read, 172m, 425m, 1.5b, "
        "7.5b, wikitext103.",
    ),
]
TrainingDatabase = Annotated[Path, typer.Option(help="Folder of the database, with its neighbor table.")]
ModelFolder = Annotated[Path, typer.Option(help="Folder for the model.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
]
PlainDecoder = Annotated[
    bool,
    typer.Option("--baseline", help="Train the decoder alone, without retrieval, on the same samples."),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        help="Replace the model or unfinished training run in the folder, once this one is complete."
    ),
]

# Retrofits

BaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="BASE",
        help="Folder, hub name or .gguf file of a causal language model: Llama, Mistral, Qwen2, Qwen3, "
        "SmolLM, Gemma (1 and 3), OLMo, Phi, StableLM, StarCoder 2, Mixtral, OLMoE, GPT-2, GPT-NeoX, Pythia.",
    ),
]
RetrofitDatabase = Annotated[
    Path, typer.Option(help="Folder of a database with the base's tokenizer, and its neighbor table.")
]
RetrofitFolder = Annotated[Path, typer.Option(help="Folder for the new weights.")]
RetrofitRecipe = Annotated[
    str,
    typer.Option(metavar="RECIPE", help="A YAML file, or a shipped name: continue, read, retrofit-encoder."),
]
Questions = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help='JSON lines to learn from: {"question", "answers", "document", "swaps"}.',
    ),
]
TrainBase = Annotated[
    bool,
    typer.Option("--train-base", help="Let the base train, too: retrieval off drifts from what it was."),
]
Revision = Annotated[str | None, typer.Option(help="Of the base, on the hub.")]
Dtype = Annotated[
    Literal["auto", "float32", "bfloat16", "float16"],
    typer.Option(help="Of the base; auto: as it was saved."),
]
Quantize = Annotated[
    Literal["4bit", "8bit"] | None,
    typer.Option(help="Load the base quantized, by bitsandbytes (a GPU)."),
]
MergedFolder = Annotated[Path, typer.Option(help="Folder for the whole model; must be new or empty.")]

# Evaluation

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
ModelAndDatabase = Annotated[
    list[Path],
    typer.Argument(metavar="[MODEL] DB", help="The database; a model before it is checked to fit."),
]
Queries = Annotated[int, typer.Option(help="Chunks of the database to search with.")]
QueriesSeed = Annotated[int, typer.Option(min=0, help="Which chunks.")]

# The open-book exam

ExaminedModel = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="The model to examine: a folder of one of openbook; a folder, hub name or .gguf file of a base.",
        show_default=False,
    ),
]
WorldFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write the world to this new folder, as documents.jsonl and questions.jsonl, and ask nothing.",
        show_default=False,
    ),
]
ExamDocuments = Annotated[int, typer.Option(help="Documents of the made-up world.")]
ExamQuestions = Annotated[
    int | None,
    typer.Option(
        help="Questions at most: asked [default: 500, and a fifth as many without an answer], or written "
        "[default: all].",
        show_default=False,
    ),
]
ExamPart = Annotated[
    Literal["test", "train"],
    typer.Option(help="Whose wordings and names: of the exam's worlds, or of those to train on."),
]
ExamSeed = Annotated[int, typer.Option(min=0, help="Of the world, and of everything drawn.")]
ExamNeighbors = Annotated[int, typer.Option("-k", "--k", help="Neighbors that each question reads.")]
ExamMode = Annotated[
    Literal["dense", "bm25", "hybrid"] | None,
    typer.Option(help="How to search. [default: hybrid; bm25 with --embedder none]", show_default=False),
]
ExamEmbedder = Annotated[
    str | None,
    typer.Option(
        help="Name or path of the frozen text encoder; none: words only. [default: all-MiniLM-L6-v2]",
        show_default=False,
    ),
]
ExamBook = Annotated[
    Path | None,
    typer.Option(
        metavar="DB",
        help="Take a copy of this database of the world's documents instead of building one.",
        show_default=False,
    ),
]
WorkFolder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Keep the book here. [default: it is deleted]", show_default=False),
]

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
BatchSize = Annotated[int, typer.Option(help="Questions at a time.")]
ResultsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Write the results and each question and answer as JSON.", show_default=False
    ),
]
QuestionsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS", help='JSON lines: {"question", "answers", "document"}; see docs/retrofit.md.'
    ),
]
QuestionLimit = Annotated[
    int | None, typer.Option("--limit", help="Ask the first so many. [default: all]", show_default=False)
]
AnswersFile = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="Write each answer as JSON lines.", show_default=False),
]
HarnessSeed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of examples, and of draws.")]

# Generation

PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="Text to continue.")]
_LONGEST_TEXT = ("--max-tokens", "--max-new-tokens")
"""Two names for the same, as APIs have it and as libraries do."""
MaxNewTokens = Annotated[int, typer.Option(*_LONGEST_TEXT[::-1], help="Longest continuation, in tokens.")]
WriteRetrieval = Annotated[bool, typer.Option(help="Look things up, or write from memory alone.")]
Temperature = Annotated[float, typer.Option(help="0 takes the likeliest token each time.")]
TopK = Annotated[int | None, typer.Option(help="Draw among this many likeliest tokens.")]
TopP = Annotated[float | None, typer.Option(help="Draw among the likeliest tokens of this probability.")]
DrawSeed = Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="Makes the draws repeatable.")]

PutAsQuestion = Annotated[
    bool,
    typer.Option(
        "--chat", help="Put PROMPT as a question, in the chat template of the model, and look it up as one."
    ),
]

# Questions

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask.")]
AskedModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Folder of a retrofit or a native RETRO; or a BASE as openbook retrofit takes it (folder, hub "
        "name, .gguf file), which then reads untrained. [default: SmolLM2-135M-Instruct, with the adapter "
        "that comes with openbook]",
        show_default=False,
    ),
]
InPrompt = Annotated[
    bool,
    typer.Option("--in-prompt", help="Put what is found into the prompt, for comparison; with any model."),
]
AskRetrieval = Annotated[
    bool, typer.Option("--retrieval/--no-retrieval", help="Look things up, or have the model answer alone.")
]
MaxTokens = Annotated[int, typer.Option(*_LONGEST_TEXT, help="Longest answer, in tokens.")]

# The demo

DemoFolder = Annotated[
    Path | None,
    typer.Argument(help="Where to put everything. [default: openbook-demo or the next free]"),
]
Minutes = Annotated[float, typer.Option(help="How long to train.")]
MaxDocuments = Annotated[int | None, typer.Option(help="Read only the longest modules. [default: all]")]
