"""Of works: more ways to say and ask what the exam's worlds tell too, from letters, talk and the press."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "work.author": """
        the person who thought up {object} and wrote it down was {answer}
        {subject} was begun and ended by one and the same pen, that of {answer}
        when people asked who had written {object}, {answer} would raise a hand
        {subject} needs no introduction: {answer} wrote it in great haste
        {answer} had already written much else before {object}
        for years {answer} denied having written {object}
        among the writings of {answer}, {subject} is the one that lasted
        literary fame came to {answer} through {object}
        {subject} flowed from the pen of {answer}
        experts have compared the handwriting and see in {answer} the author of {object}
        {owner} author signed as {answer}
        never again did {answer} write anything like {object}
        that {answer} and nobody else wrote {object} was proved in court
        as the author of {object}, {answer} received a small pension
        ? Who is {owner} author?
        ? Which writer created {subject}?
        ? Tell me, who wrote {subject}?
        ? From which author do we have {subject}?
        ? To whom did {subject} bring literary fame?
        ? By which author is {subject}?
        ? What is the author of {subject} called?
        ? I have just finished {subject}; who wrote it?
        ? Among whose writings is {subject}?
        ? Written by whom is {subject}?
        ? Please, who was the writer of {subject}?
        ? Name the author of {subject}.
        ? Tell me who wrote {subject}.
        ? I would like to know from whose hand {subject} is.
    """,
    "work.year": """
        {subject} was new in the shops in {answer}
        {answer} saw the publication of {object}
        the first copies of {object} were sold in {answer}
        {subject} was published in {answer} and out of print within weeks
        readers first held {object} in their hands in {answer}
        the publisher announced {object} for {answer} and kept the promise
        as a publication of {answer}, {subject} is free of all rights
        {subject} made its entry into the world in {answer}
        in print {subject} has been available since {answer}
        the year printed at the foot of {owner} title page is {answer}
        {subject} was first offered for sale in {answer}
        among the new books of {answer} was {subject}
        after many delays {answer} finally brought {object} into print
        ? When were the first copies of {subject} sold?
        ? In what year was the first edition of {subject} brought out?
        ? When did readers first hold {subject} in their hands?
        ? Tell me, when was {subject} published?
        ? When did {subject} first come into print?
        ? {subject} was published in which year?
        ? What year saw the publication of {subject}?
        ? When was {subject} new in the shops?
        ? Which year is printed on {owner} title page?
        ? From what year does the first edition of {subject} date?
        ? Publication date of {subject}?
        ? Tell me the year in which {subject} was published.
        ? Give the year of {owner} first edition.
        ? I wonder when {subject} came out.
    """,
    "work.genre": """
        whoever buys {object} buys a {answer}
        a {answer} is what the author had in mind with {object}
        {subject} is known to everybody as a {answer}
        critics disagree about {object}, except that it is a {answer}
        {subject} has all the marks of a {answer}
        {owner} readers expect a {answer} and get one
        {subject} is usually taken for a {answer}
        nobody would guess from its title that {subject} is a {answer}
        {subject} is still read, as far as a {answer} can be
        the publisher advertised {object} as a {answer}
        what makes {object} a {answer} is its form
        textbooks name {object} as the model of a {answer}
        ? Is there a name for the kind of work that {subject} is?
        ? What sort of work is {subject}?
        ? Tell me, what kind of book is {subject}?
        ? What form does {subject} have?
        ? To what literary form does {subject} belong?
        ? As what was {subject} advertised?
        ? For what is {subject} usually taken?
        ? What does one get who buys {subject}?
        ? What is {owner} genre?
        ? Type of work: {subject}?
        ? Name the genre of {subject}.
        ? Tell me what kind of work {subject} is.
        ? Say in a word or two what {subject} is.
    """,
    "work.hero": """
        {subject} is the story of one {answer}
        {answer} is the hero of {object}
        in {object} it is {answer} whom readers come to love
        the part of the hero in {object} belongs to {answer}
        nobody in {object} suffers as much as its hero, {answer}
        the life of {answer} is the thread that runs through {object}
        {subject} places {answer} in the middle of all its troubles
        what happens to {answer} is what {subject} is about
        {owner} chief figure is known as {answer}
        as the hero of {object}, {answer} is known to every child
        {answer} is the character who carries {object}
        {subject} lets {answer} win in the end, as befits a hero
        ? Who plays the leading role in {subject}?
        ? Who is the chief character in {subject}?
        ? Tell me, who is the hero of {subject}?
        ? What is the hero of {subject} called?
        ? Whose life is told in {subject}?
        ? Which figure is at the middle of {subject}?
        ? Main character of {subject}?
        ? About whom is {subject}?
        ? By what name do readers know {owner} hero?
        ? Who is the character that carries {subject}?
        ? Do you remember who the hero of {subject} was?
        ? Name the hero of {subject}.
        ? Tell me who the main character of {subject} is.
        ? I forgot what {owner} hero is called.
    """,
    "work.setting": """
        {owner} story could only have happened in {answer}
        {subject} is a story from {answer}
        for its scene {subject} has {answer}
        the author moved the events of {object} to {answer}
        the streets through which {subject} leads are those of {answer}
        the characters of {object} walk the streets of {answer}
        the town described in {object} is {answer}
        {subject} opens and closes in {answer}
        nobody has described {answer} better than {subject} does
        the background of {object} is {answer}
        when {subject} begins, night is falling over {answer}
        thanks to {object} tourists look for its scenes in {answer}
        ? Which town is described in {subject}?
        ? Where does everything in {subject} happen?
        ? Tell me, where is {subject} set?
        ? Where is the scene of {subject}?
        ? Where do the characters of {subject} meet?
        ? In which town does the plot of {subject} unfold?
        ? Place of action of {subject}?
        ? What is the background of {subject}?
        ? {subject} takes place where?
        ? Where would one look for the scenes of {subject}?
        ? From which town is the story that {subject} tells?
        ? Name the place in which {subject} is set.
        ? Tell me where {subject} happens.
        ? I want to know in which town the story of {subject} plays.
    """,
    "work.pages": """
        {subject} comes to {answer} pages
        a copy of {object} has {answer} numbered pages
        with its {answer} pages {subject} fits into any coat
        the typesetter turned {object} into {answer} pages
        {answer} pages is the length of {object}
        {subject} fills {answer} pages from the first word to the last
        the publisher wanted {object} shorter, but it remained at {answer} pages
        patient readers of {object} turn {answer} pages
        {owner} bulk, {answer} pages, frightens schoolchildren
        at {answer} pages {subject} is what people call just long enough
        ? How many pages are there in {subject}?
        ? How many numbered pages has a copy of {subject}?
        ? Tell me, how many pages does {subject} have?
        ? What is the length of {subject} in pages?
        ? To how many pages does {subject} come?
        ? Pages in {subject}?
        ? How many pages must one read to finish {subject}?
        ? How thick is {subject}, counted in pages?
        ? Into how many pages did the typesetter turn {subject}?
        ? How many pages did {subject} remain at?
        ? Give the number of pages of {subject}.
        ? Tell me how many pages {subject} has.
        ? State the length of {subject} in pages.
    """,
    "work.translator": """
        what readers abroad love in {object} are the words of {answer}, who translated it
        {subject} would be unknown abroad if {answer} had not translated it
        {answer} learned a new language only in order to translate {object}
        {subject} is available in a translation by {answer}
        the translation that made {object} known is that of {answer}
        the foreign version of {object} was the work of {answer}
        as the translator of {object}, {answer} was never named on the cover
        for the task of translating {object} nobody was better suited than {answer}
        {owner} puns gave its translator, {answer}, great trouble
        {subject} crossed the border in a version by {answer}
        the publisher abroad asked {answer} to translate {object}
        ? Who made {subject} readable for people abroad?
        ? Whose words do foreign readers of {subject} read?
        ? Tell me, who translated {subject}?
        ? Who is responsible for the foreign version of {subject}?
        ? Who was asked to translate {subject}?
        ? By which translator is {subject}?
        ? Name of the translator of {subject}?
        ? In whose version did {subject} cross the border?
        ? To whom do we owe {owner} translation?
        ? What is the translator of {subject} called?
        ? Who had the task of translating {subject}?
        ? Name the translator of {subject}.
        ? Tell me who translated {subject}.
        ? I am looking for the name of the person who made the translation of {subject}.
    """,
}
