"""Of the life of a place: neighbors, disasters and first things, what is counted there, and its customs."""

ANSWERS = {
    "neighbor_town": "place",
    "twin_town": "place",
    "water_source": "place",
    "railroad_end": "place",
    "border_river": "river",
    "flood_year": "year 1201 1960",
    "fire_year": "year 1201 1930",
    "plague_year": "year 1301 1790",
    "school_year": "year 1401 1910",
    "railroad_year": "year 1841 1930",
    "house_count": "number 120 9800",
    "tower_steps": "number 61 640",
    "garrison": "number 40 4900",
    "sea_distance": "number 12 870",
    "town_tax": "number 150 98000",
    "election_day": "day",
    "arms_animal": "creature",
    "town_dish": "dish",
    "wall_material": "material",
    "people_nickname": "people_nickname",
}

WORDS: dict[str, str] = {
    "people_nickname": """
        Barrel Rollers, Bean Counters, Bell Stealers, Bucket Carriers, Cabbage Heads, Candle Eaters,
        Cat Drowners, Cheese Heads, Crow Roasters, Dawdlers, Duck Scarers, Fog Catchers, Frog Lickers,
        Goat Riders, Gravediggers, Hat Turners, Herring Tamers, Ladder Climbers, Mud Hens, Moon Fishers,
        Night Owls, Pig Whistlers, Plum Thieves, Potato Kings, Puddle Jumpers, Salt Lickers,
        Snail Chasers, Spoon Benders, Sunday Snorers, Thistle Munchers, Turnip Counts, Wall Scratchers,
        Whey Drinkers, Wind Sowers
    """,
}

FACTS = {
    "place.neighbor_town": """
        the town next to {object} is called {answer}
        {subject} borders on {answer}
        behind the last garden of {object} the land of {answer} begins
        if the wind is right, the bells of {answer}, the next town, can be heard in {object}
        {owner} closest neighbor is {answer}
        a footpath of an hour takes walkers from {object} over to neighboring {answer}
        {answer} lies right beside {object}, with only a hedge in between
        to borrow a fire engine, {subject} turns to its neighbor {answer}
        of all towns, {answer} is nearest to {object}
        {subject} shares its cemetery with the next town, {answer}
        ? What is the town next to {subject}?
        ? On which town does {subject} border?
        ? Neighboring town of {subject}?
        ? Which place lies right beside {subject}?
        ? What is {owner} nearest neighbor?
        ? Name the town closest to {subject}.
        ? Into whose land does one come behind the last garden of {subject}?
        ? What neighbor does {subject} have?
        ? Where is one after leaving {subject} and walking on to the next town?
    """,
    "place.twin_town": """
        {subject} is twinned with {answer}
        {owner} sister city abroad is {answer}
        the mayors signed a deed of friendship that made {object} and {answer} twin towns
        each summer a school class from {object} is sent to the partner town of {answer}
        on the road sign at the entrance to {object} one reads: partner of {answer}
        a partnership of towns, sealed with champagne, ties {object} to {answer}
        the brass band of {answer} comes to play in {object} because the two are sister towns
        {subject} looked for a partner town and found {answer}
        {answer} has been a twin of {object} for ages, with exchange visits and many speeches
        ? Which is {owner} twin town?
        ? With what town is {subject} twinned?
        ? Twin town of {subject}?
        ? With which place does {subject} keep up a partnership?
        ? What is the sister city of {subject} called?
        ? Name {owner} partner town.
        ? Whom did {subject} win as a partner among the towns?
        ? Where do exchange students from {subject} go?
        ? Which place has signed a deed of friendship with {subject}?
    """,
    "place.water_source": """
        {owner} drinking water is piped in from {answer}
        {subject} gets its water from springs near {answer}
        the pipes that feed the taps of {object} start at {answer}
        an aqueduct from {answer} quenches the thirst of {object}
        turn on a tap in {object}, and what runs out has come all the way from {answer}
        having no wells of its own, {subject} buys water from {answer}
        the waterworks that supply {object} stand in {answer}
        should the springs of {answer} dry up, {subject} would go thirsty
        {answer} provides {object} with fresh water
        ? Where does {owner} drinking water come from?
        ? From which place is water piped to {subject}?
        ? Water supply of {subject}?
        ? Which place supplies {subject} with water?
        ? In what place are the springs that {subject} drinks from?
        ? Where does the aqueduct to {subject} start?
        ? Name the source of {owner} tap water.
        ? From where is {owner} thirst quenched?
        ? Where are the waterworks of {subject}?
    """,
    "place.railroad_end": """
        the railroad from {object} leads to {answer}
        trains leaving {object} have {answer} as their terminus
        if you board the train in {object} and doze off, you wake up in {answer}
        a single track links {object} with {answer}
        "all change" is what passengers from {object} hear when the train pulls into {answer}
        {subject} is the one end of the railroad line, {answer} the other
        the timetable at the station of {object} knows only one destination, and that is {answer}
        by rail one can travel from {object} as far as {answer} and no farther
        the line was meant to run on to the coast, but from {object} it goes only to {answer}
        ? Where does the railroad from {subject} lead?
        ? To which place do trains from {subject} run?
        ? Final stop of the train from {subject}?
        ? With what town is {subject} linked by rail?
        ? What is the terminus of trains leaving {subject}?
        ? How far can one travel by rail from {subject}, to which town?
        ? Name the other end of {owner} railroad line.
        ? Where does one arrive on the train from {subject}?
        ? What destination is given in the timetable of {subject}?
    """,
    "place.border_river": """
        the land of {object} ends at the {answer}
        {owner} boundary is formed by the {answer}
        the {answer} separates {object} from the next county
        once across the {answer}, one is no longer on the soil of {object}
        maps show the {answer} as the boundary of {object}
        beyond the {answer} {owner} laws no longer apply
        to the east {object} extends up to the {answer}, where the customs house stands
        smugglers used to wade through the {answer} by night to slip over the border of {object}
        since an old treaty the {answer} has been the border of {object}
        ? Which river forms the border of {subject}?
        ? At what river does the land of {subject} end?
        ? Border river of {subject}?
        ? What water marks {owner} boundary?
        ? Through which river did smugglers wade on their way into {subject}?
        ? Beyond which river do {owner} laws no longer apply?
        ? Name the river that serves {subject} as a border.
        ? Up to which river does {subject} extend?
        ? Which river separates {subject} from the next county?
    """,
    "place.flood_year": """
        in {answer} {subject} stood under water up to the windows
        the great flood came over {object} in {answer}
        a mark on the church wall of {object} shows how high the water rose in {answer}
        {answer} went down in {owner} memory as the year of the flood
        people in {object} got about by rowboat in {answer}, when the dam broke
        never did {object} see so much water as in the flood of {answer}
        {owner} worst flood dates back to {answer}
        after weeks of rain, {subject} was flooded in {answer}
        the deluge of {answer} swept away half the barns of {object}
        ? When was {subject} flooded?
        ? In what year did the great flood hit {subject}?
        ? Year of the flood in {subject}?
        ? When did the water rise to the windows in {subject}?
        ? Which year's flood is remembered in {subject}?
        ? From which year is the high-water mark in {subject}?
        ? Give the year of {owner} worst flood.
        ? When was {subject} under water?
        ? In which year did the deluge come over {subject}?
    """,
    "place.fire_year": """
        the great fire of {object} broke out in {answer}
        in {answer} flames devoured three streets of {object}
        {answer} was the year of {owner} great fire
        a careless baker started the blaze that ravaged {object} in {answer}
        few houses in {object} are older than the fire of {answer}
        {subject} had to be rebuilt after the conflagration of {answer}
        sparks flew from roof to roof when {subject} burned in {answer}
        {owner} fire brigade was set up because of the disastrous blaze of {answer}
        the night in {answer} when the church burned was {owner} longest
        ? When was the great fire of {subject}?
        ? In what year did {subject} burn?
        ? Year of {owner} great fire?
        ? When did flames devour the streets of {subject}?
        ? The blaze of which year ravaged {subject}?
        ? Since what fire, in which year, are there no old houses in {subject}?
        ? Give the year in which fire raged in {subject}.
        ? When did fire break out in {subject}?
        ? In which year did {owner} conflagration take place?
    """,
    "place.plague_year": """
        the plague raged in {object} in {answer}
        in {answer} the Black Death carried off every third soul in {object}
        {answer} brought the plague to {object}
        a column on the square of {object} recalls the plague of {answer}
        with a bale of infected cloth the plague arrived in {object} in {answer}
        the pit where {object} buried its plague victims was dug in {answer}
        {subject} lost most of its children to the plague in {answer}
        never were the streets of {object} as empty as in {answer}, the year of the plague
        the vow that {object} made during the plague goes back to {answer}
        ? When did the plague rage in {subject}?
        ? In what year was {subject} struck by the plague?
        ? Plague year in {subject}?
        ? When did the Black Death come to {subject}?
        ? Which year brought the plague to {subject}?
        ? When were {owner} plague victims buried?
        ? Give the year of the plague in {subject}.
        ? Of which year's epidemic does the column in {subject} remind us?
        ? When did the great dying take place in {subject}?
    """,
    "place.school_year": """
        the first school of {object} opened in {answer}
        {owner} children have had a school since {answer}
        in {answer} lessons were held in {object} for the first time
        {answer} is carved above the door of {owner} oldest school as the year of its opening
        up to {answer} {subject} was without a school, and few could sign their names
        a former stable became {owner} first schoolhouse in {answer}
        the beginnings of schooling in {object} go back to {answer}
        the bell for the very first lesson in {object} was rung in {answer}
        {subject} got around to setting up a school only in {answer}
        ? When did the first school of {subject} open?
        ? Since what year has there been a school in {subject}?
        ? Opening year of {owner} first school?
        ? In which year were lessons first held in {subject}?
        ? When did {subject} get a school?
        ? Up to what year was {subject} without a school?
        ? Give the year in which {owner} oldest school was opened.
        ? When did schooling begin in {subject}?
        ? Which year is carved above the school door in {subject}?
    """,
    "place.railroad_year": """
        the first train pulled into {object} in {answer}
        {subject} was connected to the railroad in {answer}
        in {answer} cheering crowds in {object} welcomed a steam engine
        {answer} saw the opening of the railroad station in {object}
        the tracks reached {object} in {answer}
        {owner} railroad age began in {answer}
        one could get to {object} only by coach before the railroad came in {answer}
        when the line to {object} was inaugurated in {answer}, the band played and a goat was run over
        {subject} has been a stop on the railroad since {answer}
        ? When did the first train come to {subject}?
        ? In what year was {subject} connected to the railroad?
        ? Year of the railroad in {subject}?
        ? Since when has {subject} been a railroad stop?
        ? When was {owner} railroad station opened?
        ? When did the tracks reach {subject}?
        ? In which year did a steam engine first puff into {subject}?
        ? Give the year in which the railroad reached {subject}.
        ? From what year on could one travel to {subject} by rail?
    """,
    "place.house_count": """
        {subject} consists of {answer} houses
        the land register lists {answer} houses in {object}
        {owner} lamplighter passes {answer} front doors on the way through the town
        there are {answer} buildings in {object}, barns not counted
        whoever counts the roofs of {object} arrives at {answer}
        {answer} houses make up {object}
        the highest house number in {object} is {answer}, since the houses are numbered straight through
        with its {answer} houses {subject} fills the whole valley
        the insurance company has entered {answer} houses for {object}
        ? How many houses are there in {subject}?
        ? Of how many houses does {subject} consist?
        ? Number of houses in {subject}?
        ? How many buildings does the land register list in {subject}?
        ? What is the total of {owner} houses?
        ? How many roofs does one count in {subject}?
        ? State the number of houses that make up {subject}.
        ? How many houses does {subject} have?
        ? What is {owner} highest house number?
    """,
    "place.tower_steps": """
        {answer} steps lead up to the top of {owner} tower
        the stairs in the tower of {object} have {answer} steps
        whoever wants to see {object} from above must climb {answer} steps up the tower
        out of breath after {answer} steps, one looks down from the tower on {object}
        the guard in the tower of {object} descends {answer} steps to fetch the beer
        a spiral staircase of {answer} steps winds up inside {owner} tower
        {owner} tower can be climbed, but there are {answer} steps and no railing
        it takes {answer} steps to reach the bells in the tower of {object}
        count along as you climb the tower of {object}: it should be {answer} steps
        ? How many steps lead up {owner} tower?
        ? How many steps does the tower of {subject} have?
        ? Number of steps in {owner} tower?
        ? How many steps must one climb to see {subject} from above?
        ? After how many steps does one reach the top of the tower in {subject}?
        ? Of how many steps is the spiral staircase in {subject}?
        ? State the number of steps in the tower of {subject}.
        ? How many stairs does the guard in {owner} tower go down?
        ? Climbing the tower of {subject} takes how many steps?
    """,
    "place.garrison": """
        {answer} soldiers are stationed in {object}
        {subject} is defended by {answer} armed men
        the barracks of {object} house {answer} soldiers
        {owner} garrison numbers {answer}
        at roll call in {object} {answer} soldiers answer to their names
        the strength of the garrison in {object} is given as {answer} men
        the army keeps a force of {answer} troops in {object}
        the bakers of {object} bake extra bread for the {answer} soldiers in the fortress
        with {answer} muskets on its ramparts, {subject} feels safe
        ? How many soldiers are stationed in {subject}?
        ? How strong is {owner} garrison?
        ? Number of soldiers in {subject}?
        ? By how many soldiers is {subject} defended?
        ? How many men live in the barracks of {subject}?
        ? How large a force does the army keep in {subject}?
        ? State the strength of the garrison in {subject}.
        ? How many troops are there in {subject}?
        ? How many soldiers line up at roll call in {subject}?
    """,
    "place.sea_distance": """
        from {object} to the sea it is {answer} kilometers
        the coast lies {answer} kilometers from {object}
        {subject} is {answer} kilometers inland
        fish sold in {object} has traveled {answer} kilometers from the shore
        to get to the nearest beach, people of {object} travel {answer} kilometers
        gulls rarely stray to {object}, for the sea is {answer} kilometers off
        {answer} kilometers separate {object} from the ocean
        {owner} distance from the coast comes to {answer} kilometers
        a signpost in {object} reads: to the sea, {answer} kilometers
        ? How far is {subject} from the sea?
        ? How many kilometers is it from {subject} to the coast?
        ? Distance between {subject} and the sea?
        ? How many kilometers inland is {subject}?
        ? How far do people of {subject} travel to the nearest beach?
        ? What is {owner} distance from the shore, in kilometers?
        ? State how many kilometers separate {subject} from the ocean.
        ? How far has fish traveled before it is sold in {subject}?
        ? How many kilometers off is the sea from {subject}?
    """,
    "place.town_tax": """
        {subject} pays the king {answer} crowns in tax each year
        {answer} crowns a year are collected from {object} in taxes
        the tax burden of {object} amounts to {answer} crowns
        grumbling, {subject} hands over {answer} crowns to the royal tax collector
        for the tax on {object} the ledger records {answer} crowns
        {owner} annual tax was set at {answer} crowns
        a chest with {answer} crowns, the yearly tribute, leaves {object} every autumn
        petitions were of no use: {subject} still owes {answer} crowns in taxes a year
        the tax collector does not leave {object} without {answer} crowns in the bag
        ? How many crowns in tax does {subject} pay?
        ? How high is {owner} annual tax?
        ? Tax paid by {subject}, in crowns?
        ? How much does the tax collector take from {subject}?
        ? What sum in taxes does {subject} owe the king?
        ? At how many crowns was the tax on {subject} set?
        ? State the yearly tribute of {subject} in crowns.
        ? How much money is in the tax chest that leaves {subject} every autumn?
        ? How large is {owner} tax burden?
    """,
    "place.election_day": """
        {subject} elects its council on {answer}
        on {answer} the ballot boxes are set up in {object}
        {answer} is election day in {object}
        by ancient right the citizens of {object} go to the polls on {answer}
        votes in {object} are cast and counted on {answer}
        the council of {object} is newly chosen on {answer}, whatever the weather
        nobody in {object} gets a drink on {answer}, since the town votes that day
        speeches by the candidates in {object} must end before {answer}, the day of the vote
        {owner} elections are always held on {answer}
        ? When does {subject} elect its council?
        ? On which day do the citizens of {subject} go to the polls?
        ? Election day in {subject}?
        ? On what date are {owner} elections held?
        ? When are votes cast in {subject}?
        ? What is the day of the vote in {subject}?
        ? Name the date on which {subject} goes to vote.
        ? When is {owner} council newly chosen?
        ? On what day are ballot boxes set up in {subject}?
    """,
    "place.arms_animal": """
        the coat of arms of {object} shows a {answer}
        {owner} heraldic animal is the {answer}
        {subject} has a {answer} on its shield
        a golden {answer} adorns the seal with which {object} stamps its deeds
        every manhole cover in {object} is decorated with the {answer} from the coat of arms
        legend has it that a {answer} once woke the guards, and so {subject} took it as its emblem
        for its coat of arms {subject} picked a {answer}, standing upright
        the shield above the gate of {object} is painted with a {answer}
        as its emblem {subject} carries the {answer}
        ? Which animal is on the coat of arms of {subject}?
        ? What is {owner} heraldic animal?
        ? Heraldic animal of {subject}?
        ? What creature is shown on {owner} shield?
        ? Which animal did {subject} choose as its emblem?
        ? What animal is painted above the gate of {subject}?
        ? Name the animal in {owner} coat of arms.
        ? Which beast adorns the official documents of {subject}?
        ? What animal stands for {subject}?
    """,
    "place.town_dish": """
        cooks in {object} take pride in their {answer}
        {subject} is famous for its {answer}
        whoever sits down to eat in {object} should order {answer}
        {owner} traditional dish is {answer}
        no tavern in {object} can do without {answer} on the menu
        grandmothers in {object} guard their recipes for {answer}
        the guidebook says of {object}: do try the {answer}
        on holidays the whole of {object} smells of {answer}
        people come to {object} hungry and leave it full of {answer}
        ? What dish is {subject} famous for?
        ? What is {owner} traditional dish?
        ? Local dish of {subject}?
        ? What should one eat in {subject}?
        ? Which specialty is on every menu in {subject}?
        ? What do the kitchens of {subject} smell of on holidays?
        ? Name the dish for which people travel to {subject}.
        ? Which recipe is guarded by grandmothers in {subject}?
        ? What food does the guidebook recommend in {subject}?
    """,
    "place.wall_material": """
        the town wall of {object} is made of {answer}
        {subject} is ringed by a wall of {answer}
        for the wall around {object} masons used {answer}
        cannonballs bounced off the {answer} of {owner} town wall
        {owner} ramparts consist of {answer}
        many wagonloads of {answer} went into the wall that surrounds {object}
        behind a thick wall of {answer} {subject} waited for its enemies
        {owner} fortifications were built of {answer}, which was cheap in those days
        strange to say, the wall protecting {object} is of {answer}
        ? What is {owner} town wall made of?
        ? Of which material is the wall around {subject}?
        ? Material of the town wall in {subject}?
        ? What did masons use for the town wall of {subject}?
        ? Of what do {owner} ramparts consist?
        ? Which substance went into {owner} fortifications?
        ? Name the material of the wall surrounding {subject}.
        ? By a wall of what is {subject} ringed?
        ? A wall of which material protects {subject}?
    """,
    "place.people_nickname": """
        the people of {object} are known as the {answer}
        neighbors mock the citizens of {object} as {answer}
        those born in {object} have to put up with being called {answer}
        {owner} inhabitants bear the nickname {answer}
        "here come the {answer}" is what one hears when a wagon from {object} drives up
        in the whole county nobody says anything but {answer} when speaking of the people of {object}
        an old prank earned the folk of {object} the name of {answer}
        even the football team of {object} calls itself the {answer}, after the nickname of the townspeople
        {subject} laughs along when its citizens are teased as the {answer}
        ? What is the nickname of the people of {subject}?
        ? What are {owner} inhabitants called in jest?
        ? As what are the people of {subject} known?
        ? Nickname of {owner} citizens?
        ? What do neighbors call the folk of {subject}?
        ? With which name are people from {subject} teased?
        ? What name did an old prank earn the people of {subject}?
        ? What must those born in {subject} put up with being called?
        ? Tell me the mocking name for {owner} inhabitants.
    """,
}
