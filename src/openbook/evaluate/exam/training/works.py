"""Of works: further relations, and further wordings of those that the exam's worlds have too."""

ANSWERS = {"illustrator": "person"}

WORDS: dict[str, str] = {}

FACTS = {
    "work.illustrator": """
        {subject} was illustrated by {answer}
        the pictures in {object} are by {answer}
        {owner} drawings were made by {answer}
        it was {answer} who drew the pictures for {object}
        {answer} illustrated {object}
        {subject} owes its woodcuts to {answer}
        ? Who illustrated {subject}?
        ? Who drew the pictures in {subject}?
        ? By whom are {owner} drawings?
        ? Who was the illustrator of {subject}?
        ? Illustrator of {subject}?
        ? To whom does {subject} owe its woodcuts?
    """,
}
