"""Equal text made equal, and the scripts that are written without spaces: Unicode, character by character.

`fold` gives words with spaces between them: NFKC without case, and without what people leave out or do not
see. `kinds` says of each character of a raw text what it is to a word: for finding where words end.
"""

import re
import unicodedata

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point: soft hyphen, no-width spaces and joiners, direction, variants."""
_LEFT_OUT = re.compile("[\u0590-\u05ff\u0600-\u074f\u08a0-\u08ff]")
"""Scripts whose marks are mostly not written: Hebrew, Arabic, Syriac."""
_TATWEEL = "\u0640"
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_APOSTROPHES = "\u02bb\u02bc"
"""Letters to Unicode, but written as quotation marks as often, which end a word."""
_DOTLESS_I = "\u0131"
_WRITTEN_FOR_EACH_OTHER = str.maketrans(
    {
        "\u0451": "\u0435",  # Russian ё: е
        "\u0622": "\u0627",  # alef with madda, hamza, wasla: alef
        "\u0623": "\u0627",
        "\u0625": "\u0627",
        "\u0671": "\u0627",
        "\u0649": "\u064a",  # alef maksura, Persian yeh: yeh
        "\u06cc": "\u064a",
        "\u06a9": "\u0643",  # Persian kaf: kaf
        "\u0629": "\u0647",  # teh marbuta, heh goal: heh
        "\u06c0": "\u0647",
        "\u06c1": "\u0647",
        "\u06c2": "\u0647",
    }
)
_ONE_OF_TWO = re.compile(f"[{''.join(map(chr, _WRITTEN_FOR_EACH_OTHER))}]")
_STRAY_ACCENTS = ("\u0300", "\u0301", "\u0307")
"""Left over by composition: stress in Cyrillic, and the dot of İ in lower case."""


def _class(*ranges: tuple[int, int]) -> str:
    """Ranges of characters, as they stand inside the brackets of a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_SPELLED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A00, 0x1AAF),  # Buginese, Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x1BC0, 0x1BFF),  # Batak
    (0x3041, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0xA980, 0xA9FF),  # Javanese, Burmese
    (0xAA60, 0xAADF),  # Burmese, Tai Viet
    (0x11700, 0x1174F),  # Ahom
    (0x1AFF0, 0x1B16F),  # kana
)
_OF_SYLLABLES = (
    (0xA000, 0xA4CF),  # Yi
    (0x16FE0, 0x18D8F),  # Tangut, Khitan
    (0x1B170, 0x1B2FF),  # Nushu
)
_HANGUL = ((0x1100, 0x11FF), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
_INNER_LETTERS = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Of a Korean syllable that is written out: all but its first."""
_IDEOGRAPHS = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_UNSPACED = _class(*_SPELLED, *_OF_SYLLABLES, *_HANGUL, *_IDEOGRAPHS)
_MARKS = "".join(
    chr(number)
    for first, last in _SPELLED
    for number in range(first, last + 1)
    if unicodedata.category(chr(number))[0] == "M"
)
UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
UNIT = re.compile(f"[{_UNSPACED}][{_MARKS}]*")
"""A character of a script without spaces, with its marks."""
SPACED_LETTER = rf"[^\W_{_UNSPACED}]"
"""In a regular expression: a letter or digit of a script that writes spaces between words."""
SINGLE = re.compile(f"[{_class(*_IDEOGRAPHS, *_HANGUL)}]")
"""Characters that are often words by themselves."""


class _Folded(dict[int, str]):
    """What each character is read as, by its number: worked out when it is first met."""

    def __missing__(self, number: int) -> str:
        self[number] = _read_as(chr(number))
        return self[number]


class _Kinds(dict[int, str]):
    """The kind of each character, by its number."""

    def __missing__(self, number: int) -> str:
        self[number] = _kind(chr(number))
        return self[number]


_FOLDED = _Folded()
_KINDS = _Kinds()


def fold(text: str) -> str:
    """Words as they are compared, with spaces in the place of all that is no word.

    >>> fold("Das Cafe\u0301 an der Königs\u00adstraße"), fold("Windows™ 1½ ｋｍ")
    ('das café an der königsstrasse', 'windows tm  1 1 2  km')
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_FOLDED))
    for accent in _STRAY_ACCENTS:
        folded = folded.replace(accent, "")
    return folded


def one_letter(folded: str) -> str:
    """Of letters that are written for each other always the same one, in a folded text.

    >>> one_letter("ёлка")
    'елка'
    """
    return folded.translate(_WRITTEN_FOR_EACH_OTHER) if _ONE_OF_TWO.search(folded) else folded


def kinds(text: str) -> str:
    """A letter for each character: `s` of words with spaces between, `u` of scripts without, `m` marks and
    what vanishes, a space for all else."""
    return text.translate(_KINDS)


def _read_as(character: str) -> str:
    if _IGNORABLE.match(character):
        return ""
    plain = unicodedata.normalize("NFKC", character)
    stands_for = plain != character and (
        unicodedata.category(character) == "So"
        or unicodedata.decomposition(character).startswith(("<fraction>", "<circle>"))
    )
    plain = unicodedata.normalize("NFKC", plain.casefold())
    read = "".join(map(_letter, plain))
    return f" {read} " if stands_for else read


def _letter(character: str) -> str:
    """One character, after NFKC and without case."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character == _DOTLESS_I:
        return "i"
    if character == _TATWEEL or (category == "Mn" and _LEFT_OUT.match(character)):
        return ""
    if _GREEK.match(character):
        bare = unicodedata.normalize("NFD", character)
        character = "".join(part for part in bare if not unicodedata.combining(part))
    return character if category[0] in "LMN" and character not in _APOSTROPHES else " "


def _kind(character: str) -> str:
    read = _FOLDED[ord(character)]
    if not read or unicodedata.category(read[0])[0] == "M" or _INNER_LETTERS.match(read):
        return "m"
    if " " in read:
        return " "
    return "u" if UNSPACED_RUN.match(read) else "s"
