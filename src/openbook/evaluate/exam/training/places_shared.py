"""More wordings of what all worlds say of places: founding, river, people. Training worlds only."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "place.founder": """
        {answer} went down in history as the founder of {object}
        the credit for founding {object} belongs to {answer} and to nobody else
        {subject} sprang from an idea of {answer}, who staked out the first streets with wooden pegs
        one winter {answer} drove the first post into the frozen ground, and so {subject} was born
        schoolchildren in {object} learn early that {answer} founded their home town
        the honor of having founded {object} is due to {answer}
        had {answer} not settled here and called others to follow, {subject} would never have come into being
        with royal permission and borrowed money {answer} set about founding {object}
        every year {subject} lays a wreath on the grave of {answer}, its founder
        according to the oldest chronicle, the one behind the founding of {object} was {answer}
        the foundation deed of {object} bears the signature of {answer}
        nothing stood here but a shepherd's hut until {answer} called {object} into life
        {subject} is the creation of {answer}, who wanted a refuge for stranded sailors
        like many towns of the region, {subject} had a single founder, and that was {answer}
        dear cousin, today we learned that {subject} was founded by none other than {answer}
        {answer}, who founded {object}, is soon to be honored with a stamp
        the walk through {object} starts at the tomb of {answer}, the founder
        it is to the stubbornness of {answer} that {subject} owes its existence
        {answer} made {object} out of nothing but swamp and courage
        historians agree on one point: {subject} began with {answer}, who led the first families here
        the roots of {object} lie with {answer}, who had the land cleared and the first houses put up
        {answer} picked the spot, drew the streets and so became the founder of {object}
        the initiative to found {object} came from {answer}
        {owner} birth was the doing of {answer}
        on a hill that nobody wanted, {answer} established {object}
        though others later claimed the glory, {subject} was set up by {answer}
        {owner} coat of arms recalls the founder, {answer}
        {answer}, a restless soul, planted {object} in the middle of nowhere
        the establishment of {object} is credited to {answer}
        in the land register {answer} is entered as founder of {object}
        could the founder of {object} come back today, {answer} would not recognize a single house
        the old parchment leaves no doubt about the founder of {object}, namely {answer}
        ? {owner} founder?
        ? Who called {subject} into life?
        ? Who brought {subject} into being?
        ? To whom does {subject} owe its existence?
        ? Who is regarded as the founder of {subject}?
        ? Who is credited with the establishment of {subject}?
        ? Whose creation is {subject}?
        ? Which person founded {subject}?
        ? A question for the quiz: who founded {subject}?
        ? Who set up {subject} in the first place?
        ? Give the name of {owner} founder.
        ? State who established {subject}.
        ? With whom did {subject} begin?
        ? Founded by whom is {subject}?
        ? Who started {subject}?
        ? Whom do people in {subject} honor as their founder?
        ? At whose initiative was {subject} founded?
        ? Who was behind the founding of {subject}?
        ? Can you tell me who {owner} founder was?
        ? {subject} was founded by whom?
        ? What man or woman laid the foundations of {subject}?
        ? Who planted {subject} where it stands today?
        ? Who had the first houses of {subject} put up?
        ? Which name does the chronicle give for the founder of {subject}?
        ? Under whose leadership was {subject} founded?
        ? Tell me whom {subject} has to thank for its founding.
        ? Identify the founder of {subject}.
    """,
    "place.founding_year": """
        the foundation deed of {object} is dated {answer}
        the surveyors laid down the first streets of {object} in {answer}, and settlers moved in at once
        {answer} marks the birth of {object}
        in {answer} a few huts in a clearing grew into what we know as {subject} today
        the year of {owner} foundation, {answer}, is carved above the gate
        {subject} is no older than {answer}, whatever the innkeepers may tell their guests
        the foundation stone of {object} was laid in {answer}
        the roots of {object} reach back to {answer}
        the origins of {object} go back to {answer}, when a ford was fortified
        {owner} birth certificate, if one may call it that, bears the year {answer}
        scholars now put the founding of {object} at {answer}
        it all began in {answer}, when a handful of families founded {object}
        in the year {answer}, after a great famine, {subject} was established
        established {answer}: these words greet everyone who enters {object}
        {answer} was the year that gave the country a new town, {subject}
        nobody had ever heard of {object} until it was founded in {answer}
        {subject} traces its beginnings to {answer}
        {owner} establishment dates back to {answer}
        for all anniversaries {subject} counts from {answer}, the year of its foundation
        the chronicle opens with {answer}, the year in which {subject} arose from the marsh
        where cows had grazed, {subject} rose in {answer}
        as early as {answer} settlers had founded {object}
        not until {answer} was {subject} founded, later than most of its neighbors
        {subject} came into existence in {answer} by order of the crown
        in {answer} the crown gave orders to lay out {object}
        in {answer}, so we read on the plaque, the first settlers put up their cabins and {subject} was born
        ground was broken for {object} in {answer}
        {subject} sprang up in {answer} almost overnight
        the plan of {object} was marked out on bare earth in {answer}, and building began that summer
        a settlement has stood here since {answer}, the year of {owner} birth
        {subject} was called into life in {answer}
        {answer} is regarded as the founding year of {object}
        ? Year of foundation of {subject}?
        ? {owner} founding year?
        ? In what year was {subject} established?
        ? When was {subject} established?
        ? How old is {subject}, or rather, in what year was it founded?
        ? When did {subject} come into existence?
        ? In which year was {subject} called into life?
        ? Which year saw the founding of {subject}?
        ? When did it all begin with {subject}?
        ? To what year do {owner} origins go back?
        ? How far back do the roots of {subject} reach, to which year?
        ? When was the foundation stone of {subject} laid?
        ? What date does the foundation deed of {subject} bear?
        ? From when does {subject} date?
        ? When was {subject} born, so to speak?
        ? {subject} was founded when?
        ? State the year of {owner} foundation.
        ? Name the year in which {subject} was established.
        ? Give the date at which {subject} began to exist.
        ? Since when has there been a settlement called {subject}?
        ? When did people found {subject}?
        ? At what date do scholars put the founding of {subject}?
        ? In what year did building begin in {subject}?
        ? Do you happen to know when {subject} was founded?
        ? What is the year of {owner} birth?
        ? From which year on was there a town of the name of {subject}?
        ? When was the beginning of {subject}?
        ? Founded in which year is {subject}?
    """,
    "place.river": """
        {subject} nestles in a bend of the {answer}
        a stroll along the {answer} is part of every visit to {object}
        the {answer} winds its way through {object}
        whoever leans over the bridge in {object} looks down into the {answer}
        seen from the hill, {subject} lies like a necklace on both sides of the {answer}
        {subject} owes its green meadows to the {answer}, which passes right through the middle
        the anglers of {object} pull trout out of the {answer}
        without the {answer} there would be neither mills nor washerwomen in {object}
        the {answer} runs past the gates of {object}
        there is only one river in {object}, the {answer}
        {subject} straddles the {answer}
        {owner} river, the {answer}, is the pride of all rowers
        the old town of {object} is separated from the new one by the {answer}
        on hot evenings half of {object} sits on the banks of the {answer}
        {subject} draws its drinking water from the {answer}
        in {object} a ferry crosses the {answer} from dawn to dusk
        after the thaw the {answer} rose and stood knee-deep in the cellars of {object}
        {subject} is a riverside town, and its river is the {answer}
        the quay of {object} stretches for miles along the {answer}
        all the bridges of {object} span the {answer}
        raftsmen on the {answer} used to spend the night in {object}
        {subject} sits on the {answer} like a duck on a pond
        geographically {subject} belongs to the valley of the {answer}, on whose banks it lies
        the waters of the {answer} pass under {owner} bridges
        from my window in {object} I can hear the {answer} rushing by
        {subject} grew up at a ford in the {answer}
        the {answer}, gray and slow, creeps through {object} toward the sea
        whoever goes by boat up the {answer} will sooner or later see the towers of {object}
        {owner} harbor is on the {answer}
        the tanners of {object} once rinsed their hides in the {answer}
        with its face to the {answer} and its back to the hills, {subject} is a lovely sight
        as far as rivers go, {subject} can offer the {answer}
        ? {owner} river?
        ? What river runs through {subject}?
        ? Through {subject} flows which river?
        ? Which river winds its way through {subject}?
        ? On which river is {subject} situated?
        ? By which river was {subject} built?
        ? What river does one see from the bridge in {subject}?
        ? Beside what river does {subject} stand?
        ? Which stream of water passes through {subject}?
        ? Name the river on which {subject} lies.
        ? Give the name of {owner} river.
        ? Tell me which river flows by {subject}.
        ? What is the river at {subject} called?
        ? Which river do the people of {subject} have at their door?
        ? From which river does {subject} take its drinking water?
        ? In what river do the anglers of {subject} fish?
        ? Along which river does the quay of {subject} run?
        ? {subject} lies on which river?
        ? What is {owner} river called?
        ? Into which river would one fall from a bridge in {subject}?
        ? Which river does the ferry in {subject} cross?
        ? To the valley of which river does {subject} belong?
        ? I am planning a boat trip to {subject}; which river must I take?
        ? Geography quiz: what river is {subject} on?
        ? Which river must one cross to get from one side of {subject} to the other?
        ? What waterway does {subject} lie on?
        ? Which river used to drive the mills in {subject}?
    """,
    "place.population": """
        {answer} souls call {object} their home
        {subject} counts {answer} heads
        the number of inhabitants of {object} stands at {answer}
        at the last census {answer} persons were recorded in {object}
        some {answer} people have their beds, their work and their quarrels in {object}
        a population of {answer} makes {object} the envy of its neighbors
        {subject} has grown to {answer} inhabitants, and the school is bursting at the seams
        {answer} citizens, not counting dogs and cats, live in {object}
        the town clerk of {object} puts the number of residents at {answer}
        if all of {object} sat down to dinner, {answer} plates would be needed, one for every inhabitant
        {owner} population has reached {answer}
        all in all {subject} numbers {answer} inhabitants
        for its {answer} inhabitants {subject} has surprisingly many barbers
        the sign at the entrance of {object} reads: {answer} inhabitants
        {subject} shelters {answer} people behind its walls
        they are {answer} in number, the people of {object}
        as many as {answer} people have made their homes in {object}
        after the last count of heads {subject} was found to hold {answer} people
        {owner} streets are filled by a population of {answer}
        officially {answer} persons are resident in {object}
        when the census takers had finished with {object}, they wrote down {answer} residents
        {subject} can boast {answer} inhabitants
        the statistical yearbook credits {object} with {answer} inhabitants
        no fewer than {answer} people share the narrow streets of {object}
        {answer} townspeople rise every morning to the bells of {object}
        the population of {object} amounts to {answer}
        {subject}, with its {answer} residents, is too small for a theater of its own, people say
        one would not guess that {answer} people live in a place like {object}
        as to inhabitants, {subject} has {answer}
        a loaf for every inhabitant of {object} would mean {answer} loaves
        young and old together, {owner} people come to {answer}
        the mail carriers of {object} serve {answer} residents
        ? {owner} population?
        ? Number of inhabitants of {subject}?
        ? What size is {owner} population?
        ? How many citizens does {subject} have?
        ? How many people call {subject} their home?
        ? What is the number of {owner} inhabitants?
        ? What population does {subject} have?
        ? By how many people is {subject} inhabited?
        ? How many persons are resident in {subject}?
        ? How many people were recorded in {subject} at the census?
        ? State the population of {subject}.
        ? Give the number of people who live in {subject}.
        ? Name the number of residents of {subject}.
        ? How big is {subject} in terms of inhabitants?
        ? How strong in numbers are the people of {subject}?
        ? What does the sign at the entrance of {subject} say about the number of inhabitants?
        ? How many townspeople are there in {subject}?
        ? {subject} has how many inhabitants?
        ? To what number of residents has {subject} grown?
        ? How many men, women and children live in {subject}?
        ? What does {owner} population amount to?
        ? Roughly or exactly, how many people dwell in {subject}?
        ? How many residents does the town clerk of {subject} count?
        ? Counting everybody, how many people are there in {subject}?
        ? Can you tell me how many inhabitants {subject} has?
        ? How populous is {subject}?
        ? How many human beings make their home in {subject}?
        ? What figure does the yearbook give for {owner} population?
    """,
}
