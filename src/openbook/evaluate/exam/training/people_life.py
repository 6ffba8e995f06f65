"""Of people's lives: family and friends, marriage and death, tastes and habits."""

ANSWERS = {
    "burial_place": "place",
    "death_place": "place",
    "wedding_place": "place",
    "wedding_year": "year 1741 1930",
    "mother": "person",
    "father": "person",
    "godparent": "person",
    "heir": "person",
    "friend": "person",
    "nickname": "nickname",
    "favorite_dish": "dish",
    "favorite_flower": "flower",
    "favorite_color": "color",
    "illness": "illness",
    "fear": "fear",
    "body_height": "number 141 208",
    "holiday_place": "place",
}

WORDS = {
    "nickname": """
        Badger, Beanpole, Birdie, Blinky, Bookworm, Bulldog, Bumblebee, Captain, Champ, Chief, Chuckles,
        Dumpling, Fiddlesticks, Foxy, Giggles, Goldilocks, Goose, Grumps, Jumbo, Kingpin, Lefty, Lucky,
        Magpie, Moose, Mousey, Nutmeg, Peaches, Peewee, Pickle, Professor, Rocket, Scout, Shorty, Smiley,
        Snowflake, Sparky, Speedy, Squirrel, Sunshine, Thunder, Tiptoe, Turnip, Whiskers, Wizard, Wolfie
    """,
    "dish": """
        barley soup, bean stew, beef broth, blood sausage, bread pudding, buckwheat pancakes, cabbage rolls,
        carrot cake, chicken pie, clam chowder, cottage pie, custard tart, fish soup, fried herrings,
        ginger biscuits, goulash, jellied eel, lamb chops, leek tart, lentil curry, meat loaf,
        mushroom ragout, noodle salad, pea soup, pickled beets, pork roast, potato dumplings, rabbit stew,
        rhubarb crumble, rice pudding, roast goose, salted cod, semolina, shepherd's pie, smoked trout,
        spinach quiche, stuffed peppers, tripe, veal cutlets, venison pasty, waffles
    """,
    "flower": """
        begonia, bluebell, buttercup, camellia, carnation, chrysanthemum, clematis, columbine, cornflower,
        cowslip, crocus, cyclamen, daffodil, dahlia, daisy, dandelion, forget-me-not, foxglove, freesia,
        fuchsia, gardenia, gentian, geranium, gladiolus, harebell, hollyhock, honeysuckle, hyacinth, jasmine,
        larkspur, lily of the valley, lotus, lupine, magnolia, marigold, mimosa, narcissus, nasturtium, pansy,
        peony, petunia, poppy, primrose, rhododendron, snapdragon, snowdrop, sunflower, sweet pea, thistle,
        tulip, water lily, zinnia
    """,
    "illness": """
        bronchitis, cataracts, chilblains, colic, dizziness, dropsy, gallstones, gout, hay fever, headaches,
        heart trouble, hiccups, jaundice, kidney stones, lumbago, malaria, migraine, nightmares, nosebleeds,
        palpitations, pleurisy, poor digestion, rheumatism, ringing ears, sciatica, scurvy, shingles,
        sinusitis, sleeplessness, stomach cramps, toothache, tremors, varicose veins, vertigo, weak lungs,
        whooping cough
    """,
    "fear": """
        bats, bees, black cats, bulls, cellars, church bells, clowns, crowds, darkness, deep water, dogs,
        falling stars, fire, fog, frogs, geese, ghosts, heights, horses, lightning, locked doors, mice, moths,
        parrots, policemen, rats, razor blades, scarecrows, snakes, spiders, storks, strangers, toads,
        tunnels, wasps, wild boars, wolves, worms
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
        the earth of {answer} covers {object}
        {owner} gravestone, much weathered, stands in {answer}
        ? Where is {subject} buried?
        ? In which place is {owner} grave?
        ? Where was {subject} laid to rest?
        ? What is {owner} place of burial?
        ? Burial place of {subject}?
        ? Where can one visit the tomb of {subject}?
        ? In the churchyard of which town does {subject} lie?
        ? Name the town where {owner} gravestone stands.
    """,
    "person.death_place": """
        {subject} died in {answer}
        the place of {owner} death is {answer}
        {answer} is the town in which {subject} died
        death overtook {object} on a visit to {answer}
        {owner} heart stopped beating in an inn in {answer}
        {subject} drew the last breath in {answer}
        it was in {answer} that {subject} closed both eyes forever
        the doctor who signed {owner} death certificate practiced in {answer}
        ? In which town did {subject} die?
        ? Where did {subject} die?
        ? What is the place of {owner} death?
        ? Place of death of {subject}?
        ? In what place did death overtake {subject}?
        ? Where did {subject} draw the last breath?
        ? Do you know where {subject} passed away?
        ? In which town was {owner} death certificate signed?
    """,
    "person.wedding_place": """
        {owner} wedding took place in {answer}
        {subject} was married in the town hall of {answer}
        the wedding of {object} was celebrated in {answer}
        {subject} stood at the altar in {answer}
        for the marriage ceremony {subject} had chosen {answer}
        {answer} was where {subject} got married
        {owner} marriage is recorded in the books of {answer}
        all of {answer} danced at {owner} wedding
        ? Where did {subject} get married?
        ? In which town was {owner} wedding?
        ? Where did {subject} stand at the altar?
        ? What place had {subject} chosen for the marriage ceremony?
        ? In the books of which town is {owner} marriage recorded?
        ? Wedding place of {subject}?
        ? Where was the wedding of {subject} celebrated?
        ? Name the town whose people danced at {owner} wedding.
    """,
    "person.wedding_year": """
        {owner} wedding was in {answer}
        {subject} got married in {answer}
        the marriage of {object} was concluded in {answer}
        {answer} was the year of {owner} wedding
        {subject} became a married person in {answer}
        wedding bells rang for {object} in {answer}
        until {answer} {subject} remained single
        ? In what year did {subject} get married?
        ? When was {owner} wedding?
        ? Until which year did {subject} remain single?
        ? When did wedding bells ring for {subject}?
        ? Year of marriage of {subject}?
        ? In which year was the marriage of {subject} concluded?
        ? Tell me the year of {owner} wedding.
    """,
    "person.mother": """
        {owner} mother was {answer}
        {subject} was the child of a woman named {answer}
        {answer} was the mother of {object}
        {answer} gave birth to {object}
        {subject} was raised by a mother called {answer}
        the woman who bore {object} was {answer}
        on the mother's side {subject} descended from {answer}
        ? Who was {owner} mother?
        ? What was the name of {owner} mother?
        ? Who gave birth to {subject}?
        ? Which woman bore {subject}?
        ? Mother of {subject}?
        ? Of what woman was {subject} the child?
        ? Do you know the name of {owner} mother?
    """,
    "person.father": """
        {owner} father was {answer}
        {subject} was the child of a man named {answer}
        {answer} was the father of {object}
        on the father's side {subject} came from {answer}
        the man who was called papa by {object} was {answer}
        {subject} buried a father by the name of {answer}
        {owner} eyes and nose were those of {answer}, a proud father
        ? Who was {owner} father?
        ? What was {owner} father called?
        ? Which man was the father of {subject}?
        ? By what name was {owner} papa known?
        ? Father of {subject}?
        ? From whom did {subject} come on the father's side?
        ? Name the father of {subject}.
    """,
    "person.godparent": """
        {answer} held {object} over the font at the baptism
        {owner} godparent was {answer}
        {subject} had {answer} as a godparent
        at the christening {answer} stood sponsor for {object}
        {answer} promised to be a good godparent to {object}
        {subject} was the godchild of {answer}
        ? Who was {owner} godparent?
        ? Whose godchild was {subject}?
        ? Who held {subject} over the font?
        ? By whom was {subject} held at the baptism?
        ? Who stood sponsor at {owner} christening?
        ? Godparent of {subject}?
    """,
    "person.heir": """
        {subject} left everything to {answer}
        {owner} only heir was {answer}
        {answer} inherited the fortune of {object}
        in the will {subject} named {answer} and nobody else
        all that {subject} owned went to {answer} in the end
        {owner} will was in favor of {answer}
        {answer} came into {owner} money
        ? To whom did {subject} leave everything?
        ? Who was {owner} heir?
        ? Who inherited the fortune of {subject}?
        ? Whom did {subject} name in the will?
        ? In whose favor was {owner} will?
        ? Heir of {subject}?
        ? Who got {owner} money in the end?
    """,
    "person.friend": """
        {owner} closest friend was {answer}
        {subject} told secrets to {answer} alone
        {subject} and {answer} were friends for life
        {answer} was {owner} best friend since school
        there was nobody whom {subject} trusted as much as {answer}
        {subject} was never seen without {answer}, a faithful friend
        a deep friendship tied {object} to {answer}
        ? Who was {owner} best friend?
        ? To whom alone did {subject} tell secrets?
        ? With whom was {subject} friends for life?
        ? Whom did {subject} trust the most?
        ? Closest friend of {subject}?
        ? A deep friendship tied {subject} to whom?
        ? What was the name of {owner} faithful friend?
    """,
    "person.nickname": """
        everyone called {object} {answer}
        {owner} nickname was {answer}
        to friends {subject} was simply {answer}
        {subject} was better known by the nickname of {answer}
        at school they had named {object} {answer}, and the name stuck
        {subject} answered to the name of {answer}
        among colleagues {subject} went by the name of {answer}
        ? What was {owner} nickname?
        ? What did everyone call {subject}?
        ? By what nickname was {subject} known?
        ? To what name did {subject} answer?
        ? What was {subject} called by friends?
        ? Nickname of {subject}?
        ? How was {subject} known among colleagues?
    """,
    "person.favorite_dish": """
        {subject} liked no food better than {answer}
        {owner} favorite dish was {answer}
        nothing tasted as good to {object} as {answer}
        guests of {object} were always served {answer}
        on Sundays {subject} insisted on {answer}
        what {subject} ate most gladly was {answer}
        for a plate of {answer} {subject} would have walked for hours
        ? What was {owner} favorite dish?
        ? Which food did {subject} like best?
        ? What did {subject} eat most gladly?
        ? What dish was served to guests of {subject}?
        ? Favorite food of {subject}?
        ? On which dish did {subject} insist every Sunday?
        ? What tasted best to {subject}?
    """,
    "person.favorite_flower": """
        {subject} loved no flower more than the {answer}
        {owner} favorite flower was the {answer}
        a {answer} was always pinned to {owner} coat
        {subject} grew the {answer} in every pot of the house
        the flower that pleased {object} most was the {answer}
        a dried {answer} was found in {owner} prayer book
        ? What was {owner} favorite flower?
        ? Which flower did {subject} love most?
        ? What flower was pinned to {owner} coat?
        ? Which flower was found in {owner} prayer book?
        ? What did {subject} grow in every pot?
        ? Favorite flower of {subject}?
        ? Which plant pleased {subject} most?
    """,
    "person.favorite_color": """
        {owner} favorite color was {answer}
        {subject} dressed in {answer} from head to foot
        the color that {subject} liked best was {answer}
        {subject} had every wall of the house painted {answer}
        {subject} never wore anything but {answer}
        {owner} clothes were always {answer}
        ? Which color did {subject} like best?
        ? What was {owner} favorite color?
        ? In which color did {subject} dress?
        ? What color were {owner} clothes?
        ? In what color did {subject} have the walls painted?
        ? Favorite color of {subject}?
    """,
    "person.illness": """
        {subject} suffered from {answer} all life long
        {owner} health was ruined by {answer}
        {subject} was plagued by {answer}
        no doctor could free {object} from {answer}
        {subject} complained of {answer} in every letter
        because of {answer} {subject} spent many days in bed
        {owner} ailment was {answer}
        ? What did {subject} suffer from?
        ? By what was {owner} health ruined?
        ? What was {owner} ailment?
        ? From which illness could no doctor free {subject}?
        ? Of what did {subject} complain in every letter?
        ? What kept {subject} in bed for many days?
        ? Illness of {subject}?
    """,
    "person.fear": """
        {subject} was terribly afraid of {answer}
        {owner} greatest fear was of {answer}
        {subject} feared nothing but {answer}
        only one thing in the world frightened {object}, and the doctor noted it down as a fear of {answer}
        it was well known that {answer} made {object} tremble
        the mere thought of {answer} robbed {object} of sleep
        {subject} lived in dread of {answer}
        ? What was {subject} afraid of?
        ? What did {subject} fear?
        ? What was {owner} greatest fear?
        ? What made {subject} tremble?
        ? In dread of what did {subject} live?
        ? The mere thought of what robbed {subject} of sleep?
        ? Greatest fear of {subject}?
    """,
    "person.body_height": """
        {subject} was {answer} centimeters tall
        {owner} height was {answer} centimeters
        the tailor measured {object} and wrote down {answer} centimeters
        from head to heel {subject} measured {answer} centimeters
        a mark on the doorpost shows that {subject} reached {answer} centimeters
        {owner} passport says {answer} centimeters
        ? How tall was {subject} in centimeters?
        ? What was {owner} height?
        ? How many centimeters did the tailor measure for {subject}?
        ? How many centimeters did {subject} measure from head to heel?
        ? What height does {owner} passport give?
        ? Height of {subject} in centimeters?
    """,
    "person.holiday_place": """
        {subject} spent every summer in {answer}
        in July {subject} packed two suitcases and left for {answer}
        {owner} holidays were always spent in {answer}
        {answer} was where {subject} went to rest
        year after year {subject} took the same room in {answer} for the holidays
        the summer guests of {answer} knew {object} well
        ? Where did {subject} spend the summers?
        ? Where did {subject} go on holiday?
        ? In which place were {owner} holidays spent?
        ? For what town did {subject} leave in July?
        ? Where did {subject} go to rest?
        ? Holiday place of {subject}?
    """,
}
