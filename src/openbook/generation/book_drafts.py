"""Drafts from the book: what follows the text's ending in a neighbor may be what follows it here, too.

Prompt-lookup decoding, with the neighbors that are read in the place of the prompt: all proposed tokens are
checked in one pass of the model, and those that it would have written anyway are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROPOSED = 10
"""Tokens of a draft."""
LONGEST_ENDING = 8
"""Tokens of a text that are looked for in the neighbors."""
_SHORTEST_ENDING = 2
"""Tokens that must be the same before a draft; after a single one too many things follow."""


@dataclass(frozen=True, slots=True)
class DraftCounts:
    """What drafts saved."""

    passes: int
    """Of the model; without drafts there is one for each token."""
    proposed: int
    """Tokens in drafts."""
    accepted: int
    """Those of them that were written."""

    @property
    def share_accepted(self) -> float | None:
        """Of the proposed tokens; None: none was proposed."""
        return self.accepted / self.proposed if self.proposed else None


def propose(text: Sequence[int], sources: Sequence[Sequence[int]], *, most: int) -> list[int]:
    """Propose tokens that may follow a text.

    The longest ending of the text that stands in a source counts, in the first source that has it, and there
    in the first place that something follows:

        text      … 7 4 9        source      1 4 9 3 7 4 9 5 2        draft      5 2

    Args:
        text: tokens so far.
        sources: tokens of the neighbors that are read.
        most: tokens of the draft.

    Returns:
        At most so many tokens; none if no ending of two tokens stands anywhere.
    """
    if most < 1:
        return []
    longest, draft = _SHORTEST_ENDING - 1, list[int]()
    for source in sources:
        for place in range(_SHORTEST_ENDING, len(source)):
            count = _in_common(text, source, place)
            if count > longest:
                longest, draft = count, list(source[place : place + most])
    return draft


def _in_common(text: Sequence[int], source: Sequence[int], place: int) -> int:
    """Tokens before a place of a source that the text ends with, as many as count."""
    count, most = 0, min(len(text), place, LONGEST_ENDING)
    while count < most and source[place - 1 - count] == text[-1 - count]:
        count += 1
    return count
