"""Of things: further relations, and further wordings of those that the exam's worlds have too."""

ANSWERS = {"designer": "person"}

WORDS: dict[str, str] = {}

FACTS = {
    "thing.designer": """
        {subject} was designed by {answer}
        the design of {object} is the work of {answer}
        {owner} first sketches were drawn by {answer}
        it was {answer} who thought up {object}
        {answer} drew the plans for {object}
        on paper {subject} was the idea of {answer}
        ? Who designed {subject}?
        ? Whose design is {subject}?
        ? By whom were {owner} first sketches drawn?
        ? Who thought up {subject}?
        ? Designer of {subject}?
        ? Who drew the plans for {subject}?
    """,
}
