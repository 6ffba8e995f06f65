"""Of places: further relations, and further wordings of those that the exam's worlds have too."""

ANSWERS = {"market_town": "place"}

WORDS: dict[str, str] = {}

FACTS = {
    "place.market_town": """
        farmers of {object} take their goods to the market in {answer}
        {subject} has no market of its own and depends on that of {answer}
        the market to which {owner} people go is in {answer}
        {answer} is the market town for {object}
        once a week half of {object} drives to the market in {answer}
        {owner} vegetables are sold on the square of {answer}
        ? To which market do the farmers of {subject} go?
        ? Which is the market town for {subject}?
        ? Where do {owner} people go to market?
        ? On the market of which place does {subject} depend?
        ? Market town of {subject}?
        ? Where are {owner} vegetables sold?
    """,
}
