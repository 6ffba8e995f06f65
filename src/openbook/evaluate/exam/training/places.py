"""Of places: further wordings of what the exam's worlds say of them too."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "place.founder": """
        {answer} laid the first stone of {object}
        the founding of {object} was the work of {answer}
        {answer} founded {object} with a handful of families
        {subject} goes back to {answer}, its founder
        the charter names {answer} as the founder of {object}
        in its beginnings {subject} was a settlement of {answer}
        it was by {answer} that {subject} was established
        without {answer} nobody would ever have founded {object}
        ? By whom was {subject} founded?
        ? Who established {subject}?
        ? Founder of {subject}?
        ? Whose settlement was {subject} in its beginnings?
        ? Name the founder of {subject}.
        ? Do you know who founded {subject}?
        ? Whom does the charter name as {owner} founder?
    """,
    "place.founding_year": """
        {answer} is the year in which {subject} was founded
        the founding of {object} took place in {answer}
        {subject} came into being in {answer}
        the first settlers built {object} in {answer}
        it was in {answer} that {subject} began as a camp of tents
        {owner} history begins in {answer}
        {subject} counts its years from {answer}
        before {answer} there was only forest in the place of {object}
        ? What year was {subject} founded in?
        ? When did {subject} come into being?
        ? In which year does {owner} history begin?
        ? Founding year of {subject}?
        ? From what year does {subject} count its years?
        ? How long has {subject} existed, since which year?
        ? When did the first settlers build {subject}?
        ? Tell me the year in which {subject} was founded.
    """,
    "place.river": """
        the {answer} flows through {object}
        {subject} is washed by the waters of the {answer}
        {subject} was built where the {answer} bends
        in spring the {answer} floods the lower streets of {object}
        boats come to {object} on the {answer}
        {owner} children swim in the {answer}
        the {answer} divides {object} into two halves
        ? What river is {subject} on?
        ? Which river do the bridges of {subject} cross?
        ? In which river do {owner} children swim?
        ? On which river do boats come to {subject}?
        ? What is the name of the river in {subject}?
        ? River of {subject}?
        ? Which river divides {subject} into two halves?
        ? Which water floods the lower streets of {subject}?
    """,
    "place.population": """
        the register of {object} lists {answer} residents
        no more than {answer} people are at home in {object}
        with {answer} inhabitants {subject} is larger than it looks
        {answer} men, women and children make up the population of {object}
        according to the census {subject} had {answer} residents
        {owner} inhabitants number {answer}
        ? How many residents does {subject} have?
        ? How many souls does {subject} count?
        ? Population of {subject}?
        ? How many people are at home in {subject}?
        ? What number of people did the census find in {subject}?
        ? To how many people is {subject} home?
        ? Tell me how many people live in {subject}.
    """,
    "place.product": """
        {subject} sells {answer} to half the country
        the workshops of {object} turn out {answer}
        shops everywhere carry {answer} from {object}
        trucks full of {answer} leave {object} every morning
        {subject} lives by making and selling {answer}
        whoever thinks of {object} thinks of {answer}
        {owner} wealth comes from {answer}
        the chief export of {object} is {answer}
        nowhere does one find better {answer} than in {object}
        {subject} has supplied the court with {answer} for centuries
        ? What does {subject} sell to half the country?
        ? What is the chief export of {subject}?
        ? Where does {owner} wealth come from, what goods?
        ? What is made in {subject}?
        ? What do the workshops of {subject} turn out?
        ? Main product of {subject}?
        ? With what does {subject} make its money?
        ? What goods leave {subject} by the truckload?
    """,
    "place.mayor": """
        {answer} is the mayor of {object}
        {answer} governs {object} from an office above the bakery
        {subject} has {answer} for a mayor
        at the head of {object} stands {answer}
        {answer} won the election in {object} and has been mayor ever since
        {owner} citizens chose {answer} as mayor
        decisions in {object} are made by {answer}, the mayor
        the mayor's chain of {object} is worn by {answer}
        ? Who stands at the head of {subject}?
        ? By whom is the office of mayor held in {subject}?
        ? Mayor of {subject}?
        ? Who won the election in {subject}?
        ? Whom did {owner} citizens choose as mayor?
        ? Who wears the mayor's chain in {subject}?
        ? Tell me the name of the mayor of {subject}.
    """,
    "place.festival": """
        on {answer} all of {object} dances in the streets
        {answer} is the day of the festival in {object}
        {subject} holds its festival on {answer}
        the fair of {object} always begins on {answer}
        nobody in {object} works on {answer}, the day of the feast
        visitors pour into {object} for the feast on {answer}
        {owner} festival falls on {answer}
        in the calendar of {object} {answer} is marked in red for the festival
        ? When is the festival in {subject}?
        ? What is the date of {owner} festival?
        ? On which day does {subject} dance in the streets?
        ? On what date does the fair of {subject} begin?
        ? Day of the feast in {subject}?
        ? Which date is marked in red in the calendar of {subject}?
        ? On which day of the year does {subject} hold its festival?
        ? Do you know when {owner} feast is held?
    """,
    "place.height": """
        {subject} is situated {answer} meters above sea level
        at the station of {object} a sign gives the altitude as {answer} meters
        surveyors found {object} to be {answer} meters above the sea
        {owner} elevation is {answer} meters
        the map shows {object} at {answer} meters
        {subject} was built {answer} meters above the level of the sea
        one has to climb to {answer} meters to reach {object}
        from the sea up to {object} the road rises {answer} meters
        ? How high above the sea is {subject}?
        ? What is {owner} elevation?
        ? How many meters above sea level is {subject}?
        ? At which altitude does the map show {subject}?
        ? To how many meters does one climb to reach {subject}?
        ? Altitude of {subject}?
        ? How high up was {subject} built?
        ? What altitude did surveyors find for {subject}?
    """,
}
