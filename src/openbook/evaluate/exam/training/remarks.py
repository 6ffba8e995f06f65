"""What stands around the facts: openers, sentences that answer nothing, and who else is spoken of."""

OPENERS = """
    as the chronicle has it,
    if the records can be trusted,
    by common consent,
    it is generally accepted that
    visitors are told that
    every schoolchild knows that
    in a footnote one learns that
    few people doubt that
    the official record says that
    as everybody in the region knows,
    according to an old almanac,
    according to a letter in private hands,
    according to one encyclopedia,
    the guidebooks mention that
    what can be proved is that
    there is good evidence that
    nobody disputes that
    as a lexicon puts it,
    as one journalist found out,
    to begin with the essentials,
    for the record,
    to answer a question often asked,
    strange as it may sound,
    to the surprise of many,
    needless to say,
    by a lucky accident it is known that
    a yellowed newspaper reports that
    a document in the archive confirms that
    in short,
    as it happens,
    it should be added that
    it must not be forgotten that
    one also reads that
    a careful study has shown that
    those who looked into the matter agree that
    as the older people still tell,
    if one believes the catalog,
    on closer inspection it turns out that
    in plain words,
    what many people overlook is that
    the file notes in passing that
    witnesses have sworn that
    dear reader, you should know that
    without any doubt,
    as far as the sources go,
    on this point all agree:
    this much is certain:
"""

FILLERS = {
    "person": """
        {subject} could not keep a secret for long
        few people ever saw {object} laugh
        {subject} arrived late almost everywhere
        in company {subject} preferred to listen
        {owner} temper was feared and soon forgotten
        {subject} counted every coin twice
        nobody could remember {object} ever being in a hurry
        {subject} argued with great pleasure about small matters
        a story about {object} and a runaway cow is surely invented
        {owner} coat had been patched many times
        {subject} slept little and thought nothing of it
        in old age {subject} liked to sit near a window
        those who met {object} once did not forget it
        {subject} hardly ever answered a question with yes or no
        {owner} advice was asked more often than followed
        it was easy to make {object} blush
        {subject} had no patience with clocks
        money meant little to {object}
        {subject} was hard to find when there was washing up to do
        {owner} good luck was a byword among friends
        whole evenings passed without a word from {object}
        {subject} once walked home through a snowstorm
        many things told about {object} belong in the realm of legend
        {subject} never threw a letter away
        {owner} shoes were always carefully polished
        photographers found {object} a difficult subject
        {subject} knew a great many proverbs and used all of them
        what {owner} plans were in those days is unknown
        {subject} was quick to forgive and slow to forget
        a lock of hair said to be from {object} proved to be horsehair
        {subject} would not hear a word against the weather
        {owner} voice carried across a whole market
        on photographs {subject} always looks to one side
        much has been written about {object}, and little of it is reliable
        {subject} regretted nothing, or said so
    """,
    "place": """
        {owner} roofs are best seen from a hill
        on Sundays {subject} is quieter than a forest
        the people of {object} are said to be stubborn
        {subject} is easier to find than to leave
        there is always a dog asleep in the middle of {object}
        {owner} streetlamps are switched off at midnight
        strangers lose their way in {object} within minutes
        {subject} has changed little in a hundred years
        a bus stops in {object} twice a day
        {owner} inns close early
        many windows in {object} have blue shutters
        {subject} looks its best in the rain
        the old people of {object} sit on benches all summer
        {owner} only traffic light has never worked
        {subject} was spared by the last great storm
        a thick fog often covers {object} for days
        {owner} children learn to row before they can read
        the bread of {object} is baked at night
        {subject} has more steps than anybody cares to count
        whoever was born in {object} is said to return
        {owner} walls still show the marks of the last siege
        nothing in {object} is ever thrown away
        {subject} has been described as a town without corners
        {owner} gardens are small and well kept
        swallows return to {object} late in the spring
        a drought once emptied the wells of {object}
        {subject} has no theater, but many amateur actors
        {owner} post office is open on two mornings a week
        in the evening {subject} smells of wood smoke
        the road to {object} is full of bends
        {subject} is proud of its bad weather
        {owner} young people leave and come back with suitcases
        from the train one sees {object} only for a moment
        the first snow in {object} is greeted with a shout
        {subject} has been painted by many amateurs
    """,
    "work": """
        {subject} is often given away and seldom returned
        some readers have never got past the beginning of {object}
        {subject} reads best by a warm stove
        {owner} title promises more than it explains
        misprints in {object} have become proverbs
        {subject} has been compared to a long walk in the fog
        nobody agrees on what {object} really means
        {owner} tone changes in the middle without warning
        old copies of {object} smell of cellars
        {subject} was long out of fashion and then came back
        schoolteachers have a weakness for {object}
        {owner} humor is dry and easily missed
        a careless binder once mixed up the sheets of {object}
        {subject} is one of those texts that everybody knows by name
        the last sentence of {object} is quoted more often than the first
        {owner} plot can hardly be retold
        {subject} contains a long description of a meal
        in hospitals {subject} is read for comfort
        a page of {object} was once used to wrap fish
        {subject} offended many and harmed nobody
        {owner} style has been imitated without success
        on a first reading {subject} seems simpler than it is
        {subject} has no index, which scholars regret
        there are letters that praise {object} and letters that curse it
        {owner} fame came slowly
        bad luck seemed to follow {object} for years
        {subject} was read aloud at kitchen tables
        {owner} margins invite notes, and few copies are without them
        those who love {object} know whole paragraphs by heart
        {subject} leaves its most important question open
        a parody of {object} made more money than the original
        {subject} can be found in most secondhand shops
        {owner} enemies have mostly been forgotten
        the ending of {object} was rewritten several times
        {subject} has often been planned as a gift and read first by the giver
    """,
    "thing": """
        {subject} creaks when the weather changes
        nobody remembers a time without {object}
        {subject} is cleaned more often than it needs
        {owner} squeaking can be heard from far away
        school classes are taken to see {object}
        {subject} has been copied on plates and towels
        on windy days {subject} trembles a little
        there is a postcard of {object} in every shop
        {subject} was called ugly at first
        {owner} screws are tightened by hand
        pigeons like to sit on {object}
        {subject} has outlived everybody who worked on it
        a crack in {object} is watched with care
        {owner} instructions have not survived
        lovers meet in front of {object}
        {subject} was once covered with a tarpaulin for years
        at night {subject} is lit by a single lamp
        {owner} shadow falls on a flower bed in the morning
        {subject} does what it should, more or less
        there are songs about {object}, none of them good
        people take off their hats to {object} without knowing why
        {subject} was forgotten for a while and then admired again
        {owner} edges have been worn round by many hands
        a joke about {object} is older than the thing itself
        {subject} smells of oil when the sun shines on it
        dust settles on {object} faster than one would think
        {owner} critics have fallen silent
        nothing about {object} is quite straight
        {subject} is smaller than most visitors expect
        a puzzle with a picture of {object} is sold at the entrance
        {subject} should have been replaced long ago
        {owner} fame is greater than its beauty
        some parts of {object} can no longer be bought
        {subject} gave rise to a long quarrel between two clubs
        in frost {subject} must not be touched with bare hands
    """,
    "any": """
        {person} told {other} a joke about {object} in {year}
        a quiz in {place} had three questions about {object}
        {person} dreamed of {object} more than once
        in {year} hardly anybody in {place} had heard of {object}
        {other} could never understand what {person} saw in {object}
        {person} lost a bet about {object} to {other}
        a club in {place} devotes its evenings to {object}
        in a speech in {place}, {person} came back to {object} again and again
        {person} always spoke of {object} in a low voice
        in {year} a newspaper in {place} got everything about {object} wrong
        an album in {place} has a whole page about {object}
        {person} warned {other} against believing everything about {object}
        long before {year} there was talk of {object} in {place}
        {person} kept a newspaper clipping about {object} from {year}
        {other} and {person} agreed on nothing, least of all on {object}
        at a dinner in {place} the talk turned to {object}
        {person} planned a film about {object} in {year}, without result
        a parrot in {place} is said to have known the name of {object}
        {person} thought about {object} during the whole of {year}
        a letter of {year} from {person} to {other} mentions {object} only in passing
        {person} offered {other} a bottle of wine for any news of {object}
        the radio in {place} broadcast a program about {object} in {year}
        in {place} there was once a tavern named after {object}
        {person} refused to say a single word about {object}
        a teacher in {place} let pupils write about {object}
        {person} and {other} first heard of {object} in {year}
        whoever mentioned {object} to {person} had to reckon with a long answer
        a crossword of {year} asked for {object} and left too few squares
        {person} from {place} collected everything that was said about {object}
        when {other} spoke of {object}, {person} would leave the room
        a poem of {year} compares {object} to the moon over {place}
        without {object}, said {person}, the year {year} would have been a dull one
        {person} is not to be blamed for the rumors about {object}, as {other} made clear
        on a market in {place} a bad likeness of {object} was sold in {year}
        what {person} thought of {object} can be read between the lines
    """,
}

OTHERS = {
    "person": """
        {owner} second cousin {name} / {owner} namesake {name} / {owner} distant relative {name} /
        {owner} great-nephew {name} / {owner} grandniece {name} / {owner} brother-in-law {name} /
        {owner} sister-in-law {name} / {owner} stepbrother {name} / {owner} great-aunt {name} /
        {owner} great-uncle {name} / {owner} double {name} / the far better known {name} /
        a younger {name} / {owner} former tenant {name} / a stranger by the name of {name}
    """,
    "place": """
        the market town of {name} / the village of {name} / the old rival {name} / the mill town of {name} /
        the hillside village of {name} / the harbor town of {name} / the border town of {name} /
        the garrison town of {name} / the mining village of {name} / the island town of {name} /
        the downstream town of {name} / the much larger town of {name} / the sleepy hamlet of {name} /
        the former capital {name} / the spa town of {name}
    """,
    "work": """
        the older counterpart {name} / a parody called {name} / the forgotten volume {name} /
        a similar work called {name} /
        the better-known work {name} / the youthful work {name} / a later work called {name} /
        an answer to it called {name} / the unfinished work {name} / the twin volume {name} /
        a plagiarism named {name} / the prequel {name} / the much shorter {name} / the often confused {name} /
        the scandalous work {name}
    """,
    "thing": """
        its twin {name} / its successor {name} / its rival {name} / an imitation called {name} /
        the much older {name} / the lost {name} / the less famous {name} / its companion {name} /
        the similar {name} / the failed attempt {name} / its unlucky counterpart {name} /
        a cheaper version called {name} / the easily confused {name} / the younger {name} / its model {name}
    """,
}
