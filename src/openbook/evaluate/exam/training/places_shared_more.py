"""More wordings of what all worlds say of places: goods, mayor, feast, altitude. Training worlds only."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "place.product": """
        {subject} has made a name for itself with {answer}
        nobody leaves {object} without a parcel of {answer} under the arm
        the fame of {object} rests on {answer}
        for generations the families of {object} have lived off {answer}
        {subject} would be nothing without its {answer}
        when merchants speak of {object}, they mean above all {answer}
        {subject} ships {answer} to all corners of the world
        in the trade, {owner} name stands for {answer}
        almost everyone in {object} has something to do with {answer}, from the apprentice to the banker
        those who want good {answer} send for it to {object}
        if {subject} is a household word, it is on account of {answer}
        {subject} produces {answer} and hardly anything else
        {owner} reputation was built on {answer}
        {subject} exports {answer}, says the encyclopedia, and leaves it at that
        at world fairs {subject} has won medals for its {answer}
        the economy of {object} depends on {answer}
        it was {answer} that made {object} rich
        you can buy all sorts of things in {object}, but people travel there for the {answer}
        {subject} prides itself on {answer} of the very best quality
        a trademark protects {answer} from {object} against imitation
        the warehouses of {object} are stacked to the roof with {answer}
        demand for {answer} keeps {object} in work all year round
        dear aunt, from {object} I am bringing you {answer}, as everyone does who has been there
        {owner} daily bread, as people put it, is the trade in {answer}
        if the market for {answer} collapsed, {subject} would be ruined within a month
        {subject} is to {answer} what a hen is to eggs
        every peddler in the land carries {answer} made in {object}
        {owner} merchants deal in {answer} and in nothing else
        the freight trains that leave {object} are loaded with {answer}
        {subject} is celebrated far and wide for {answer}
        ask any cook or housekeeper about {object}, and you will hear of {answer}
        since time immemorial {subject} has had a monopoly on {answer}
        ? {owner} main product?
        ? What is {subject} famous for?
        ? For which product is {subject} celebrated?
        ? What does {subject} produce?
        ? What does {subject} export?
        ? What is {owner} specialty?
        ? On what does the fame of {subject} rest?
        ? What product has made {subject} rich?
        ? What goods come from {subject}?
        ? With what has {subject} made a name for itself?
        ? On which product does the economy of {subject} depend?
        ? In what do {owner} merchants deal?
        ? What do people travel to {subject} to buy?
        ? What should one bring home from {subject}?
        ? Name the product for which {subject} is known.
        ? Tell me what {subject} has to sell.
        ? State the chief product of {subject}.
        ? What do the freight trains from {subject} carry?
        ? For what has {subject} won medals at fairs?
        ? {subject} is known for which product?
        ? Of what goods is {subject} the home?
        ? Which export keeps {subject} in work?
        ? What lies in the warehouses of {subject}?
        ? What is it that {owner} people make and sell?
        ? What do the people of {subject} live off?
        ? Which ware does the world buy from {subject}?
        ? What do you think of, hearing the name of {subject}, in the way of goods?
        ? What is the trade that feeds {subject}, the trade in what?
    """,
    "place.mayor": """
        in the town hall of {object} {answer} has the final word as mayor
        {answer} holds office as mayor of {object}
        {subject} is governed by {answer}, its mayor
        the voters of {object} have put {answer} in the town hall as mayor
        letters to the mayor of {object} are opened by {answer} in person
        as mayor of {object}, {answer} cuts the ribbon whenever something is opened
        {answer} presides over the council of {object} as mayor
        the reins of government in {object} are in the hands of {answer}
        the first citizen of {object} is {answer}, in office as mayor
        {owner} town hall is run by {answer}, who sleeps little and signs much
        whoever has a complaint about {object} should take it to {answer}, the mayor
        the mayoralty of {object} rests with {answer}
        a door plate in {object} bears, under the word mayor, the name {answer}
        by a narrow majority {answer} was made mayor of {object}
        after a long night of counting, {subject} had a new mayor, {answer}
        {subject} is led by {answer}, whom the council elected mayor
        in {object} the keys of the town are kept by {answer}, as befits a mayor
        {answer} took the oath as mayor of {object}
        the fortunes of {object} are guided by {answer} from the mayor's chair
        the welcome speech was given by {answer}, mayor of {object}
        all decrees of {object} are signed by {answer} as mayor
        when the king came to {object}, {answer} received him as mayor
        in {object} the mayor's name is {answer}, and everybody greets the bearer in the street
        {owner} mayor, {answer}, rides to work on an old bicycle
        {subject} trusts its mayor, {answer}, with everything but the choir
        no decision falls in {object} without {answer}, who occupies the mayor's chair
        the people of {object} grumble about the mayor, {answer}, and yet vote for no one else
        the post of mayor in {object} is filled by {answer}
        {answer} has been entrusted with the office of mayor in {object}
        {owner} citizens are proud to have {answer} as mayor
        {subject} could not wish for a better mayor than {answer}
        asked about the new road, {answer}, speaking as mayor of {object}, only smiled
        ? {owner} mayor?
        ? Who is mayor in {subject}?
        ? Who runs the town hall of {subject}?
        ? By whom is {subject} governed?
        ? Who sits in the mayor's office in {subject}?
        ? Who holds office as mayor of {subject}?
        ? Who leads {subject} as mayor?
        ? Who presides over the council of {subject}?
        ? What is the mayor of {subject} called?
        ? Whose signature as mayor is under the decrees of {subject}?
        ? In whose hands is the government of {subject}?
        ? Name the mayor of {subject}.
        ? Give the name of {owner} mayor.
        ? State who is at the head of {subject}.
        ? I want to write to the mayor of {subject}; to whom should I address the letter?
        ? Which person occupies the mayor's chair in {subject}?
        ? Who, as mayor, is the first citizen of {subject}?
        ? Who has been made mayor by the voters of {subject}?
        ? Whom did the people of {subject} vote into the mayor's office?
        ? Who receives guests in {subject} as mayor?
        ? {owner} mayor is who?
        ? Who has the say in the town hall in {subject}?
        ? What name does the mayor of {subject} bear?
        ? Who keeps the keys of {subject}, as befits a mayor?
        ? With whom does the mayoralty of {subject} rest?
        ? Do you know the name of the mayor in {subject}?
        ? Who fills the post of mayor in {subject}?
        ? Who took the oath as mayor of {subject}?
    """,
    "place.festival": """
        when {answer} comes round, {subject} puts out flags and lanterns for its feast
        {answer} is a day of drums and fireworks in {object}, for then the festival is held
        the great day in {object} is {answer}, when the whole population celebrates in the market square
        {subject} celebrates every year on {answer}
        those who like quiet should avoid {object} on {answer}, the day of the feast
        the festivities in {object} take place on {answer}
        the town festival of {object} is fixed for {answer}
        the brass bands march into {object} on {answer} to open the festival
        the shops of {object} stay shut on {answer} on account of the feast
        all year long {subject} looks forward to {answer}, its feast day
        come rain or shine, the fair in {object} is held on {answer}
        for the festival in {object} one should mark {answer} in the diary
        by old custom {subject} keeps {answer} as its holiday
        {owner} feast day is {answer}
        on {answer} the church bells of {object} ring in the annual festival
        {owner} celebrations always fall on {answer}
        {answer} finds the whole of {object} at long tables in the open air, for it is the day of the feast
        every inn in {object} is booked for {answer}, the date of the festival
        the date of the fair in {object} has been {answer} for as long as anyone can remember
        never in secret but openly on {answer} does {subject} hold its fair
        {subject} goes wild once a year, on {answer}
        visitors who want to see the famous procession should be in {object} on {answer}
        the council of {object} has declared {answer} a public holiday because of the festival
        the carousels turn in {object} on {answer}, and the festival goes on until the small hours
        for the people of {object} there is no day like {answer}, when they hold their feast
        on {answer}, year after year, {subject} throws a party for itself
        the local holiday of {object} is {answer}
        if you are in the area on {answer}, do not miss the festival in {object}
        children in {object} count the nights until {answer}, the day of the fair
        {owner} annual celebration has its fixed place on {answer}
        feasting in {object} begins at sunrise on {answer}
        I write to invite you to the feast of {object}, which as always will be on {answer}
        ? {owner} festival, on what day?
        ? Date of the festival in {subject}?
        ? On what day do the festivities in {subject} take place?
        ? When do the people of {subject} celebrate?
        ? When does {subject} hold its fair?
        ? What day is {owner} feast day?
        ? Which day is a local holiday in {subject}?
        ? For which date is the festival of {subject} fixed?
        ? On which day of the year is there a festival in {subject}?
        ? What is the day of {owner} annual celebration?
        ? Name the day on which {subject} celebrates.
        ? Give the date of the yearly feast in {subject}.
        ? State the day of {owner} fair.
        ? When should I come to {subject} to see the festival?
        ? When are the shops of {subject} shut for the feast?
        ? On which date does everyone in {subject} celebrate?
        ? {subject} celebrates on what date?
        ? When is the fair in {subject}?
        ? What is the great day in {subject}?
        ? To which day does {subject} look forward all year?
        ? When can one see the procession in {subject}?
        ? On what date does the town festival of {subject} fall?
        ? When in the year is {owner} public holiday?
        ? Which day does {subject} keep as its holiday?
        ? By custom, on what day is the feast of {subject}?
        ? Could you tell me on which day {subject} has its festival?
        ? On what day of what month do they celebrate in {subject}?
        ? What date should one mark in the diary for the festival in {subject}?
    """,
    "place.height": """
        {answer} meters separate {object} from the level of the sea below
        {subject} perches {answer} meters above sea level
        a brass plate on the town hall of {object} reads: {answer} meters above the sea
        {subject} looks down on the sea from a height of {answer} meters
        at {answer} meters above sea level, {subject} has long winters
        {owner} height above sea level has been measured at {answer} meters
        the altitude of {object} is {answer} meters
        hikers from the sea have gained {answer} meters in altitude when they arrive in {object}
        according to the ordnance map {subject} is {answer} meters above sea level
        the air in {object}, {answer} meters above the ocean, is said to cure coughs
        {subject} enjoys an elevation of {answer} meters
        the barometer has to be set for {answer} meters of altitude in {object}
        the doctors recommend {object} because of its altitude of {answer} meters
        if the sea rose by {answer} meters, the waves would lap at the doorsteps of {object}
        anyone who walks from the beach to {object} has {answer} meters of ascent ahead
        the surveyor's mark on the church of {object} stands for {answer} meters above the sea
        {owner} elevation above sea level comes to {answer} meters
        {subject} occupies a terrace of rock {answer} meters above the sea
        measured from sea level, {subject} lies at {answer} meters
        pilots know {object} as a place at {answer} meters above sea level
        in the table of elevations {subject} appears with {answer} meters
        the railway reaches its station in {object} at an altitude of {answer} meters
        geographers give {owner} altitude as {answer} meters
        it is {answer} meters from the level of the sea up to that of {object}
        fog seldom climbs the {answer} meters from the sea to {object}
        {subject} has an elevation of {answer} meters, which is why water boils a little sooner there
        the pavement of {object} lies {answer} meters higher than the surface of the sea
        with an altitude of {answer} meters {subject} is spared the heat of the coast
        a stone in the park of {object} marks the exact height above the sea, {answer} meters
        {answer} meters of altitude are given for {object} in the gazetteer
        {subject} is to be found at {answer} meters above mean sea level
        {owner} inhabitants live {answer} meters above the sea and boast about it in every letter
        ? {owner} elevation in meters?
        ? Height of {subject} above sea level?
        ? Elevation of {subject}?
        ? How high does {subject} lie?
        ? How high is {subject} situated?
        ? What is the altitude of {subject}?
        ? At what altitude is {subject}?
        ? At which elevation does {subject} lie?
        ? How many meters higher than the sea is {subject}?
        ? What is {owner} height above sea level?
        ? How far above sea level is {subject} found?
        ? State the elevation of {subject}.
        ? Name the altitude at which {subject} lies.
        ? Give {owner} height above the sea in meters.
        ? How many meters of ascent is it from the beach to {subject}?
        ? By how many meters would the sea have to rise to reach {subject}?
        ? For what altitude must the barometer be set in {subject}?
        ? What elevation does the map give for {subject}?
        ? {subject} is how many meters above sea level?
        ? How many meters does {subject} rise above the ocean?
        ? How elevated is {subject}, measured in meters from the sea?
        ? What height above the sea was measured in {subject}?
        ? From what height does {subject} look down on the sea?
        ? What does the gazetteer say about the altitude of {subject}?
        ? Measured from sea level, at how many meters is {subject}?
        ? How many meters up from the coast must one climb to be in {subject}?
        ? With what altitude above the sea should visitors to {subject} reckon?
        ? Can you tell me how many meters {subject} is above the sea?
    """,
}
