"""Which of the passages that were read a text has its words from: the order in which they are cited.

Attention says what a model looked at, which is often a passage that it took nothing from. So what it has
words of comes first:

    text        tax collector        words in common    copied    attention      place
    passage 1   … a weaver of …      0                  .0        .6             3
    passage 2   … a tax collector …  13 characters      .9        .1             1
    passage 3   … taxes on salt …    0                  .1        .3             2
"""

from collections.abc import Sequence

from openbook.generation.text_matches import text_matches


def order_by_words(
    text: str, passages: Sequence[str], *, copied: Sequence[float], attention: Sequence[float]
) -> list[int]:
    """Order passages: by their words in the text, then by what was copied, then by attention.

    Args:
        text: that was written, or a part of it.
        passages: K, as they were read.
        copied: of each, how much a copy head says was copied from it, in any unit.
        attention: of each, its share.

    Returns:
        Their numbers; of equal ones the first comes first.
    """
    words = [sum(match.end - match.start for match in text_matches(text, [one])) for one in passages]
    return sorted(range(len(passages)), key=lambda place: (-words[place], -copied[place], -attention[place]))
