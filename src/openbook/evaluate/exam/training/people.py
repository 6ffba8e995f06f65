"""Of people: further relations, and further wordings of those that the exam's worlds have too."""

ANSWERS = {
    "burial_place": "place",
    "favorite_dish": "dish",
}

WORDS = {
    "dish": """
        barley soup, bean stew, beef broth, blood sausage, bread pudding, buckwheat pancakes, cabbage rolls,
        carrot cake, chicken pie, clam chowder, cottage pie, custard tart, fish soup, fried herrings,
        ginger biscuits, goulash, jellied eel, lamb chops, leek tart, lentil curry, meat loaf,
        mushroom ragout, noodle salad, pea soup, pickled beets, pork roast, potato dumplings, rabbit stew,
        rhubarb crumble, rice pudding, roast goose, salted cod, semolina, shepherd's pie, smoked trout,
        spinach quiche, stuffed peppers, tripe, veal cutlets, venison pasty, waffles
    """,
}

FACTS = {
    "person.burial_place": """
        {subject} lies buried in {answer}
        {owner} grave is in the churchyard of {answer}
        {answer} is where {subject} was laid to rest
        mourners followed {owner} coffin all the way to {answer}
        {subject} had asked to be buried in {answer}
        the tomb of {object} can be visited in {answer}
        ? Where is {subject} buried?
        ? In which place is {owner} grave?
        ? Where was {subject} laid to rest?
        ? What is {owner} place of burial?
        ? Burial place of {subject}?
        ? Where can one visit the tomb of {subject}?
    """,
    "person.favorite_dish": """
        {subject} liked no food better than {answer}
        {owner} favorite dish was {answer}
        nothing tasted as good to {object} as {answer}
        guests of {object} were always served {answer}
        on Sundays {subject} insisted on {answer}
        what {subject} ate most gladly was {answer}
        ? What was {owner} favorite dish?
        ? Which food did {subject} like best?
        ? What did {subject} eat most gladly?
        ? What dish was served to guests of {subject}?
        ? Favorite food of {subject}?
        ? On which dish did {subject} insist every Sunday?
    """,
}
