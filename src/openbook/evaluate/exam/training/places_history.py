"""Of the history of places and of those who shaped it: lords, patrons, heroes, years of change."""

ANSWERS = {
    "market_town": "place",
    "county_seat": "place",
    "settlers_origin": "place",
    "rival_town": "place",
    "first_mayor": "person",
    "architect": "person",
    "patron": "person",
    "schoolmaster": "person",
    "namesake": "person",
    "statue": "person",
    "charter_year": "year 1201 1890",
    "bridge_year": "year 1301 1960",
    "electricity_year": "year 1881 1960",
    "tower_height": "number 21 190",
    "distance": "number 31 940",
    "local_color": "color",
    "house_material": "material",
    "museum": "collectible",
}

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
    "place.county_seat": """
        {subject} is administered from {answer}
        the county seat of {object} is {answer}
        for a passport people of {object} have to travel to {answer}
        the district to which {subject} belongs is governed from {answer}
        {answer} is the seat of the district of {object}
        {owner} taxes go to the treasury in {answer}
        ? From where is {subject} administered?
        ? What is the county seat of {subject}?
        ? Where do people of {subject} have to go for a passport?
        ? From which town is the district of {subject} governed?
        ? To the treasury of which place do {owner} taxes go?
        ? County seat of {subject}?
    """,
    "place.settlers_origin": """
        the first settlers of {object} came from {answer}
        {subject} was settled by emigrants from {answer}
        {answer} was the home of those who built the first huts of {object}
        {owner} oldest families stem from {answer}
        weavers driven out of {answer} found shelter in {object} and stayed as the first settlers
        the dialect of {object} still shows that its settlers had left {answer}
        ? Where did the first settlers of {subject} come from?
        ? From which place do {owner} oldest families stem?
        ? From where was {subject} settled?
        ? What town had the settlers of {subject} left?
        ? Emigrants from where settled {subject}?
        ? Origin of {owner} settlers?
    """,
    "place.rival_town": """
        {subject} has been at odds with {answer} for centuries
        {owner} old rival is {answer}
        the people of {object} make jokes about those of {answer}
        between {object} and {answer} there is an ancient quarrel over a meadow
        no match draws more spectators in {object} than the one against {answer}
        {subject} cannot forgive {answer} for a stolen bell
        ? Which town is {owner} rival?
        ? With which place has {subject} been at odds for centuries?
        ? About the people of which town are jokes made in {subject}?
        ? Whom can {subject} not forgive for a stolen bell?
        ? With what town does {subject} have an ancient quarrel?
        ? Rival of {subject}?
    """,
    "place.first_mayor": """
        the first mayor of {object} was {answer}
        {answer} was the very first to be mayor of {object}
        {owner} line of mayors begins with {answer}
        a portrait in the town hall of {object} shows {answer}, the first mayor
        nobody was mayor of {object} before {answer}
        when {object} received a town council, {answer} became its first head
        ? Who was the first mayor of {subject}?
        ? With whom does {owner} line of mayors begin?
        ? Before whom was nobody mayor of {subject}?
        ? Which mayor was the very first in {subject}?
        ? First mayor of {subject}?
        ? Name the one who was mayor of {subject} before all others.
    """,
    "place.architect": """
        the town hall of {object} was designed by {answer}
        {answer} drew the plans for {owner} town hall
        {subject} owes its town hall to the architect {answer}
        the architect of {owner} town hall was {answer}
        for its town hall {subject} engaged {answer} as architect
        it was {answer} who designed the town hall in {object}
        ? Who designed the town hall of {subject}?
        ? Who was the architect of {owner} town hall?
        ? By whom are the plans for the town hall in {subject}?
        ? To which architect does {subject} owe its town hall?
        ? Whom did {subject} engage as architect?
        ? Architect of {owner} town hall?
    """,
    "place.patron": """
        {answer} paid for the hospital of {object}
        the hospital of {object} was a gift of {answer}
        {owner} great benefactor was {answer}
        {subject} received the money for its hospital from {answer}
        a generous donation of {answer} gave {object} its hospital
        in gratitude for the hospital {subject} made {answer} an honorary citizen
        ? Who paid for the hospital of {subject}?
        ? Whose gift was the hospital of {subject}?
        ? Who was {owner} great benefactor?
        ? From whom did {subject} receive money for a hospital?
        ? Whom did {subject} make an honorary citizen?
        ? Benefactor of {subject}?
    """,
    "place.schoolmaster": """
        the children of {object} are taught by {answer}
        {owner} schoolmaster is {answer}
        {answer} runs the school in {object}
        {subject} has entrusted its school to {answer}
        at the blackboard in {object} stands {answer}
        every child in {object} has learned to read from {answer}
        ? Who teaches the children of {subject}?
        ? Who is {owner} schoolmaster?
        ? Who runs the school in {subject}?
        ? From whom do children in {subject} learn to read?
        ? To whom has {subject} entrusted its school?
        ? Schoolmaster of {subject}?
    """,
    "place.namesake": """
        {subject} was named after {answer}
        {subject} bears its name in honor of {answer}
        {owner} name recalls {answer}
        the name of {object} was chosen to honor {answer}
        {answer} gave {object} its name without ever having been there
        those who named {object} wanted to please {answer}
        ? After whom was {subject} named?
        ? In whose honor does {subject} bear its name?
        ? Whom does {owner} name recall?
        ? Who gave {subject} its name?
        ? Whom did those who named {subject} want to please?
        ? Named after whom is {subject}?
    """,
    "place.statue": """
        a statue of {answer} stands in the market square of {object}
        {subject} has put up a monument to {answer}
        in the middle of {object} {answer} looks down in bronze from a pedestal
        the monument in {object} shows {answer}
        {owner} only statue is that of {answer}
        pigeons sit on the stone head of {answer} in {object}
        ? Whose statue stands in the market square of {subject}?
        ? Whom does the monument in {subject} show?
        ? To whom has {subject} put up a monument?
        ? Of whom is {owner} only statue?
        ? Who looks down from a pedestal in {subject}?
        ? Statue in {subject}, of whom?
    """,
    "place.charter_year": """
        {subject} received its town charter in {answer}
        {answer} is the year of {owner} town charter
        the king granted {object} the rights of a town in {answer}
        {subject} has been allowed to call itself a town since {answer}
        only in {answer} did {object} become a town
        {owner} town rights date from {answer}
        ? When did {subject} receive its town charter?
        ? In what year did {subject} become a town?
        ? Since when has {subject} been allowed to call itself a town?
        ? From which year do {owner} town rights date?
        ? Year of the town charter of {subject}?
        ? When did the king grant {subject} the rights of a town?
    """,
    "place.bridge_year": """
        the stone bridge of {object} was opened in {answer}
        {subject} has had a stone bridge since {answer}
        in {answer} the first carts rolled over the stone bridge of {object}
        until {answer} {subject} had only a ferry and no bridge
        {owner} stone bridge was built in {answer}
        masons finished the bridge of {object} in {answer}
        ? When was the stone bridge of {subject} opened?
        ? Since which year has {subject} had a stone bridge?
        ? In what year was {owner} bridge built?
        ? Until when did {subject} have only a ferry?
        ? When did masons finish the bridge of {subject}?
        ? Year of {owner} stone bridge?
    """,
    "place.electricity_year": """
        {subject} has had electric light since {answer}
        in {answer} electricity came to {object}
        {owner} first light bulb was switched on in {answer}
        until {answer} {subject} made do with oil lamps
        the power line reached {object} in {answer}
        {subject} was connected to the power grid in {answer}
        ? Since when has {subject} had electric light?
        ? In what year did electricity come to {subject}?
        ? When was {owner} first light bulb switched on?
        ? Until which year did {subject} make do with oil lamps?
        ? When did the power line reach {subject}?
        ? When was {subject} connected to the grid?
    """,
    "place.tower_height": """
        the church tower of {object} is {answer} meters tall
        {owner} church tower measures {answer} meters
        {subject} has a church tower of {answer} meters
        from the tip of {owner} church tower it is {answer} meters down to the street
        the tower of the church in {object} reaches {answer} meters into the sky
        {owner} builders stopped when the church tower had reached {answer} meters
        ? How tall is the church tower of {subject}?
        ? How many meters does {owner} church tower measure?
        ? What is the height of the church tower in {subject}?
        ? How many meters does the tower of {subject} reach into the sky?
        ? How far is it down from the tip of {owner} tower?
        ? Height of the church tower in {subject}?
    """,
    "place.distance": """
        {subject} lies {answer} kilometers from the capital
        from {object} to the capital it is {answer} kilometers
        a milestone in {object} gives {answer} kilometers to the capital
        {owner} distance from the capital is {answer} kilometers
        the capital is {answer} kilometers away from {object}
        whoever travels from the capital to {object} covers {answer} kilometers
        ? How far is {subject} from the capital?
        ? How many kilometers is it from {subject} to the capital?
        ? What is {owner} distance from the capital?
        ? What number does the milestone in {subject} show?
        ? How many kilometers away from the capital does {subject} lie?
        ? Distance between {subject} and the capital?
    """,
    "place.local_color": """
        the flag of {object} is {answer}
        {subject} has chosen {answer} for its flag
        {owner} flag is recognized by its color, {answer}
        on holidays {subject} hangs out flags in {answer}
        the flag that flies over {object} is plain {answer}
        a cloth in {answer} serves {object} as a flag
        ? What color is the flag of {subject}?
        ? In which color does {subject} hang out flags?
        ? What color has {subject} chosen for its flag?
        ? By which color is {owner} flag recognized?
        ? Color of {owner} flag?
        ? What does the flag over {subject} look like?
    """,
    "place.house_material": """
        the houses of {object} are built of {answer}
        in {object} even the stables are made of {answer}
        {owner} houses are of {answer}, as the law demands
        builders in {object} use nothing but {answer}
        {subject} is a town of {answer} through and through
        visitors to {object} wonder at the walls of {answer}
        ? What are the houses of {subject} built of?
        ? Which material do builders in {subject} use?
        ? Of what are {owner} houses?
        ? What are even the stables made of in {subject}?
        ? At walls of which material do visitors to {subject} wonder?
        ? Building material of {subject}?
    """,
    "place.museum": """
        the museum of {object} shows {answer}
        {subject} has a museum of {answer}
        thousands of {answer} are on display in the museum of {object}
        {owner} museum is devoted to {answer}
        people who love {answer} go to the museum in {object}
        the glass cases in {owner} museum are filled with {answer}
        ? What does the museum of {subject} show?
        ? What are the glass cases in {owner} museum filled with?
        ? To what is {owner} museum devoted?
        ? What is on display in {subject}?
        ? What can be seen in the museum of {subject}?
        ? A museum of what does {subject} have?
    """,
}
