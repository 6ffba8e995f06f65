"""What a work tells: its form, its characters, where and when it happens. Training worlds only."""

ANSWERS = {
    "villain": "person",
    "narrator": "person",
    "companion": "person",
    "model": "person",
    "hero_trade": "occupation",
    "hero_home": "place",
    "hero_age": "number 11 97",
    "period": "year 1101 1690",
    "theme": "theme",
    "quest": "quest",
    "animal_character": "creature",
    "language": "literary_language",
    "chapters": "number 12 98",
    "pictures": "number 14 480",
}

WORDS = {
    "theme": """
        betrayal, boredom, charity, childhood, class pride, cowardice, curiosity, debt, deceit, despair,
        disgrace, duty, fatherhood, fear, forgiveness, friendship, gambling, gluttony, grief, guilt,
        homesickness, hunger, hypocrisy, jealousy, justice, laziness, loneliness, longing, loyalty,
        luck, madness, mercy, motherhood, patience, poverty, remorse, revenge, sacrifice, shame,
        stinginess, superstition, temptation, vanity, widowhood
    """,
    "quest": """
        beehive, blue rose, bronze mask, buried chest, chalice, cradle, crown jewel, dagger, diadem,
        forged will, four-leaf clover, gold tooth, golden fleece, golden spindle, healing herb, jeweled
        comb, legendary sword, lost brother, lost recipe, magic flask, map of the moon, mermaid, missing
        page, music box, pearl necklace, petrified heart, philosopher's stone, royal seal, sacred
        goblet, seven-league boot, silver whistle, stolen letter, talking parrot, vanished bride, white
        stag
    """,
    "creature": """
        badger, bat, bear, billy goat, bulldog, buzzard, camel, chicken, cockroach, cricket, crocodile,
        cuckoo, dachshund, donkey, dragonfly, duck, ferret, frog, goose, greyhound, hamster, hare,
        hedgehog, heron, jackdaw, lizard, lobster, magpie, mole, mule, nightingale, peacock, pelican,
        piglet, pike, poodle, rabbit, raven, rooster, salamander, seal, sheepdog, snail, sparrow,
        spider, squirrel, stork, swan, toad, tortoise, weasel, wolf
    """,
    "literary_language": """
        Basque, Breton, Catalan, Cornish, Croatian, Czech, Danish, Dutch, Faroese, Finnish, Flemish,
        French, Frisian, Gaelic, Galician, German, Greek, Hebrew, Hungarian, Latin, Latvian, Lithuanian,
        Maltese, Norwegian, Persian, Polish, Portuguese, Romanian, Romansh, Russian, Sardinian, Serbian,
        Sicilian, Slovak, Slovene, Spanish, Swedish, Turkish, Walloon, Welsh, Yiddish
    """,
}

FACTS = {
    "work.genre": """
        {subject} can best be described as a {answer}
        what lies before the reader of {object} is a {answer}
        libraries shelve {object} under the heading "{answer}"
        {subject} calls itself a {answer}
        in form {subject} is nothing other than a {answer}
        as a {answer}, {subject} broke most of the rules
        connoisseurs regard {object} as a perfect {answer}
        by genre {subject} counts as a {answer}
        with {object} literature gained one more {answer}
        {owner} subtitle promises a {answer}
        ? What genre is {subject}?
        ? What sort of literature is {subject}?
        ? Genre of {subject}?
        ? In which category do libraries shelve {subject}?
        ? How would one describe the form of {subject}?
        ? What does the subtitle of {subject} promise?
        ? Can you tell me what kind of text {subject} is?
        ? As what is {subject} regarded by connoisseurs?
        ? What does {subject} call itself?
    """,
    "work.hero": """
        {answer} is the main figure of {object}
        everything in {object} turns on the fate of {answer}
        {owner} hero bears the name {answer}
        from the first page to the last {subject} stays with {answer}
        the adventures that {subject} describes are those of {answer}
        the person whose fate fills {object} is {answer}
        in the leading part of {object} the reader meets {answer}
        {answer}, the hero of {object}, is brave only by accident
        the central character, {answer}, appears in all of {owner} scenes
        ? Who stands at the center of {subject}?
        ? What is the name of {owner} hero?
        ? Which character does {subject} follow?
        ? Around whom does {subject} turn?
        ? Hero of {subject}?
        ? Who has the leading part in {subject}?
        ? What is the main figure of {subject} called?
        ? Can you name the central character of {subject}?
        ? About whose fate do we read in {subject}?
    """,
    "work.setting": """
        the action of {object} unfolds in {answer}
        the place of {owner} action is {answer}
        readers of {object} soon know every lane of {answer}
        the events of {object} never leave {answer}
        {answer} is the scene of everything in {object}
        in {object} all roads end in {answer}
        it is {answer} that serves {object} as its backdrop
        whoever reads {object} spends a few days in {answer}
        the plot of {object} is laid in {answer}
        ? In what place is {subject} set?
        ? Where does the action of {subject} unfold?
        ? Setting of {subject}?
        ? What is the scene of {subject}?
        ? Which town serves {subject} as its backdrop?
        ? Where do the events of {subject} take place?
        ? To which place does {subject} lead its readers?
        ? Where is the plot of {subject} laid?
        ? Do you know in which town {subject} plays?
    """,
    "work.villain": """
        the villain of {object} is {answer}
        in {object} the evil deeds are done by {answer}
        {owner} villain goes by the name of {answer}
        all misfortune in {object} comes from {answer}
        {answer} plays the scoundrel in {object}
        the hero's enemy in {object} is called {answer}
        the crimes in {object} turn out to be the work of {answer}
        ? Who is the villain of {subject}?
        ? Who does the evil deeds in {subject}?
        ? What is the name of {owner} villain?
        ? Against whom must the hero of {subject} fight?
        ? Which character in {subject} is the scoundrel?
        ? Whose crimes fill {subject}?
        ? Villain of {subject}?
        ? Name the villain of {subject}.
    """,
    "work.narrator": """
        {subject} is told by a character named {answer}
        the narrator of {object} is {answer}
        it is through the eyes of {answer} that {subject} is seen
        {owner} "I" is a character called {answer}
        the voice that says "I" in {object} is that of {answer}
        inside {object}, {answer} acts as the narrator
        in {object} old {answer} remembers and narrates
        ? Who is the narrator of {subject}?
        ? Which character tells {subject}?
        ? Through whose eyes is {subject} seen?
        ? Who says "I" in {subject}?
        ? What is the name of {owner} narrator?
        ? By which of its characters is {subject} narrated?
        ? Narrator of {subject}?
        ? Tell me which character narrates {subject}.
    """,
    "work.companion": """
        at the hero's side in {object} goes a friend, {answer}
        the hero's faithful companion in {object} is {answer}
        {owner} hero is never seen without a friend called {answer}
        in {object} the part of the loyal friend falls to {answer}
        {answer} is the hero's best friend in {object}
        {subject} gives its hero a companion named {answer}
        wherever the hero of {object} goes, {answer} comes along
        ? Who accompanies the hero of {subject}?
        ? What is the hero's companion in {subject} called?
        ? Who is the best friend of {owner} hero?
        ? Which character in {subject} plays the loyal friend?
        ? At whose side does the hero of {subject} travel?
        ? Without whom is the hero of {subject} never seen?
        ? Companion of the hero in {subject}?
        ? Name the friend who accompanies the hero of {subject}.
    """,
    "work.model": """
        the living model for the hero of {object} was {answer}
        {owner} hero is modeled on {answer}
        {answer} sat, as it were, for the hero's portrait in {object}
        the hero of {object} has the habits of a real person, {answer}
        in real life the hero of {object} was called {answer}
        contemporaries recognized {answer} behind {owner} hero
        without knowing it {answer} served as the model for {owner} hero
        ? Who was the living model for the hero of {subject}?
        ? On whom is the hero of {subject} modeled?
        ? Which real person stands behind {owner} hero?
        ? Whom did contemporaries recognize in the hero of {subject}?
        ? Whose habits does {owner} hero have?
        ? Who was the hero of {subject} in real life?
        ? Name the real person after whom the hero of {subject} is drawn.
    """,
    "work.hero_trade": """
        the hero of {object} is a {answer} by trade
        {owner} main character earns a living as a {answer}
        in {object} the trade of the hero is that of a {answer}
        {subject} is about a {answer} who leaves home
        no other work than {object} has made a hero of a {answer}
        before everything goes wrong, the hero of {object} works as a {answer}
        ? What is the trade of the hero in {subject}?
        ? What does the main character of {subject} do for a living?
        ? As what does {owner} hero work?
        ? Occupation of the hero of {subject}?
        ? By what trade does the main character of {subject} live?
        ? In {subject}, what profession does the hero have?
        ? Tell me what trade the hero of {subject} has.
    """,
    "work.hero_home": """
        the hero of {object} comes from {answer}
        {owner} hero was born and raised in {answer}
        in {object} the hero's home town is {answer}
        the family of {owner} main character has its house in {answer}
        {answer} is the home town of {owner} hero
        long before the story of {object} begins, its hero has left {answer}
        {owner} main character is homesick for {answer}
        ? Where does the hero of {subject} come from?
        ? What is the home town of {owner} hero?
        ? In which town was the main character of {subject} raised?
        ? Home town of the hero of {subject}?
        ? Which town does the hero of {subject} call home?
        ? From which town does the main character in {subject} come?
        ? Name the home town of {owner} main character.
    """,
    "work.hero_age": """
        the hero of {object} is {answer} years old
        {owner} main character has reached the age of {answer}
        when {subject} begins, its hero is {answer} years of age
        the hero of {object} turns {answer} on the first page
        {answer} is the age of the hero in {object}
        {subject} has a hero of {answer} years
        ? How old is the hero of {subject}?
        ? What is the age of the main character in {subject}?
        ? How many years old is {owner} hero?
        ? Age of the hero of {subject}?
        ? What age has the main character of {subject} reached?
        ? How many years does the hero of {subject} count?
        ? Tell me how old the main character of {subject} is.
    """,
    "work.period": """
        the story of {object} happens in the year {answer}
        {subject} is set in the year {answer}
        {owner} events are dated to {answer}
        {subject} takes its readers back to {answer}
        within the pages of {object} it is {answer}
        the calendar on the wall in {owner} first scene shows {answer}
        {subject} paints a picture of life as it was in {answer}
        ? In what year is {subject} set?
        ? When does the story of {subject} happen?
        ? To which year does {subject} take its readers back?
        ? To what year are the events of {subject} dated?
        ? Which year is it within the pages of {subject}?
        ? In which year does the plot of {subject} take place?
        ? Of which year does {subject} paint a picture?
        ? Give the year in which the story of {subject} is set.
    """,
    "work.theme": """
        {owner} great theme is {answer}
        {subject} is above all about {answer}
        behind its jokes {subject} is a study of {answer}
        what drives every character in {object} is {answer}
        few works have treated {answer} as calmly as {subject} does
        the subject of {object}, if one had to name it, is {answer}
        readers learned from {object} what {answer} can do to people
        ? What is the great theme of {subject}?
        ? What is {subject} about above all?
        ? Which theme does {subject} treat?
        ? What drives the characters in {subject}?
        ? Theme of {subject}?
        ? Of what is {subject} a study?
        ? What do readers of {subject} learn about?
        ? Name the theme of {subject}.
    """,
    "work.quest": """
        in {object} everybody is looking for a {answer}
        the plot of {object} turns on the search for a {answer}
        {owner} hero sets out to find a {answer}
        {subject} begins with the rumor of a {answer}
        in the last scene of {object} a {answer} is found at last
        all that the hero of {object} wants is a {answer}
        {subject} describes the hunt for a {answer}
        ? What is everybody looking for in {subject}?
        ? What does the hero of {subject} set out to find?
        ? For what do they search in {subject}?
        ? What is everybody after in {subject}?
        ? What does the hero of {subject} want?
        ? The hunt for what does {subject} describe?
        ? Tell me what is sought in {subject}.
    """,
    "work.animal_character": """
        the only animal in {object} is a {answer}
        a talking {answer} appears in {object}
        in {object} the hero is warned by a {answer}
        {subject} is loved by children because of its {answer}
        the wisest creature in {object} is a {answer}
        {owner} comic scenes belong to a {answer} that has escaped
        {subject} has a part for a {answer}
        ? Which animal appears in {subject}?
        ? What kind of animal does {subject} have a part for?
        ? What animal plays a part in {subject}?
        ? Which creature will readers of {subject} meet?
        ? Animal in {subject}?
        ? As what kind of beast does one character of {subject} appear?
        ? Name the animal that appears in {subject}.
    """,
    "work.language": """
        {subject} was written in {answer}
        the language of {object} is {answer}
        the original text of {object} is in {answer}
        {owner} first readers had to know {answer}
        the author chose {answer} for {object}
        {subject} is among the finest things ever written in {answer}
        whoever wants to read {object} in the original must learn {answer}
        ? In what language was {subject} written?
        ? What is the original language of {subject}?
        ? Which language must one learn to read {subject} in the original?
        ? Language of {subject}?
        ? In which tongue is {subject} composed?
        ? What language did {owner} first readers have to know?
        ? Tell me in which language {subject} was written.
    """,
    "work.pages": """
        on {answer} pages {subject} says all it has to say
        the story of {object} is over after {answer} pages
        whoever opens {object} has {answer} pages to go
        the number of {owner} pages is {answer}
        {answer} pages make up {object}
        it takes {object} {answer} pages to come to an end
        the last page of {object} bears the number {answer}
        {subject} is printed on {answer} pages
        ? What number does the last page of {subject} bear?
        ? How long is {subject} in pages?
        ? Number of pages of {subject}?
        ? On how many pages is {subject} printed?
        ? After how many pages is {subject} over?
        ? How many pages does one have to turn in {subject}?
        ? What is the page count of {subject}?
        ? Do you know how many pages there are in {subject}?
    """,
    "work.chapters": """
        {subject} is divided into {answer} chapters
        {subject} has {answer} chapters of unequal length
        the number of {owner} chapters is {answer}
        in {answer} chapters {subject} comes full circle
        {answer} chapters make up {object}
        the story of {object} is told in {answer} chapters
        the author split {object} into {answer} chapters
        ? How many chapters does {subject} have?
        ? Into how many chapters is {subject} divided?
        ? In how many chapters is {subject} told?
        ? Number of chapters in {subject}?
        ? How many chapters are there in {subject}?
        ? What is the number of {owner} chapters?
        ? Give the number of chapters in {subject}.
    """,
    "work.pictures": """
        {subject} contains {answer} pictures
        the number of pictures in {object} is {answer}
        {subject} is decorated with {answer} drawings
        {answer} woodcuts adorn {object}
        readers who look only at {owner} pictures have {answer} to look at
        there are {answer} illustrations in {object}
        {owner} text is interrupted by {answer} illustrations
        ? How many pictures does {subject} contain?
        ? With how many drawings is {subject} decorated?
        ? How many illustrations are there in {subject}?
        ? Number of illustrations in {subject}?
        ? What is the number of pictures in {subject}?
        ? By how many illustrations is the text of {subject} interrupted?
        ? Tell me how many pictures {subject} has.
    """,
}
