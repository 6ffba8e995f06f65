"""When and where a thing was made, moved, shown, lost and mended. Training worlds only."""

ANSWERS = {
    "birth_town": "place",
    "former_place": "place",
    "find_place": "place",
    "show_place": "place",
    "hiding_place": "place",
    "replica_place": "place",
    "destination": "place",
    "start_year": "year 1701 1990",
    "restoration_year": "year 1701 1990",
    "theft_year": "year 1701 1990",
    "sale_year": "year 1701 1990",
    "move_year": "year 1701 1990",
    "show_year": "year 1701 1990",
    "damage_year": "year 1701 1990",
    "protection_year": "year 1701 1990",
    "damage": "damage_cause",
    "inspection_day": "day",
    "unveiling_day": "day",
}

WORDS = {
    "damage_cause": """
        bad repairs, boiling water, burrowing worms, careless movers, collapsing beams, damp, drunken
        sailors, dry rot, dust storms, falling bricks, fireworks, fungus, gnawing rats, gunfire, hail,
        heavy snow, lightning, mice, mildew, mold, moths, nesting pigeons, playing children, road salt,
        rust, saltwater, seepage, sliding rubble, smoke, soot, souvenir hunters, stone throwers,
        termites, thaw, vandals, vibrations, wasps, woodworm
    """,
}

FACTS = {
    "thing.year": """
        the last hand was laid on {object} in {answer}
        {answer} was the year in which {subject} was finished
        work on {object} came to an end in {answer}
        {subject} stood complete in {answer}
        it was not before {answer} that {subject} was completed
        {owner} completion fell in {answer}
        in {answer} the last piece of {object} was put in its place
        the year of completion engraved on {object} is {answer}
        the builders were done with {object} in {answer}
        {subject} was delivered complete in {answer}
        ? In what year was {subject} finished?
        ? When was the last hand laid on {subject}?
        ? In which year was {subject} completed?
        ? When did work on {subject} come to an end?
        ? Year of completion of {subject}?
        ? When were the builders done with {subject}?
        ? What year of completion is engraved on {subject}?
        ? When was {owner} construction over?
        ? Do you know in what year {subject} was completed?
    """,
    "thing.location": """
        today {subject} stands in {answer}
        {answer} is where {subject} is kept
        {subject} has found a permanent home in {answer}
        whoever wants to see {object} must travel to {answer}
        {owner} present location is {answer}
        now {subject} is housed in {answer}
        the place in which {subject} is on view is {answer}
        {subject} is one of the sights of {answer}
        the museum that shows {object} today is in {answer}
        {answer} has {object} among its sights
        ? Where is {subject} today?
        ? In which town can one see {subject}?
        ? Present location of {subject}?
        ? To what place must one travel to see {subject}?
        ? Where does {subject} stand now?
        ? In what town is {subject} housed?
        ? What is the present location of {subject}?
        ? Which town has {subject} among its sights?
        ? Do you know where {subject} is kept?
    """,
    "thing.birth_town": """
        {subject} was built in {answer}
        the workshop in which {subject} was made stood in {answer}
        {subject} was manufactured in {answer}
        {owner} parts were put together in {answer}
        the town where {subject} was built is {answer}
        it was in {answer} that craftsmen made {object}
        {answer} is proud to be where {subject} was made
        ? Where was {subject} built?
        ? In which town was {subject} made?
        ? In what town stood the workshop that made {subject}?
        ? Place of manufacture of {subject}?
        ? Which town is proud of having built {subject}?
        ? Where were {owner} parts put together?
        ? In what place was {subject} manufactured?
        ? Tell me in which town {subject} was manufactured.
    """,
    "thing.former_place": """
        {subject} formerly stood in {answer}
        before it was moved, {subject} was to be found in {answer}
        for a century {subject} had its place in {answer}
        {owner} earlier location was {answer}
        old postcards show {object} in {answer}, where it no longer is
        {answer} had to give {object} up
        until the move {subject} was kept in {answer}
        ? Where did {subject} stand formerly?
        ? Where was {subject} before it was moved?
        ? What was the earlier location of {subject}?
        ? Which town had to give {subject} up?
        ? In what town do old postcards show {subject}?
        ? Former location of {subject}?
        ? From where was {subject} moved?
        ? Name the town in which {subject} stood before it was moved.
    """,
    "thing.find_place": """
        {subject} was dug out of the mud in {answer}
        {subject} was rediscovered in {answer}
        after many lost years {subject} turned up in {answer}
        it was in a shed in {answer} that {subject} was found
        {owner} place of discovery was {answer}
        workers in {answer} came upon {object} by chance
        nobody expected to discover {object} in {answer}
        ? Where was {subject} found?
        ? In which town did {subject} turn up?
        ? Where was {subject} rediscovered?
        ? What was {owner} place of discovery?
        ? In what place did somebody come upon {subject}?
        ? Place where {subject} was found?
        ? Where did {subject} come to light again?
        ? Tell me where {subject} was found.
    """,
    "thing.show_place": """
        {subject} was shown at the great exhibition in {answer}
        at a fair in {answer} {subject} was admired by thousands
        {subject} made its first public appearance in {answer}
        the public first saw {object} at an exhibition in {answer}
        {answer} had {object} as the star of its world's fair
        for the exhibition {subject} was brought to {answer} and back
        {owner} medal was won at an exhibition in {answer}
        ? Where was {subject} exhibited?
        ? At which town's fair was {subject} admired by thousands?
        ? Where did the public first see {subject}?
        ? In what town was the exhibition with {subject}?
        ? Which town showed {subject} at an exhibition?
        ? Place of the exhibition that showed {subject}?
        ? To which exhibition town was {subject} brought?
        ? Name the town whose exhibition showed {subject}.
    """,
    "thing.hiding_place": """
        during the war {subject} was hidden in {answer}
        a cellar in {answer} was {owner} hiding place
        {subject} survived the war in a cave near {answer}
        to save it from the soldiers, {subject} was buried in {answer}
        farmers in {answer} hid {object} under hay
        {answer} kept {object} secret until peace came
        ? Where was {subject} hidden during the war?
        ? What was {owner} hiding place?
        ? In which place did {subject} survive the war?
        ? Where was {subject} brought into safety during the war?
        ? Hiding place of {subject}?
        ? Which town kept {subject} secret until peace came?
        ? In what place did {subject} lie hidden until peace came?
        ? Tell me where {subject} was hidden in the war.
    """,
    "thing.replica_place": """
        a replica of {object} stands in {answer}
        {answer} has only a copy of {object}
        a faithful copy of {object} was set up in {answer}
        those who cannot see {object} itself may see its copy in {answer}
        {owner} twin, a mere copy, is in {answer}
        the people of {answer} made themselves a copy of {object}
        ? Where does a replica of {subject} stand?
        ? Which town has a copy of {subject}?
        ? In what place was a copy of {subject} set up?
        ? Where can the replica of {subject} be seen?
        ? Place of the replica of {subject}?
        ? Where must one go to see a copy of {subject}?
        ? Name the town that has a replica of {subject}.
    """,
    "thing.destination": """
        {subject} was meant for {answer} and never got there
        at first {subject} was intended for {answer}
        {owner} destination, according to the contract, was {answer}
        {subject} had been promised to {answer}
        the council of {answer} had asked for {object} and then refused it
        {subject} never reached {answer}, for which it was built
        ? For which town was {subject} meant at first?
        ? What was {owner} destination according to the contract?
        ? To what town had {subject} been promised?
        ? Where was {subject} to be set up at first?
        ? For what place was {subject} intended?
        ? Where should {subject} have gone?
        ? Tell me for which town {subject} was intended at first.
    """,
    "thing.start_year": """
        work on {object} began in {answer}
        {subject} was begun in {answer}
        the first piece of {object} was made in {answer}
        {owner} construction started in {answer}
        in {answer} the builders made a start on {object}
        it was {answer} when work on {object} was taken up
        {subject} has a foundation plate with the year {answer}, when building began
        ? When did work on {subject} begin?
        ? In what year was {subject} begun?
        ? When did {owner} construction start?
        ? In which year did the builders make a start on {subject}?
        ? Year in which {subject} was begun?
        ? When was the first piece of {subject} made?
        ? Give the year in which work on {subject} began.
    """,
    "thing.restoration_year": """
        {subject} was restored in {answer}
        the great restoration of {object} took place in {answer}
        in {answer} {subject} was taken apart, cleaned and put together again
        {owner} shine dates only from the restoration of {answer}
        {answer} brought a thorough restoration of {object}
        restorers worked on {object} in {answer}
        it was as late as {answer} that {subject} was restored
        ? When was {subject} restored?
        ? In what year did the restoration of {subject} take place?
        ? Year of {owner} restoration?
        ? In which year was {subject} taken apart and cleaned?
        ? When did restorers work on {subject}?
        ? From what year is the restoration of {subject}?
        ? Tell me in which year {subject} was restored.
    """,
    "thing.theft_year": """
        {subject} was stolen in {answer}
        in {answer} thieves carried {object} off
        the theft of {object} happened in {answer}
        {owner} disappearance was noticed in {answer}
        {subject} vanished overnight in {answer}
        since the theft of {answer} there has been a guard beside {object}
        {answer} was the year in which thieves took {object}
        ? When was {subject} stolen?
        ? In what year did thieves carry {subject} off?
        ? In which year did the theft of {subject} happen?
        ? When was {owner} disappearance noticed?
        ? Year of the theft of {subject}?
        ? When did {subject} vanish overnight?
        ? Give the year in which {subject} was stolen.
    """,
    "thing.sale_year": """
        {subject} was sold in {answer}
        {subject} changed hands in {answer}
        {subject} came under the hammer in {answer}
        {owner} sale took place in {answer}
        in {answer} {subject} was put up for auction
        it was in {answer} that {subject} found a buyer
        the contract for the sale of {object} is dated {answer}
        ? When was {subject} sold?
        ? In what year did {subject} change hands?
        ? When did {subject} come under the hammer?
        ? In which year did {subject} find a buyer?
        ? Year in which {subject} was sold?
        ? What date is on the contract for the sale of {subject}?
        ? When was {subject} auctioned?
        ? Tell me when {subject} was sold.
    """,
    "thing.move_year": """
        {subject} was moved to another place in {answer}
        in {answer} {subject} was carried off on rollers to a new place
        {owner} move took place in {answer}
        it was {answer} when {subject} changed its place
        until {answer} {subject} stood somewhere else
        {answer} was the year in which {subject} was moved
        the move of {object} in {answer} blocked the streets
        ? When was {subject} moved?
        ? In what year did {subject} change its place?
        ? Until what year did {subject} stand somewhere else?
        ? In which year was {subject} given another place?
        ? Year in which {subject} was moved?
        ? When was {subject} carried to a new place?
        ? Give the year in which {subject} changed its place.
    """,
    "thing.show_year": """
        {subject} was first exhibited in {answer}
        the public saw {object} for the first time in {answer}
        in {answer} {subject} was the star of an exhibition
        {owner} medal was won at the exhibition of {answer}
        {subject} was on show at the fair of {answer}
        it was in {answer} that an exhibition made {object} famous
        ? When was {subject} first exhibited?
        ? In what year did the public first see {subject}?
        ? When was {subject} the star of an exhibition?
        ? Which year's exhibition made {subject} famous?
        ? In which year was {subject} on show at a fair?
        ? Year of the exhibition with {subject}?
        ? Tell me in which year {subject} was exhibited.
    """,
    "thing.damage_year": """
        {subject} was badly damaged in {answer}
        an accident in {answer} nearly destroyed {object}
        {owner} worst year was {answer}, when half of it broke
        in {answer} {subject} suffered heavy damage
        the cracks in {object} date from an accident in {answer}
        {answer} was the year in which {subject} was damaged
        ? When was {subject} damaged?
        ? In what year did an accident nearly destroy {subject}?
        ? In which year did {subject} suffer heavy damage?
        ? When did {subject} have its accident?
        ? Year in which {subject} was damaged?
        ? From which year does the damage to {subject} date?
        ? Give the year of the accident that damaged {subject}.
    """,
    "thing.protection_year": """
        {subject} has been a protected monument since {answer}
        in {answer} {subject} was placed under protection
        {subject} was entered in the list of monuments in {answer}
        a law of {answer} forbids changing {object}
        {owner} protection by law goes back to {answer}
        it was {answer} when {subject} was declared a monument
        ? Since when has {subject} been a protected monument?
        ? In what year was {subject} placed under protection?
        ? When was {subject} declared a monument?
        ? From which year is the law that protects {subject}?
        ? When was {subject} entered in the list of monuments?
        ? Year since which {subject} has been protected?
        ? Tell me since when {subject} has been protected.
    """,
    "thing.damage": """
        {subject} was badly damaged by {answer}
        the holes in {object} were caused by {answer}
        {subject} has suffered most from {answer}
        the greatest enemies of {object} have been time and {answer}
        part of {object} had to be replaced because of {answer}
        what nearly destroyed {object} was nothing but {answer}
        {owner} scars were left by {answer}
        ? By what was {subject} damaged?
        ? What caused the damage to {subject}?
        ? From what has {subject} suffered most?
        ? Because of what did a part of {subject} have to be replaced?
        ? What nearly destroyed {subject}?
        ? What left {owner} scars?
        ? Name the cause of the damage to {subject}.
    """,
    "thing.inspection_day": """
        {subject} is inspected every year on {answer}
        {owner} yearly inspection is on {answer}
        on {answer} nobody may use {object}, because it is being inspected
        every {answer} {subject} is oiled and tested
        the yearly test of {object} falls on {answer}
        {answer} is the day on which {subject} is tested each year
        ? On what day is {subject} inspected every year?
        ? When is {owner} yearly inspection?
        ? On which date is {subject} looked over each year?
        ? Day of the yearly inspection of {subject}?
        ? On which day of the year is {subject} tested?
        ? On what date does the yearly test of {subject} fall?
        ? Tell me on which day {subject} is tested every year.
    """,
    "thing.unveiling_day": """
        {subject} was unveiled on {answer} in heavy rain
        the unveiling of {object} was on {answer}
        {owner} anniversary is kept on {answer}
        on {answer} flags are put up around {object} in memory of the unveiling
        the cloth was pulled off {object} on {answer}
        {answer} was chosen as the day on which to unveil {object}
        ? On what day was {subject} unveiled?
        ? When is {owner} anniversary kept?
        ? On which date was the unveiling of {subject}?
        ? Day of the unveiling of {subject}?
        ? On which day was the cloth pulled off {subject}?
        ? What is the date of {owner} unveiling?
        ? Name the day on which {subject} was unveiled.
    """,
}
