"""What should not be missed when documents were added: what is lost, left out, or badly found."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import note
from openbook.phrases import command

if TYPE_CHECKING:
    from openbook.database import SharedRun

_WANTED_RECALL = 0.95


def note_unknown_tokens(count: int, examples: Sequence[str], *, share: float | None = None) -> None:
    """Say what the tokenizer could not spell, if there is any.

    Args:
        count: of tokens or words.
        examples: some of them.
        share: of all that were written; None: it is not known.
    """
    if not count:
        return
    what = "tokens or words" if share is None else f"of the tokens or words ({share:.1%})"
    shown = f": {', '.join(repr(word) for word in examples)}" if examples else ""
    note(
        f"{count:,} {what} are what the tokenizer cannot spell{shown}; that text is lost in search and "
        "training: build with a tokenizer that spells every byte, such as train:16000"
    )


def warn_of_much_excluded(share: float, run: "SharedRun | None", database: Path) -> None:
    """Warn of so much excluded text that boilerplate, or one text in many versions, is likely."""
    shared = f"{run.documents} of the documents excluded now have: {run.text!r}. " if run else ""
    note(
        f"WARNING: {share:.0%} OF THE TEXT IS EXCLUDED as near-copies: neither searched nor trained on. "
        f"{shared}If that is boilerplate, take it "
        "out of the sources and build again; else hold out other documents (--holdout IDS.txt) or see "
        f"{command('info', database, '--excluded')}; --no-decontaminate excludes nothing"
    )


def note_low_recall(recall: float | None, dense_folder: Path) -> None:
    """Warn of a dense index that misses near neighbors."""
    if recall is not None and recall < _WANTED_RECALL:
        note(
            f"warning: recall@10 of the dense index is {recall:.3f}: it misses near neighbors; delete the "
            f"folder {dense_folder} to have it trained again on all of today's text, "
            "or search with --mode hybrid"
        )
