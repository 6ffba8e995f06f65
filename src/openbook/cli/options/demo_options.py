"""The options of the demo."""

from pathlib import Path
from typing import Annotated

import typer

DemoFolder = Annotated[
    Path | None,
    typer.Argument(help="Where to put everything. [default: openbook-demo or the next free]"),
]
Minutes = Annotated[float, typer.Option(help="How long to train.")]
MaxDocuments = Annotated[int | None, typer.Option(help="Read only the longest modules. [default: all]")]
