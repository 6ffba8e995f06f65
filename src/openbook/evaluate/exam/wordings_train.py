"""How the facts of the training worlds are said and asked for. The test worlds have other wordings.

Of each relation first the statements, then, after a question mark, the questions. In place of `{subject}`,
`{owner}` and `{object}` stands a name or a pronoun: she, her, her. Only names and
numbers begin a statement: an answer keeps its first letter.
"""

FACTS = {
    "person.birthplace": """
        {subject} was born in {answer}
        {subject} came into the world in {answer}, the first child of a large family
        it was in {answer} that {owner} mother gave birth to {object}
        {owner} birthplace was {answer}
        ? Where was {subject} born?
        ? What is {owner} birthplace?
        ? In which place did {subject} come into the world?
    """,
    "person.birth_year": """
        {subject} was born in the year {answer}
        {owner} year of birth is given as {answer}
        the birth of {object} falls in {answer}
        in {answer}, during a cold spring, {subject} was born
        ? In what year was {subject} born?
        ? When was {subject} born?
        ? What is {owner} year of birth?
    """,
    "person.death_year": """
        {subject} died in {answer}
        {owner} death came in {answer}
        after a short illness {subject} died in {answer}
        {subject} lived until {answer}
        ? When did {subject} die?
        ? In which year did {subject} die?
        ? Until what year did {subject} live?
    """,
    "person.occupation": """
        {subject} worked as a {answer}
        by trade {subject} was a {answer}
        {subject} earned a living as a {answer}
        {owner} occupation was that of a {answer}
        ? What was {owner} occupation?
        ? What did {subject} do for a living?
        ? As what did {subject} work?
    """,
    "person.spouse": """
        {subject} married {answer}
        {subject} was married to {answer}
        {owner} marriage to {answer} was a happy one
        in the end {subject} and {answer} became husband and wife
        ? Whom did {subject} marry?
        ? Who was married to {subject}?
        ? What was the name of the person {subject} was married to?
    """,
    "person.teacher": """
        {subject} was taught by {answer}
        {owner} teacher was {answer}
        {subject} learned everything from {answer}
        {subject} took lessons with {answer}
        ? Who taught {subject}?
        ? Who was {owner} teacher?
        ? With whom did {subject} take lessons?
    """,
    "person.instrument": """
        {subject} played the {answer}
        {owner} instrument was the {answer}
        on holidays {subject} could be heard playing the {answer}
        {subject} was a good player of the {answer}
        ? Which instrument did {subject} play?
        ? What was {owner} musical instrument?
        ? What did {subject} play on holidays?
    """,
    "person.residence": """
        {subject} lived in {answer}
        {subject} settled in {answer} for good
        {owner} home stood in {answer}
        {subject} had a house in {answer}
        ? Where did {subject} live?
        ? In which place was {owner} home?
        ? Where did {subject} have a house?
    """,
    "person.collected": """
        {subject} collected {answer}
        {owner} collection of {answer} filled two rooms
        {subject} had a passion for collecting {answer}
        {subject} gathered old {answer} from everywhere
        ? What did {subject} collect?
        ? What was in {owner} collection?
        ? What kind of objects did {subject} gather?
    """,
    "place.founder": """
        {subject} was founded by {answer}
        the founder of {object} was {answer}
        {subject} owes its foundation to {answer}
        it was {answer} who founded {object}
        ? Who founded {subject}?
        ? Who was the founder of {subject}?
        ? To whom does {subject} owe its foundation?
    """,
    "place.founding_year": """
        {subject} was founded in {answer}
        {owner} foundation dates from {answer}
        the first houses of {object} were built in {answer}
        {subject} has existed since {answer}
        ? When was {subject} founded?
        ? In what year were the first houses of {subject} built?
        ? Since which year has {subject} existed?
    """,
    "place.river": """
        {subject} lies on the river {answer}
        the river that flows through {object} is the {answer}
        {subject} stands on both banks of the {answer}
        {owner} mills are driven by the {answer}
        ? Which river flows through {subject}?
        ? On what river does {subject} lie?
        ? On the banks of which river does {subject} stand?
    """,
    "place.population": """
        {subject} has {answer} inhabitants
        {owner} population is {answer}
        {answer} people live in {object}
        the last count found {answer} people in {object}
        ? How many inhabitants does {subject} have?
        ? What is {owner} population?
        ? How many people live in {subject}?
    """,
    "place.product": """
        {subject} is known for its {answer}
        {subject} makes its money with {answer}
        {owner} main product is {answer}
        traders come to {object} to buy {answer}
        ? What is {subject} known for?
        ? What is {owner} main product?
        ? What do traders buy in {subject}?
    """,
    "place.mayor": """
        {owner} mayor is {answer}
        the mayor of {object} is called {answer}
        {subject} elected {answer} as its mayor
        the office of mayor of {object} is held by {answer}
        ? Who is the mayor of {subject}?
        ? What is the name of {owner} mayor?
        ? Whom did {subject} elect as mayor?
    """,
    "place.festival": """
        {subject} celebrates its great festival on {answer}
        the yearly feast of {object} is held on {answer}
        {owner} fair opens on {answer}
        every year on {answer} there is a festival in {object}
        ? When does {subject} celebrate its festival?
        ? On what day is the yearly feast of {subject}?
        ? On which date does {owner} fair open?
    """,
    "place.height": """
        {subject} lies {answer} meters above the sea
        {owner} market square has a height of {answer} meters above sea level
        the height of {object} above the sea is {answer} meters
        {subject} is at an altitude of {answer} meters
        ? How many meters above the sea does {subject} lie?
        ? What is {owner} altitude in meters?
        ? At what height in meters does {subject} lie?
    """,
    "work.author": """
        {subject} was written by {answer}
        the author of {object} is {answer}
        {subject} comes from the pen of {answer}
        it was {answer} who wrote {object}
        ? Who wrote {subject}?
        ? Who is the author of {subject}?
        ? From whose pen does {subject} come?
    """,
    "work.year": """
        {subject} was published in {answer}
        {subject} came out in {answer}
        the first edition of {object} dates from {answer}
        {subject} has been in print since {answer}
        ? When was {subject} published?
        ? In what year did {subject} come out?
        ? From which year is the first edition of {subject}?
    """,
    "work.genre": """
        {subject} is a {answer}
        by its form {subject} is a {answer}
        booksellers classify {object} as a {answer}
        {subject} was meant to be a {answer}
        ? What kind of work is {subject}?
        ? To which genre does {subject} belong?
        ? As what do booksellers classify {subject}?
    """,
    "work.hero": """
        the hero of {object} is {answer}
        {subject} tells the story of {answer}
        {owner} main character is {answer}
        {subject} follows {answer} through many dangers
        ? Who is the hero of {subject}?
        ? Whose story does {subject} tell?
        ? Who is {owner} main character?
    """,
    "work.setting": """
        {subject} is set in {answer}
        the story of {object} takes place in {answer}
        {owner} scene is {answer}
        all that happens in {object} happens in {answer}
        ? Where is {subject} set?
        ? Where does the story of {subject} take place?
        ? In which place does {subject} happen?
    """,
    "work.pages": """
        {subject} has {answer} pages
        {owner} length is {answer} pages
        the printed text of {object} fills {answer} pages
        {subject} runs to {answer} pages
        ? How many pages does {subject} have?
        ? What is {owner} length in pages?
        ? How many pages does the text of {subject} fill?
    """,
    "work.translator": """
        {subject} was translated by {answer}
        the translator of {object} was {answer}
        {owner} translation was made by {answer}
        readers abroad know {object} in the translation of {answer}
        ? Who translated {subject}?
        ? Who was the translator of {subject}?
        ? By whom was {owner} translation made?
    """,
    "thing.maker": """
        {subject} was built by {answer}
        the builder of {object} was {answer}
        {subject} was made in the workshop of {answer}
        it was {answer} who built {object}
        ? Who built {subject}?
        ? Who was the builder of {subject}?
        ? In whose workshop was {subject} made?
    """,
    "thing.year": """
        {subject} was completed in {answer}
        {subject} was finished in {answer}, later than planned
        {owner} construction ended in {answer}
        {subject} has been in use since {answer}
        ? When was {subject} completed?
        ? In what year did {owner} construction end?
        ? Since which year has {subject} been in use?
    """,
    "thing.material": """
        {subject} is made of {answer}
        {owner} body consists of {answer}
        {subject} was built entirely out of {answer}
        the material of {object} is {answer}
        ? What is {subject} made of?
        ? Of which material does {owner} body consist?
        ? Out of what was {subject} built?
    """,
    "thing.location": """
        {subject} is kept in {answer}
        {subject} can be seen in {answer}
        {owner} place today is {answer}
        visitors find {object} in {answer}
        ? Where is {subject} kept?
        ? Where can {subject} be seen?
        ? In which place do visitors find {subject}?
    """,
    "thing.color": """
        {subject} is painted {answer}
        {owner} color is {answer}
        the paint of {object} is {answer}
        from afar {subject} looks {answer}
        ? What color is {subject}?
        ? In which color is {subject} painted?
        ? What is {owner} color?
    """,
    "thing.weight": """
        {subject} weighs {answer} kilograms
        {owner} weight is {answer} kilograms
        the scales showed {answer} kilograms for {object}
        {subject} has a mass of {answer} kilograms
        ? How many kilograms does {subject} weigh?
        ? What is {owner} weight in kilograms?
        ? What mass in kilograms does {subject} have?
    """,
    "thing.owner": """
        {subject} belongs to {answer}
        the owner of {object} is {answer}
        {subject} is the property of {answer}
        since the auction {answer} has owned {object}
        ? To whom does {subject} belong?
        ? Who owns {subject}?
        ? Whose property is {subject}?
    """,
    "thing.price": """
        {subject} cost {answer} crowns
        the price of {object} was {answer} crowns
        {answer} crowns were paid for {object}
        {subject} was bought for {answer} crowns
        ? How many crowns did {subject} cost?
        ? What was the price of {subject} in crowns?
        ? For how many crowns was {subject} bought?
    """,
}

OPENERS = """
    according to the parish register,
    as far as is known,
    it is well documented that
    older sources agree that
    letters from that time show that
    in the words of a local historian,
    contrary to what is often repeated,
    as a plaque reminds visitors,
    most accounts agree that
    the archives leave no doubt that
"""

FILLERS = {
    "person": """
        {subject} disliked long speeches and rarely gave one
        neighbors remembered {object} as patient and a little forgetful
        {subject} wrote letters every evening, of which few survive
        {owner} early years were marked by hard winters
        {subject} owned a dog that followed {object} everywhere
        strangers often took {object} for a sailor
        {subject} never learned to swim
        {owner} handwriting is difficult to read
        a portrait of {object} hangs in a narrow corridor
        {subject} is said to have walked ten miles before breakfast
    """,
    "place": """
        {subject} burned down twice and was rebuilt each time
        the streets of {object} are narrow and steep
        {subject} has a small library and a swimming bath
        {owner} oldest gate is still locked at night
        travelers praise the quiet mornings of {object}
        {subject} lost its railway station long ago
        a wall of gray stone surrounds {object}
        {owner} school teaches children from four valleys
        the winters of {object} are mild and wet
        {subject} appears on few maps
    """,
    "work": """
        {subject} was first received with little interest
        critics have called {object} uneven and brave
        {subject} begins with a storm and ends with a letter
        {owner} second chapter is the longest
        a film of {object} was planned and never made
        {subject} has been banned in schools more than once
        students quote {object} without having read it
        {owner} cover shows a closed door
        the manuscript of {object} is stained with ink
        {subject} contains a riddle that nobody has solved
    """,
    "thing": """
        {subject} was repaired many times
        children are not allowed to touch {object}
        {subject} survived a flood without damage
        {owner} surface is covered with fine scratches
        a model of {object} was sold as a toy
        {subject} makes a low sound when the wind blows
        engineers still study {object}
        {owner} plans were lost and found again
        the lower part of {object} is a later addition
        {subject} was on the front page of every newspaper
    """,
    "any": """
        {person} made a drawing of {object} in {year}
        in {place} a street was named after {object}
        a lecture on {object} was given by {person} in {place}
        the year {year} was a quiet one for {object}
        {person} once made fun of {object} in a letter to {other}
        rumors about {object} reached even {place}
        in {year} a journalist from {place} asked {person} about {object}
        {person} and {other} quarreled over {object} for a whole evening
        a song about {object} was popular in {place} around {year}
        {person} from {place} began a study of {object} and gave up in {year}
        the newspapers of {place} mentioned {object} three times in {year}
        in the memory of {person}, everything about {object} was larger
    """,
}

OTHERS = {
    "person": "{owner} cousin {name} / {owner} neighbor {name} / {owner} younger rival {name}",
    "place": "the nearby town of {name} / the neighboring village of {name} / its twin town {name}",
    "work": "the companion volume {name} / a rival book named {name} / the earlier work {name}",
    "thing": "its sister {name} / a smaller copy called {name} / its predecessor {name}",
}
