"""Documents that questions name, and that cannot be read: the book has no such id, or holds them out."""

from collections.abc import Callable, Iterable, Sequence

from openbook.database import Version
from openbook.errors import SettingsError
from openbook.evaluate.answering.questions import Question
from openbook.phrases import command, part_of
from openbook.text.document_ids import suggestion

_NAMED = 3


def unreadable_documents(
    database: Version, questions: Sequence[Question], *, needed: bool = True
) -> list[str]:
    """Say which documents no passage can come from; a question about one has none that answers it.

    Questions that bring passages, or what was found, need no document of the book.

    Args:
        database: the book.
        questions: all of a file.
        needed: nothing can be done without a passage that answers, so one question must have it.

    Returns:
        A sentence for those that are not found, one for those that are held out, if there are any.

    Raises:
        SettingsError: they are needed, and no question with an answer is left.
    """
    asked = [row for row in questions if not row.passages and not row.found]
    records = database.catalog.live_records(_names(asked))
    missing = [row for row in asked if row.document is not None and row.document not in records]
    held_out = [row for row in asked if row.document in records and records[row.document].holdout]
    said, advice = [], []
    if missing:
        said.append(f"{_naming(missing, questions)} a document that {_where_not(database, missing)}")
        is_whole = not database.missing_shards
        advice.append("write the ids as the book has them" if is_whole else "restore the missing shards")
    if held_out:
        named = _listed(_names(held_out), repr)
        said.append(
            f"{_naming(held_out, questions)} a document that the book holds out, so that no search "
            f"finds it: {named}"
        )
        advice.append("ask about others, or build a book that does not hold them out")
    unread = {*missing, *held_out}
    if needed and unread and not any(row.answers for row in questions if row not in unread):
        raise SettingsError(f"{'; '.join(said)}; {'; '.join(advice)}")
    return said


def _where_not(database: Version, questions: Sequence[Question]) -> str:
    """The documents of these questions, and that they are not there; a missing shard may have them."""
    names = _names(questions)
    if shards := database.missing_shards:
        return f"is in no shard but perhaps the missing {', '.join(shards)}: {_listed(names, repr)}"
    known = database.catalog.live_ids()
    named = _listed(names, lambda name: suggestion(name, known))
    return f"the book does not have: {named} (all documents: {command('list', database.path)})"


def _names(questions: Iterable[Question]) -> list[str]:
    """Of each document once, in the order of the questions."""
    return list(dict.fromkeys(row.document for row in questions if row.document is not None))


def _naming(some: Sequence[Question], questions: Sequence[Question]) -> str:
    return part_of(len(some), len(questions), "question", "name")


def _listed(names: Sequence[str], written: Callable[[str], str]) -> str:
    return ", ".join([*map(written, names[:_NAMED]), *(["…"] if len(names) > _NAMED else [])])
