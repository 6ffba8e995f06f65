"""How long work tells its caller how far it is. The library only calls; the command line draws the bars."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with (done, total); total is None while it is unknown. One with a method `stage(name)` is asked for
a Progress of its own for each further stage of the work; any other hears of the first stage only. One with a
method `text_done(characters)` is told of text, too, where documents are counted that may be long."""


def silent(done: int, total: int | None) -> None:
    """The default: say nothing."""


def stage(progress: Progress, name: str) -> Progress:
    """The Progress of the next stage of the work."""
    begin: Callable[[str], Progress] | None = getattr(progress, "stage", None)
    return silent if begin is None else begin(name)


def text_done(progress: Progress, characters: int) -> None:
    """Tell how much text is done, also in the middle of a batch of documents."""
    tell: Callable[[int], None] | None = getattr(progress, "text_done", None)
    if tell is not None:
        tell(characters)
