"""Wordings and relations that the training worlds alone have, beside those of wordings_train.

    people…, places…, works_…, things_…  relations by kind: how they are said and asked for, what answers them
    remarks                              openers, sentences that answer nothing, who else is spoken of

The more there are, the less of them is learned by heart, and the more a reader learns to read wordings that
it has not seen. FACTS, OPENERS, FILLERS and OTHERS hold all of the training part; ANSWERS and WORDS what the
exam's worlds do not have.
"""

from collections.abc import Iterable, Mapping

from openbook.evaluate.exam import wordings_train
from openbook.evaluate.exam.training import (
    people,
    people_circle,
    people_deeds,
    people_life,
    people_shared,
    people_shared_more,
    people_work,
    places,
    places_history,
    places_life,
    places_people,
    places_shared,
    places_shared_more,
    remarks,
    things_history,
    things_measures,
    things_people,
    things_shared,
    works_authorship,
    works_contents,
    works_editions,
    works_shared,
)

_FILES = {
    "person": (
        people,
        people_life,
        people_work,
        people_circle,
        people_deeds,
        people_shared,
        people_shared_more,
    ),
    "place": (places, places_history, places_people, places_life, places_shared, places_shared_more),
    "work": (works_authorship, works_contents, works_editions, works_shared),
    "thing": (things_people, things_history, things_measures, things_shared),
}
_ALL = tuple(file for files in _FILES.values() for file in files)


def _united(tables: Iterable[Mapping[str, str]], between: str = "") -> dict[str, str]:
    """The texts of each key, one after the other."""
    united: dict[str, str] = {}
    for table in tables:
        for key, text in table.items():
            united[key] = f"{united[key].rstrip()}{between}{text}" if key in united else text
    return united


FACTS = _united((wordings_train.FACTS, *(file.FACTS for file in _ALL)))
"""By `kind.relation`, as in wordings_train."""
ANSWERS: dict[str, dict[str, str]] = {
    kind: {relation: sort for file in files for relation, sort in file.ANSWERS.items()}
    for kind, files in _FILES.items()
}
"""By kind the further relations, each with the sort of its answers."""
WORDS: dict[str, str] = {sort: words for file in _ALL for sort, words in file.WORDS.items()}
"""The words of further sorts; all of them belong to the training worlds."""
OPENERS = f"{wordings_train.OPENERS.rstrip()}{remarks.OPENERS}"
FILLERS = _united((wordings_train.FILLERS, remarks.FILLERS))
OTHERS = _united((wordings_train.OTHERS, remarks.OTHERS), between=" / ")
