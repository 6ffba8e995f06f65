"""How the facts of the test worlds are said and asked for: as `wordings_train`, with no wording in common."""

FACTS = {
    "person.birthplace": """
        {subject} first saw the light of day in {answer}
        {subject} was a native of {answer}
        {owner} parents were living in {answer} at the time of {owner} birth
        the cradle in which {subject} lay as a newborn stood in {answer}
        ? What town or village was {subject} a native of?
        ? Which place is it that {subject} was born in?
        ? Where did {owner} birth take place?
    """,
    "person.birth_year": """
        {owner} life began in {answer}
        {subject} entered this world in {answer}
        church books record {owner} baptism as a newborn in {answer}
        midwives delivered {object} in {answer}
        ? What year did {owner} life begin?
        ? Which year saw the birth of {subject}?
        ? In which year did {subject} enter this world?
    """,
    "person.death_year": """
        {subject} passed away in {answer}
        {owner} life ended in {answer}
        {subject} was buried in {answer}, a week after the last breath
        the obituaries of {object} appeared in {answer}
        ? What year did {subject} pass away?
        ? In what year did {owner} life end?
        ? Which is the year of {owner} death?
    """,
    "person.occupation": """
        {subject} made a career as a {answer}
        {subject} spent the working years as a {answer}
        tax records list {object} as a {answer}
        {subject} had trained to become a {answer} and remained one
        ? Which profession did {subject} have?
        ? What was {owner} job?
        ? What trade did {subject} follow?
    """,
    "person.spouse": """
        {subject} shared married life with {answer}
        at the altar {subject} said yes to {answer}
        {owner} wedding with {answer} was talked about for years
        {subject} took {answer} as a partner for life
        ? Who was {owner} spouse?
        ? To whom did {subject} say yes at the altar?
        ? Which person was {owner} partner in marriage?
    """,
    "person.teacher": """
        {subject} was a pupil of {answer}
        {subject} studied under {answer}
        the one who instructed {object} was {answer}
        {subject} went through years of apprenticeship under {answer}
        ? Whose pupil was {subject}?
        ? Under whom did {subject} study?
        ? Who instructed {subject}?
    """,
    "person.instrument": """
        {subject} was skilled on the {answer}
        friends enjoyed it when {subject} performed on the {answer}
        {subject} practiced the {answer} each night
        music meant the {answer} to {object}
        ? On which instrument did {subject} perform?
        ? What instrument was {subject} skilled on?
        ? Which instrument did {subject} practice?
    """,
    "person.residence": """
        {subject} made {answer} a permanent home
        {subject} resided in {answer}
        for decades {owner} address was in {answer}
        {subject} dwelt in {answer} until old age
        ? What was {owner} place of residence?
        ? Where did {subject} reside?
        ? In which town or village did {subject} dwell?
    """,
    "person.collected": """
        {subject} hoarded {answer}
        {owner} cabinets were full of {answer}
        at markets {subject} always looked for {answer} to add to the cabinet
        {subject} left a great many {answer} to a museum
        ? What objects filled {owner} cabinets?
        ? Which things did {subject} hoard?
        ? What was {subject} a collector of?
    """,
    "place.founder": """
        {subject} goes back to {answer}, who laid the first stone
        {subject} was established by {answer}
        a statue honors {answer}, the originator of {object}
        the charter of {object} was obtained by {answer}, with whom all began
        ? By whom was {subject} established?
        ? Who laid the first stone of {subject}?
        ? With which person did {subject} begin?
    """,
    "place.founding_year": """
        {subject} was established in {answer}
        {owner} history starts in {answer}
        settlers laid out {object} in {answer}
        the charter of {object} bears the date {answer}
        ? What year was {subject} established?
        ? In which year does {owner} history start?
        ? When did settlers lay out {subject}?
    """,
    "place.river": """
        {subject} is situated beside the {answer}, a broad stream
        the bridges of {object} cross the {answer}
        in spring the {answer} floods the lower part of {object}
        {owner} drinking water is taken from the {answer}
        ? What is the name of the river at {subject}?
        ? Which stream do the bridges of {subject} cross?
        ? Beside what river is {subject} situated?
    """,
    "place.population": """
        {subject} counts {answer} souls
        the census recorded {answer} residents for {object}
        {subject} is home to {answer} people
        there are {answer} residents in {object}
        ? How many residents does {subject} count?
        ? What number of people is {subject} home to?
        ? How large is the population of {subject}?
    """,
    "place.product": """
        {subject} exports {answer}
        workshops in {object} turn out {answer}
        {owner} wealth rests on {answer}
        the specialty of {object} is {answer}
        ? What goods does {subject} export?
        ? What is the specialty of {subject}?
        ? On which product does {owner} wealth rest?
    """,
    "place.mayor": """
        {subject} is governed by {answer}
        the town hall of {object} is run by {answer}
        voters put {answer} at the head of {object}
        the chain of office in {object} is worn by {answer}
        ? Who governs {subject}?
        ? Which person is at the head of {subject}?
        ? Who wears the chain of office in {subject}?
    """,
    "place.festival": """
        {subject} puts up its flags for the holiday on {answer}
        {owner} big parade falls on {answer}
        bands march through {object} each {answer}
        {subject} holds its annual celebration on {answer}
        ? What is the date of the annual celebration of {subject}?
        ? On which day does {owner} big parade take place?
        ? When do bands march through {subject}?
    """,
    "place.height": """
        {subject} sits at an elevation of {answer} meters
        {owner} elevation was measured as {answer} meters
        from the coast one climbs {answer} meters to reach {object}
        surveyors put {object} at {answer} meters over the tide mark
        ? What is the elevation of {subject} in meters?
        ? How high up, in meters, does {subject} sit?
        ? How many meters does one climb from the coast to {subject}?
    """,
    "work.author": """
        {subject} is a creation of {answer}
        the title page of {object} names {answer} as the writer
        {subject} was penned by {answer}
        with {object} the writer {answer} became famous
        ? Which writer penned {subject}?
        ? Who is named as the writer of {subject}?
        ? Who created {subject}?
    """,
    "work.year": """
        {subject} first appeared in {answer}
        {subject} reached the shops in {answer}
        the printing of {object} was done in {answer}
        the public could first read {object} in {answer}
        ? What year did {subject} first appear?
        ? When did {subject} reach the shops?
        ? In which year could the public first read {subject}?
    """,
    "work.genre": """
        {subject} falls into the class of the {answer}
        literary scholars regard {object} as a {answer}
        one would call {object} a {answer}
        {subject} takes the shape of a {answer}
        ? What would one call {subject}, as a form of literature?
        ? Which literary form does {subject} have?
        ? What do scholars regard {subject} as?
    """,
    "work.hero": """
        {subject} revolves around {answer}
        the protagonist of {object} is {answer}
        at the center of {object} stands {answer}
        {subject} describes the adventures of {answer}
        ? Who is the protagonist of {subject}?
        ? Around which character does {subject} revolve?
        ? Whose adventures does {subject} describe?
    """,
    "work.setting": """
        {owner} events unfold in {answer}
        {subject} leads its readers to {answer}
        {answer} is the backdrop of {object}
        the action of {object} never leaves {answer}
        ? Where do {owner} events unfold?
        ? What place is the backdrop of {subject}?
        ? Which place does the action of {subject} never leave?
    """,
    "work.pages": """
        {subject} is {answer} pages long
        one has to turn {answer} pages to finish {object}
        bound in cloth, {subject} comes to {answer} pages
        {subject} consists of {answer} pages
        ? How many pages long is {subject}?
        ? What is the number of pages of {subject}?
        ? Of how many pages does {subject} consist?
    """,
    "work.translator": """
        {subject} was rendered into other tongues by {answer}
        the foreign version of {object} is owed to {answer}
        {answer} put {object} into another language
        the task of translating {object} fell to {answer}
        ? Who rendered {subject} into other tongues?
        ? To whom is the foreign version of {subject} owed?
        ? Which person put {subject} into another language?
    """,
    "thing.maker": """
        {subject} was constructed by {answer}
        {subject} is the handiwork of {answer}
        {answer} put {object} together, piece by piece
        the name engraved on {object} as its constructor is {answer}
        ? Who constructed {subject}?
        ? Whose handiwork is {subject}?
        ? Which person put {subject} together?
    """,
    "thing.year": """
        {subject} was inaugurated in {answer}
        work on {object} was over by {answer}
        {subject} went into service in {answer}
        the last screw of {object} was tightened in {answer}
        ? When did {subject} go into service?
        ? What year was {subject} inaugurated?
        ? By which year was the work on {subject} over?
    """,
    "thing.material": """
        {subject} was fashioned from {answer}
        for {object} nothing but {answer} was used
        {subject} is wrought of {answer}
        anyone who knocks on {object} notices that it is {answer}
        ? What was {subject} fashioned from?
        ? Which material was used for {subject}?
        ? Of what substance is {subject} wrought?
    """,
    "thing.location": """
        {subject} is on display in {answer}
        {subject} is housed in {answer}
        the hall that shelters {object} is in {answer}
        whoever wants to visit {object} must travel to {answer}
        ? Where is {subject} on display?
        ? Which place is {subject} housed in?
        ? Where must one travel to visit {subject}?
    """,
    "thing.color": """
        {subject} has a coat of {answer}
        {owner} outside gleams in {answer}
        in sunlight {subject} shines {answer}
        those who see {object} remember its {answer} finish
        ? Which color does {subject} have on the outside?
        ? What color does {subject} shine in?
        ? What is the color of {owner} finish?
    """,
    "thing.weight": """
        {subject} tips the scales at {answer} kilograms
        a crane had to lift {answer} kilograms to move {object}
        {subject} comes to {answer} kilograms in all
        {owner} heaviness, {answer} kilograms, surprises everyone
        ? How heavy is {subject}, in kilograms?
        ? How many kilograms had to be lifted to move {subject}?
        ? At how many kilograms does {subject} tip the scales?
    """,
    "thing.owner": """
        {subject} is in the possession of {answer}
        {subject} passed into the hands of {answer}
        {answer} acquired {object} and has not parted with it
        the deed to {object} is signed by {answer}, its present holder
        ? In whose possession is {subject}?
        ? Into whose hands did {subject} pass?
        ? Which person acquired {subject}?
    """,
    "thing.price": """
        {subject} changed hands for {answer} crowns
        the bill for {object} came to {answer} crowns
        someone spent {answer} crowns on {object}
        {owner} sale brought {answer} crowns
        ? What sum in crowns was spent on {subject}?
        ? How many crowns did {owner} sale bring?
        ? For what sum in crowns did {subject} change hands?
    """,
}

OPENERS = """
    we read in a yellowed diary that
    by all reports,
    a guidebook mentions that
    the chronicle notes that
    if the almanac is right,
    to judge by the ledgers,
    an inscription tells us that
    people still recall that
    researchers have established that
    a newspaper once reported that
"""

FILLERS = {
    "person": """
        {subject} was fond of strong tea and early trains
        a broken arm kept {object} at home for one winter
        {subject} spoke softly and laughed often
        {owner} umbrella was famous among the children of the street
        nobody ever saw {object} without a hat
        {subject} had a habit of humming while reading
        {owner} temper was even, except before dinner
        the diaries of {object} break off without a reason
        {subject} could name every bird by its call
        few people knew how generous {subject} was
    """,
    "place": """
        {subject} can be reached by one road only
        a bell rings over {object} at noon
        {subject} keeps its old lamps and its old habits
        {owner} rooftops are covered with moss
        painters like the light of {object}
        fog hides {object} for half of the autumn
        {subject} never had a theater of its own
        {owner} bakeries open before dawn
        an earthquake shook {object} without doing much harm
        the hills behind {object} are good for walking
    """,
    "work": """
        {subject} sold slowly and then all at once
        a misprint in {object} amused its readers for years
        {subject} is often lent and seldom returned
        {owner} last sentence has been much discussed
        reviewers found {object} too long by a third
        {subject} is read aloud on winter evenings
        the plates of {object} were melted down
        {owner} humor is dry and sometimes cruel
        nobody agrees on what {object} means
        {subject} has inspired two songs and a puppet show
    """,
    "thing": """
        {subject} was once hidden under straw
        moths and rust have spared {object}
        {subject} needs oil twice a week
        {owner} smell reminds people of rain
        a postage stamp shows {object}
        {subject} stood idle for a whole generation
        photographers wait for hours in front of {object}
        {owner} key is turned by hand
        thieves tried to carry off {object} and failed
        {subject} trembles slightly when carts go by
    """,
    "any": """
        an exhibition in {place} was devoted to {object} in {year}
        {person} sent a postcard with a picture of {object} to {other}
        the radio in {place} had a program about {object}
        {person} dreamed of {object} and told everyone
        a pamphlet against {object} was printed in {place} in {year}
        {other} would not believe what {person} said about {object}
        until {year} nothing was heard of {object} in {place}
        schoolchildren from {place} sent {object} their greetings in {year}
        {person} made a speech about {object}, to which only {other} listened
        a jigsaw puzzle with a view of {object} went on sale in {year}
        {place} has a tavern that is called after {object}
        {person} claimed to know all about {object} before {year}
    """,
}

OTHERS = {
    "person": "{owner} half-brother {name} / {owner} colleague {name} / a namesake called {name}",
    "place": "the port of {name} / the hamlet of {name} / the abandoned settlement of {name}",
    "work": "the sequel {name} / the imitation {name} / the better known {name}",
    "thing": "its counterpart {name} / the later model {name} / the discarded prototype {name}",
}
