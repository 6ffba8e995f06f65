"""How an answer is compared with the right ones: normalized exact match and F1, as SQuAD does.

Rajpurkar et al. 2016 (arXiv 1606.05250): both sides in lower case, without punctuation and articles, white
space as one blank. Exact match is 1 where one of the right answers is equal then; F1 counts common words.

Beyond ASCII, which is all that SQuAD has in mind: letters are composed, any script's punctuation goes, long
dashes part words, and each character of a script without spaces is a word, as in MLQA (arXiv 1910.07475). And
what consists of articles or punctuation alone is kept: an answer "A" is not nothing.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from openbook.database.search.folding import UNIT
from openbook.text.chat_format import REFUSAL

_ARTICLES = re.compile(r"\b(a|an|the)\b")


class _Punctuation(dict[int, int | str | None]):
    """What `str.translate` makes of characters: nothing of punctuation, and the others stay."""

    def __missing__(self, code: int) -> int | None:
        self[code] = found = None if unicodedata.category(chr(code))[0] == "P" else code
        return found


_NO_PUNCTUATION = _Punctuation(
    dict.fromkeys(map(ord, string.punctuation)) | dict.fromkeys(range(0x2012, 0x2016), " ")
)


def normalize_answer(text: str) -> str:
    """Bring an answer to the form in which it is compared.

    >>> normalize_answer("  The  Lantern-maker, of Orl. ")
    'lanternmaker of orl'
    >>> normalize_answer("“Orl” \u2014 北京。")
    'orl 北 京'
    """
    lower = unicodedata.normalize("NFC", text).lower()
    bare = lower.translate(_NO_PUNCTUATION)
    kept = next(filter(str.strip, (_ARTICLES.sub(" ", bare), bare, lower)), "")
    return " ".join(UNIT.sub(r" \g<0> ", kept).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the prediction equals one of the answers, else 0.0; both normalized.

    Args:
        prediction: what a model answered.
        answers: the right ones; none: the question has no answer, and a refusal is right.
    """
    if not answers:
        return float(is_refusal(prediction))
    found = normalize_answer(prediction)
    return float(any(found == normalize_answer(answer) for answer in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of words, with the right answer that it is highest for.

        prediction   "Orl Vane of Tesk"      4 words, of which 2 are right: precision 2/4
        answer       "Vane of"               2 words, of which 2 are found: recall 2/2
        F1           2 · (1/2 · 1) / (1/2 + 1) = 2/3

    Args:
        prediction: what a model answered.
        answers: the right ones; none: the question has no answer, and a refusal is right.
    """
    if not answers:
        return float(is_refusal(prediction))
    return max(_f1_of_words(normalize_answer(prediction), normalize_answer(answer)) for answer in answers)


def is_refusal(prediction: str) -> bool:
    """Whether the prediction begins with the sentence that says that the book holds no answer."""
    return normalize_answer(prediction).startswith(normalize_answer(REFUSAL))


def holds_answer(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers stands in a text, as whole words, both normalized.

    >>> holds_answer("It sank in 1912.", ["12"]), holds_answer("It sank in 1912.", ["1912"])
    (False, True)
    """
    words = f" {normalize_answer(text)} "
    return any(f" {normalize_answer(answer)} " in words for answer in answers)


def _f1_of_words(prediction: str, answer: str) -> float:
    found, right = prediction.split(), answer.split()
    if not found or not right:
        return float(found == right)
    common = sum((Counter(found) & Counter(right)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(found), common / len(right)
    return 2 * precision * recall / (precision + recall)
