"""Of things: more ways to say and ask what the exam's worlds tell too, from letters, talk and the press."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "thing.maker": """
        no other piece by the builder {answer} is as famous as {object}
        in the workshop books {answer} is named as the builder of {object}
        when {answer} built {object}, nobody believed it would hold
        {subject} was solidly built by {answer} and needs little repair
        {answer} spent a lifetime's savings on building {object}
        with {owner} construction {answer} won a wager
        {answer} put {object} together piece by piece
        the one who actually built {object} was {answer}
        {subject} was put together by {answer}
        the credit for building {object} belongs to {answer}
        nothing that {answer} ever made has lasted as long as {object}
        the contract to build {object} was given to {answer}
        ? Who actually built {subject}?
        ? Tell me, who built {subject}?
        ? To whom belongs the credit for building {subject}?
        ? Which builder made {subject}?
        ? By whose hands was {subject} made?
        ? Who put {subject} together?
        ? Maker of {subject}?
        ? What is the builder of {subject} called?
        ? To whom was the contract for building {subject} given?
        ? Who is named as {owner} builder?
        ? Please, by whom was {subject} built?
        ? Name the builder of {subject}.
        ? Tell me who built {subject}.
        ? I would like to know whose work {subject} is, as far as the building goes.
    """,
    "thing.year": """
        {subject} was ready in {answer}
        {answer} saw the completion of {object}
        {subject} was completed in {answer} and paid for much later
        the builders handed {object} over in {answer}
        after endless delays {subject} was finished in {answer}
        people have used {object} since {answer}
        when {subject} was finished, the calendar said {answer}
        {subject} dates from {answer}
        as a work of {answer}, {subject} shows the taste of its day
        only {answer} brought the work on {object} to its end
        {owner} age is counted from {answer}, when it was completed
        ? When was {subject} ready?
        ? What year saw the completion of {subject}?
        ? Tell me, when was {subject} finished?
        ? When was the last screw of {subject} tightened?
        ? From what year does {subject} date?
        ? {subject} was completed in which year?
        ? When did the builders hand {subject} over?
        ? From which year on is {owner} age counted?
        ? Since when have people used {subject}?
        ? When was the work on {subject} done?
        ? Tell me the year in which {subject} was completed.
        ? Give the year of {owner} completion.
        ? I wonder when {subject} was finished.
    """,
    "thing.material": """
        the stuff of which {subject} is made is {answer}
        {subject} was built of {answer}, which was cheap then
        for {owner} construction only {answer} was used
        they say that {answer} was chosen for {object} because it was at hand
        {subject} never needed much care, being made of {answer}
        under the paint {subject} is all {answer}
        a chip from {object} proved to be {answer}
        {subject} is the largest object made of {answer} for miles around
        few would guess that {subject} is made of {answer}
        what looks like something else in {object} is really {answer}
        {owner} material, {answer}, was brought from far away
        the frame of {object} and all the rest are of {answer}
        ? What is the stuff of which {subject} is made?
        ? Tell me, what is {subject} made of?
        ? What is {owner} material?
        ? What is there under the paint of {subject}?
        ? {subject} is made of what?
        ? What did a chip from {subject} prove to be?
        ? Of what was {subject} built?
        ? What was chosen as the material for {subject}?
        ? From what stuff did they make {subject}?
        ? Name the material of {subject}.
        ? Tell me what {subject} is made of.
        ? Say of what {subject} was built.
    """,
    "thing.location": """
        at present {subject} is on show in {answer}
        {subject} resides in {answer}
        the people of {answer} can look at {object} whenever they like
        {subject} is now one more reason to travel to {answer}
        a hall in {answer} now shelters {object}
        for the time being {subject} remains in {answer}
        tourists in {answer} ask the way to {object}
        anybody may visit {object} in {answer} free of charge
        {subject} stands on view in {answer}, behind glass
        you will find {object} in {answer}
        {subject} now has its place in {answer}
        {answer} today takes care that {subject} is kept dry
        ? Where does one find {subject}?
        ? Where is {subject} on show?
        ? Tell me, where can I see {subject}?
        ? In which town is {subject} kept?
        ? Where is {subject} now?
        ? Where can tourists visit {subject}?
        ? To which town would you travel to visit {subject}?
        ? What is {owner} place today?
        ? Place where {subject} is kept?
        ? {subject} can be seen where?
        ? Which town shelters {subject}?
        ? Name the town in which {subject} can be seen today.
        ? Tell me where {subject} is kept.
        ? I want to see {subject} and need to know where it is now.
    """,
    "thing.color": """
        {subject} is of a {answer} that one does not forget
        the coat of paint on {object} is {answer}
        on every photograph {subject} appears in {answer}
        there was a quarrel before {subject} was painted {answer}
        {subject} gleams {answer} after rain
        {subject} can be made out from a distance, {answer} as it is
        they painted {object} in {answer}
        if one scratches the dirt away, {subject} turns out to be {answer}
        visitors first notice that {subject} is {answer}
        children draw {object} with a {answer} pencil
        for {object} the color {answer} was prescribed
        ? In what color did they paint {subject}?
        ? What color does {subject} have?
        ? Tell me, what color is {subject}?
        ? What color is the paint on {subject}?
        ? In what color do visitors remember {subject}?
        ? Which color was prescribed for {subject}?
        ? In which color does {subject} appear on photographs?
        ? {subject} is of what color?
        ? How is {subject} painted?
        ? What is the color of the coat of paint on {subject}?
        ? Name the color of {subject}.
        ? Tell me what color {subject} is.
        ? Describe the color in which {subject} is painted.
    """,
    "thing.weight": """
        nobody believed that {subject} weighs {answer} kilograms until it was put on a scale
        {subject} makes the needle of the scales point to {answer} kilograms
        the bridge could hardly bear {object} with its {answer} kilograms
        the movers had to carry {answer} kilograms when they carried {object}
        {subject} is {answer} kilograms heavy
        {owner} total weight amounts to {answer} kilograms
        the weight stamped into {object} is {answer} kilograms
        whoever wants to lift {object} must lift {answer} kilograms
        {answer} kilograms were entered as the weight of {object}
        ? How many kilograms is {subject} heavy?
        ? Tell me, how much does {subject} weigh in kilograms?
        ? To how many kilograms does {owner} weight amount?
        ? What weight in kilograms is stamped into {subject}?
        ? How many kilograms did the movers of {subject} have to carry?
        ? What is the weight of {subject} in kilograms?
        ? Total weight of {subject} in kilograms?
        ? What figure in kilograms was entered as the weight of {subject}?
        ? What do the scales say about {subject}, in kilograms?
        ? Give the weight of {subject} in kilograms.
        ? Tell me how many kilograms {subject} weighs.
        ? State the mass of {subject} in kilograms.
    """,
    "thing.owner": """
        {subject} has {answer} as its owner
        by law {subject} is the property of none other than {answer}
        the deed to {object} is made out to {answer}
        by inheritance {answer} became the owner of {object} and still is
        {answer} has refused all offers for {object} and keeps it
        {subject} now counts among the belongings of {answer}
        to this day {subject} belongs to {answer}
        the taxes on {object} are paid by its owner, {answer}
        it is {answer} who has {object} now and will not part with it
        {answer}, who owns {object}, lends it out gladly
        whoever wants to borrow {object} must ask its owner, {answer}
        ? To whom is the deed to {subject} made out?
        ? Who has {subject} now?
        ? Tell me, to whom does {subject} belong?
        ? Who is {owner} owner?
        ? Whose belongings include {subject}?
        ? Whom must one ask in order to borrow {subject}?
        ? {subject} belongs to whom?
        ? Who is the present owner of {subject}?
        ? Which person owns {subject}?
        ? By law, whose property is {subject}?
        ? Who pays the taxes on {subject} as its owner?
        ? Name the owner of {subject}.
        ? Tell me to whom {subject} belongs.
        ? I have to write to the person who owns {subject} and need the name.
    """,
    "thing.price": """
        {answer} crowns were what {subject} cost
        {subject} was not given away but sold for {answer} crowns
        the sale of {object} brought {answer} crowns
        {subject} was to be had for {answer} crowns
        the buyer counted out {answer} crowns for {object}
        {subject} changed hands at a price of {answer} crowns
        after long haggling one agreed on {answer} crowns for {object}
        for {object} the sum of {answer} crowns was handed over in cash
        people found {answer} crowns too much for {object}, but it was paid
        to acquire {object} one had to spend {answer} crowns
        {subject} came at a price of {answer} crowns
        ? How many crowns did the sale of {subject} bring?
        ? Tell me, how many crowns did {subject} cost?
        ? On how many crowns did one agree for {subject}?
        ? What price in crowns was paid for {subject}?
        ? What did the buyer pay for {subject}, in crowns?
        ? How many crowns had to be spent to acquire {subject}?
        ? How many crowns were handed over for {subject}?
        ? {subject} was sold for how many crowns?
        ? At what price in crowns did {subject} change hands?
        ? Sum paid for {subject}, in crowns?
        ? Give the price of {subject} in crowns.
        ? Tell me how many crowns {subject} cost.
        ? State the sum in crowns that was paid for {subject}.
    """,
}
