"""What a model reads when it answers questions, by name. This file needs no torch."""

from collections.abc import Sequence

from openbook.errors import SettingsError

ANSWER_MODES = ("on", "off", "random", "shuffled", "gold", "prompt", "retro++")
"""What is read: what the search found; nothing; passages of other questions, drawn at random; those of one
other question; the found ones with one that holds the answer among them; those found, in the prompt of the
base alone, which is what one would do without a reader; or as in on, with the best of them in the prompt as
well (RETRO++, arXiv 2304.06762)."""


def check_answer_modes(modes: Sequence[str]) -> None:
    """Check names.

    Raises:
        SettingsError: an unknown one.
    """
    for mode in modes:
        if mode not in ANSWER_MODES:
            raise SettingsError(f"mode {mode!r}: choose from {', '.join(ANSWER_MODES)}")
