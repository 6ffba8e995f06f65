"""What stands around the facts: openers, sentences that answer nothing, whom else statements are about."""

OPENERS = """
    if the chronicle can be trusted,
    it is no secret that
"""

FILLERS = {
    "person": """
        {subject} could not stand the smell of tar
    """,
    "place": """
        {subject} has more bicycles than doors
    """,
    "work": """
        {subject} is best read in winter
    """,
    "thing": """
        dust has settled on every part of {object}
    """,
    "any": """
        {person} asked about {object} in every shop of {place}
    """,
}

OTHERS = {
    "person": "{owner} old friend {name}",
    "place": "the former capital {name}",
    "work": "the unfinished draft {name}",
    "thing": "its rival {name}",
}
