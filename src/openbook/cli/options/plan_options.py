"""What a corpus and the machines for it are described by, where `openbook plan` says what it will take."""

from pathlib import Path
from typing import Annotated

import typer

# The corpus and its database

Tokens = Annotated[str, typer.Argument(metavar="TOKENS", help="Of the corpus: 250M, 4B, 2T, 1e9.")]
TokensPerDocument = Annotated[float, typer.Option(help="On average.")]
PlanChunkSize = Annotated[int, typer.Option(help="Tokens in a chunk.")]
VocabularySize = Annotated[
    int | None, typer.Option(help="Of the tokenizer; default: the preset's, else 32,000.")
]
VectorSize = Annotated[int, typer.Option(help="Of the encoder; 0: words only.")]
PlanMode = Annotated[str | None, typer.Option(help="Of the neighbors' search: dense, bm25, hybrid.")]
PlanNeighbors = Annotated[int, typer.Option("-k", "--neighbors", help="Neighbors saved for each chunk.")]

# The training

PlanPreset = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="Of the model to train: tiny … 7.5b.")
]
Epochs = Annotated[float, typer.Option(help="Times that training reads the tokens.")]
SampleLength = Annotated[int, typer.Option(help="Tokens of a sample of training.")]

# The machines

Days = Annotated[float, typer.Option(help="In which each piece of work is to be done.")]
MachineMemory = Annotated[float, typer.Option(metavar="GB", help="Of one machine.")]
Price = Annotated[float | None, typer.Option(help="Of one machine, an hour, in your money.")]
Measure = Annotated[bool, typer.Option("--measure", help="Measure this machine first: a minute.")]
Sample = Annotated[
    Path | None,
    typer.Option(metavar="SOURCE", help="Text like yours, to measure with; default: Python's documentation."),
]
GivenRates = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A rate of your machines, as --json names it; may be repeated."),
]
