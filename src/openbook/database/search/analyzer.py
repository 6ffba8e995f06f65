"""What is a word to BM25, in chunks and queries alike. The texts themselves stay as they are.

| what stands in a text | what is a word |
|---|---|
| letters, digits and their marks, one after the other | one word, in Unicode's NFKC and without case |
| decomposed letters, ligatures, full width, super- and subscripts | the plain letters and digits |
| symbols and fractions that stand for letters (™ ㎏ ½ ①) | the letters, as words of their own |
| digits of any script | 0 to 9 |
| soft hyphens, what has no width, marks of direction | nothing: the word goes on |
| Arabic, Hebrew and Syriac vowel marks, tatweel; Greek accents; accents that no letter includes | nothing |
| ß ẞ; İ I ı; ς | ss; i; σ |
| Chinese, Japanese, Thai, Lao, Khmer, Burmese …, which have no spaces; Korean | all pairs of neighbors |
| Chinese characters and Korean syllables | also each of them |
| a word that a hyphen divides at the end of a line | both parts, and the whole |
| names and numbers of several parts, see `joined_words.py`: 2.4.0, AP-41 | each part, and the whole |
| v2.4.0, as a whole | 2.4.0 |
| ё; Arabic letters that are written for each other (أ ى ة, Persian ک ی) | е; one of them (ا ي ه ك) |
| a word of more than 255 characters | its pieces of 255 |
"""

import re
import string
from itertools import pairwise
from typing import Protocol

import tantivy

from openbook.database.search.folding import SINGLE, UNIT, UNSPACED_RUN, fold, one_letter
from openbook.database.search.joined_words import LONGEST_WORD, folded_whole, joined_words, may_be_joined


class Analyzer(Protocol):
    """One way to take texts for words."""

    version: int
    """What an index records; another number gives other words."""
    name: str
    """Under which tantivy knows it."""

    def words(self, text: str) -> list[str]:
        """All words of a text, in no particular order."""

    def for_tantivy(self, text: str) -> str:
        """What tantivy is given in the place of the text."""

    def tantivy_analyzer(self) -> tantivy.TextAnalyzer:
        """How tantivy takes what it is given for the same words."""


class FirstAnalyzer:
    """Of indexes that record no version: runs of letters and digits of less than 40 bytes, in lower case."""

    version = 1
    name = "words"

    def __init__(self) -> None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        builder = builder.filter(tantivy.Filter.remove_long(40))
        self._analyzer = builder.filter(tantivy.Filter.lowercase()).build()

    def words(self, text: str) -> list[str]:
        return list(self._analyzer.analyze(text))

    def for_tantivy(self, text: str) -> str:
        return text

    def tantivy_analyzer(self) -> tantivy.TextAnalyzer:
        return self._analyzer


class SecondAnalyzer:
    """Of indexes of version 2: points, low lines and hyphens end every word, and ё is not е."""

    version = 2
    name = "words-2"

    def words(self, text: str) -> list[str]:
        folded = self._read(text)
        return folded.split() if _is_plain(folded) else _split(folded)

    def for_tantivy(self, text: str) -> str:
        folded = self._read(text)
        return folded if _is_plain(folded) else " ".join(_split(folded))

    def tantivy_analyzer(self) -> tantivy.TextAnalyzer:
        return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()

    def _read(self, text: str) -> str:
        """The words with spaces between them, but for scripts without spaces and words that are too long."""
        return _folded(_with_divided_words(text))


class WordAnalyzer(SecondAnalyzer):
    """As the table above says. Tantivy is given the words with spaces between them."""

    version = 3
    name = "words-3"

    def _read(self, text: str) -> str:
        folded = super()._read(text)
        if may_be_joined(text):
            folded = " ".join([folded, *(folded_whole(whole) for _, whole in joined_words(text))])
        return folded if folded.isascii() else one_letter(folded)


_ASCII = {
    code: chr(code).lower() if chr(code) in string.ascii_letters + string.digits else " "
    for code in range(128)
}
_HYPHEN_AT_LINE_END = re.compile("[-\u2010\u00ad]\r?\n")
DIVIDED = re.compile("([^\\W\\d_]+)[-\u2010\u00ad]\r?\n[ \\t]*([^\\W\\d_]+)")
"""The parts of a word that a hyphen divides at the end of a line."""


def _with_divided_words(text: str) -> str:
    """The text, and after it the words that a hyphen divides at the end of a line."""
    if "\n" in text and _HYPHEN_AT_LINE_END.search(text):
        text += "".join(f" {first}{second}" for first, second in DIVIDED.findall(text))
    return text


def _folded(text: str) -> str:
    return text.translate(_ASCII) if text.isascii() else fold(text)


def _is_plain(folded: str) -> bool:
    """Whether what stands between spaces is a word each: no script without spaces, no word too long."""
    half = LONGEST_WORD // 2  # a longer word fills one such part of the text
    if any(folded.find(" ", start, start + half) < 0 for start in range(0, len(folded) - half, half)):
        return False
    return folded.isascii() or not UNSPACED_RUN.search(folded)


def _split(folded: str) -> list[str]:
    """The words of a folded text, whatever it holds."""
    words = [word for run in folded.split() for word in _words_of_run(run)]
    if max(map(len, words), default=0) <= LONGEST_WORD:
        return words
    return [piece for word in words for piece in _pieces(word)]


def _words_of_run(run: str) -> list[str]:
    """The words of what stands between two spaces, part of it in a script without spaces."""
    words, place = [], 0
    for unspaced in UNSPACED_RUN.finditer(run):
        words.append(run[place : unspaced.start()])
        words += _pairs(unspaced[0])
        place = unspaced.end()
    words.append(run[place:])
    return [word for word in words if word]


def _pairs(run: str) -> list[str]:
    """The words of a run of a script without spaces.

    >>> _pairs("水位标记"), _pairs("茶"), _pairs("です")
    (['水位', '位标', '标记', '水', '位', '标', '记'], ['茶'], ['です'])
    """
    units = UNIT.findall(run)
    if len(units) == 1:
        return [run]
    return [first + second for first, second in pairwise(units)] + SINGLE.findall(run)


def _pieces(word: str) -> list[str]:
    return [word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)]
