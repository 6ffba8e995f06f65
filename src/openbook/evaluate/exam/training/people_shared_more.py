"""More wordings of what all worlds say of people: work, teacher, music, home, hobby. Training worlds only."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "person.occupation": """
        {subject} made ends meet as a {answer}
        {subject} was a {answer} through and through
        in the address book a {answer} is what {subject} is listed as
        having finished a hard apprenticeship, {subject} set up as a {answer}
        {subject} put bread on the table by toiling as a {answer}
        the town paid {object} a small salary to serve as its {answer}
        the guild admitted {object} as a {answer}
        {owner} calling in life was to be a {answer}
        because the family had always had one, {subject} too was expected to become a {answer}, and did
        {subject} hired out as a {answer} wherever there was something to be done
        {owner} line of business was that of a {answer}
        if you had needed a good {answer} in those days, people would have sent you to {object}
        {subject} went through life as a {answer}, with rough hands and a light heart
        by day {subject} was a {answer}, by night a dreamer
        after the harvest failed, {subject} gave up the farm and turned {answer}
        with the tools of a {answer} {subject} supported a family of many mouths
        profession: {answer}, it says in {owner} military papers
        nobody could hold a candle to {object} as a {answer}
        the census taker wrote down {answer} in the column for {owner} profession
        {subject} pursued the career of a {answer} from youth to old age
        for want of anything better {subject} took a job as a {answer}
        {subject}, a {answer} by profession, had a weakness for sweets
        {owner} license to practice as a {answer} hung framed in the hall
        a fortune-teller had promised gold, but {subject} ended up as a simple {answer}
        respected by all as a skillful {answer}, {subject} never had to look for orders
        when {subject} was not asleep, there was work for a {answer} to be done
        far from the capital {subject} built up a good name as a {answer}
        {subject} plied the trade of a {answer} up and down the valley
        there was no more reliable {answer} in the district than {subject}
        {subject} hung out a shingle as a {answer}
        the letters are addressed to {object} with the title of {answer}
        what paid {owner} rent was a position as a {answer}
        ? {owner} occupation?
        ? {owner} profession?
        ? What was {owner} trade?
        ? What did {subject} work as?
        ? What did {subject} do all through working life?
        ? In what line of work was {subject}?
        ? How did {subject} make a living?
        ? What was {owner} calling in life?
        ? By trade, what was {subject}?
        ? {subject} was what by profession?
        ? Which occupation did {subject} have?
        ? What career did {subject} pursue?
        ? Profession of {subject}?
        ? In what capacity did {subject} earn wages?
        ? How did {subject} make ends meet?
        ? What did the census taker write down as {owner} profession?
        ? What kind of job paid {owner} rent?
        ? What work put bread on {owner} table?
        ? As what was {subject} admitted to the guild?
        ? What was it that {subject} did for a living?
        ? As what did {subject} go through working life?
        ? What sort of tradesperson was {subject}?
        ? Name {owner} occupation.
        ? State the profession of {subject}.
        ? Say what {subject} was by trade.
        ? Tell me how {subject} earned a living.
        ? I would like to know what job {subject} had.
    """,
    "person.teacher": """
        {subject} sat at the feet of {answer}
        {subject} owed all that skill to the instruction of {answer}
        {answer} had {object} as a pupil
        under the stern eye of {answer} {subject} learned the rules of the art
        {answer} took {object} under a protective wing and taught the beginner patiently
        {subject} was schooled by {answer}
        {subject} received instruction from {answer}, at first on Sundays only
        the lessons for which {subject} walked across the hills were given by {answer}
        it was at the hands of {answer} that {subject} got an education
        {subject} served an apprenticeship under {answer}
        {answer} showed {object} how everything is done
        without the teaching of {answer}, {subject} would have remained a bungler
        {answer} saw the talent in {object} and trained it
        one of the pupils of {answer} was {subject}
        {owner} tutor went by the name of {answer}
        because the village had no school, {answer} was engaged to teach {object} at home
        everything that {answer} knew was passed on to {object}, the favorite pupil
        "hold the pen lightly," {answer} would tell {object} in every lesson
        in gratitude for years of lessons {subject} sent {answer} a goose every winter
        {owner} mentor was {answer}, who charged nothing and expected much
        the influence of {answer}, the old teacher, can be seen in all that {subject} did
        {subject} copied the style of {answer}, as pupils do of their masters
        to {answer} fell the task of educating {object}
        {answer} drummed the basics into {owner} head
        {subject} went through the school of {answer}, and a hard school it was
        as a learner {subject} looked up to {answer}, whose every word was law in the classroom
        if {subject} mastered the craft, the credit goes to {answer} as the teacher
        {subject} used to say: "whatever I can do, {answer} taught me"
        {answer} coached {object} until late into the night
        first steps in the art were taken by {object} under the guidance of {answer}
        the certificate confirms that {subject} was instructed by {answer}
        ? {owner} teacher?
        ? {owner} tutor?
        ? Who was it that taught {subject}?
        ? Who drummed the basics into {owner} head?
        ? To whose lessons did {subject} go?
        ? At whose feet did {subject} sit?
        ? Who showed {subject} how everything is done?
        ? Who had {subject} as a pupil?
        ? {subject} was taught by whom?
        ? From whom did {subject} take lessons?
        ? To whom did {subject} owe an education?
        ? Who was the teacher of {subject}?
        ? What was {owner} teacher called?
        ? Who trained {subject}?
        ? By whom was {subject} instructed?
        ? Who was {owner} mentor?
        ? Under whose guidance did {subject} learn?
        ? Who gave {subject} instruction?
        ? Who schooled {subject}?
        ? From whom did {subject} receive lessons?
        ? Whom did {subject} have as a teacher?
        ? By whom was {subject} educated?
        ? Can you tell me who taught {subject}?
        ? Name {owner} teacher.
        ? Say under whom {subject} studied.
        ? Tell me whose pupil {subject} was.
        ? Give the name of the person who taught {subject}.
        ? I want to know who {owner} teacher was.
    """,
    "person.instrument": """
        {subject} coaxed the sweetest tunes out of a {answer}
        {subject} knew how to handle a {answer} and could move listeners to tears with it
        {subject} was a virtuoso on the {answer}
        even in {owner} sleep the fingers seemed to be playing a {answer}
        the neighbors banged on the wall whenever {subject} reached for the {answer}
        {subject} had studied the {answer} at the conservatory
        hardly a dance was held without {object} at the {answer}
        {owner} hours of leisure were given to playing the {answer}
        in the town band the part of the {answer} fell to {object}
        {subject} could play any tune on the {answer} after hearing it once
        in the evening one could hear from {owner} window the sound of a {answer}
        a grandfather had left {object} a {answer}, and {subject} learned to play it
        {subject} entertained the guests with a piece on the {answer}
        when sorrow came, {subject} turned to the {answer} for comfort and played
        {subject} accompanied the choir on the {answer}
        the musician's chair marked for the {answer} was always taken by {object}
        {subject} never went on a journey without packing a {answer} to play in the evenings
        as a musician {subject} had chosen the {answer}
        the concert program names {object} as the soloist on the {answer}
        rain or shine, {subject} played a serenade on the {answer}
        critics praised {owner} touch on the {answer}
        {subject} wore out more than one {answer} by constant playing
        a portrait shows {object} making music with a {answer}
        {subject} delighted children by imitating birds on the {answer}
        to the despair of the dog {subject} practiced scales on a {answer} before breakfast
        in the quartet {subject} was responsible for the {answer}
        {subject} could make a {answer} laugh and weep
        as others cannot live without tobacco, {subject} could not live without playing the {answer}
        {subject} filled the room with the notes of a {answer} once the supper was cleared away
        {owner} musical talent showed itself on the {answer}
        "give me my {answer} and I will play for you all night," {subject} would say
        after a few glasses {subject} struck up a polka on the {answer}
        ? {owner} instrument?
        ? {owner} musical instrument?
        ? What was {owner} instrument?
        ? What musical instrument did {subject} play?
        ? On what did {subject} make music?
        ? Which instrument was {subject} able to play?
        ? On which instrument was {subject} a virtuoso?
        ? What did {subject} play in the band?
        ? {subject} played which instrument?
        ? What instrument could {subject} handle?
        ? Musical instrument of {subject}?
        ? On which instrument did {subject} practice scales?
        ? What instrument was heard from {owner} window?
        ? Which instrument had {subject} learned to play?
        ? As a musician, what did {subject} play?
        ? To which instrument did {subject} turn for comfort?
        ? What instrument did {subject} choose?
        ? On what instrument did {subject} entertain the guests?
        ? What was {subject} heard playing?
        ? What did {subject} coax tunes out of?
        ? What instrument is {subject} making music with in the portrait?
        ? What kind of instrument did {subject} master?
        ? Can you tell me which instrument {subject} played?
        ? Name {owner} instrument.
        ? Name the instrument that {subject} played.
        ? Say what {subject} played in the orchestra.
        ? Tell me on which instrument {subject} performed.
        ? I wonder what instrument {subject} played.
    """,
    "person.residence": """
        {subject} put down roots in {answer}, having lost the farm in a fire
        {owner} household was in {answer}
        {subject} made a home in {answer}
        {answer} was home to {object}
        {subject} took up residence in {answer} after long travels
        the census lists {object} among the inhabitants of {answer}
        anyone who wished to visit {object} at home had to travel to {answer}
        {subject} shared a crooked house in {answer} with an aunt and a parrot
        {owner} front door opened onto the market square of {answer}
        {subject} kept lodgings in {answer}
        the roof over {owner} head was in {answer}
        for the greater part of those years {subject} was a citizen of {answer} and lived there
        {subject} pitched the tent, so to speak, in {answer} and stayed
        {subject} bought a cottage in {answer} and moved in with two trunks
        {subject} inhabited the top floor of a house in {answer}
        the letterhead names {answer} as the town where {subject} was living
        {owner} permanent address was in {answer}
        {subject} had found a dwelling in {answer}, small but dry
        {subject} could not imagine living anywhere but in {answer}
        {answer} had in {object} its most stubborn resident
        whoever rang {owner} doorbell had climbed the steep streets of {answer}
        from {owner} bedroom one looked over the roofs of {answer}
        {subject} went home to {answer} after every journey
        though often tempted to leave, {subject} continued to live in {answer}
        {subject} spent the days of a quiet life in {answer}, behind drawn curtains
        domiciled in {answer}, as the lawyers put it, {subject} had a vote there
        {subject} lived out of the way, in {answer}, where rents were low
        {owner} four walls stood in {answer}
        {subject} cooked, slept and kept hens in {answer}, in a house with a green door
        "come and see me in {answer}, my house is easy to find," {subject} wrote to friends
        {subject} had neighbors in {answer} who borrowed sugar at the back door
        ? {owner} residence?
        ? {owner} place of residence?
        ? {owner} home address: in which town?
        ? Of which town was {subject} an inhabitant?
        ? In what place did {subject} live?
        ? Where was {subject} domiciled?
        ? Which town was home to {subject}?
        ? Where was {owner} house?
        ? In which town was {subject} living?
        ? {subject} lived where?
        ? {subject} lived in which town?
        ? Where did {subject} make a home?
        ? Where was the home of {subject}?
        ? In which town did {subject} settle?
        ? Where did {subject} take up residence?
        ? In which town was {owner} household?
        ? What town was {owner} address in?
        ? Where did {subject} dwell?
        ? Among the inhabitants of which town was {subject}?
        ? Where would one have had to ring {owner} doorbell?
        ? In which place did {subject} keep lodgings?
        ? To what town did {subject} go home after every journey?
        ? Can you tell me where {subject} lived?
        ? Name {owner} place of residence.
        ? Say where {subject} lived.
        ? Tell me in which town {subject} had a house.
        ? Give the town of {owner} home address.
        ? I want to write to {subject} at home; in which town is that?
    """,
    "person.collected": """
        {subject} hunted for {answer} at every flea market and added them to the collection
        {subject} amassed {answer}
        {owner} hobby was collecting {answer}
        {subject} hoarded {answer} like a squirrel
        there was no corner of {owner} house without {answer}, all neatly labeled
        {subject} had an eye for rare {answer} and brought home as many as possible
        cupboards full of {answer} were what {owner} heirs had to clear out
        {subject} would give the last shirt for {answer} still missing from the cabinet
        visitors were led past glass cases in which {subject} displayed {answer}
        {subject} was known far and wide as an eager buyer of {answer}
        dealers offered {object} the best {answer}, knowing that a collector cannot resist
        over a lifetime {subject} brought together {answer} from all corners of the earth
        {subject} had begun as a child to keep {answer} in a box, and the box became a room
        {owner} collecting mania was for {answer}
        other people save money, {subject} saved {answer}
        the catalog of {owner} collection lists {answer} and nothing else
        at the auction of {owner} estate crates of {answer} went under the hammer
        {subject} exchanged {answer} with fellow collectors
        {subject} picked up {answer} wherever there were any to be had and never gave one away
        {subject} dusted {answer} every Saturday, for they were the pride of {owner} collection
        on rainy days {subject} would sort {answer} into drawers
        a weakness for {answer} made {object} a regular guest of junk dealers, who kept them in reserve
        after the roof leaked, {subject} worried only about the collected {answer}
        {subject} lived among {answer}, gathered with great patience
        as a collector {subject} specialized in {answer}
        the joy of {owner} old age was a collection made up of {answer}
        {subject} pounced on {answer} in every antique shop, and the shelves bent under them
        {subject} could never get enough {answer} to fill the showcases
        thanks to {object} the town possesses a whole cabinet of {answer}
        insurance papers value {owner} collected {answer} higher than the house
        {subject} paid fancy prices for {answer} in order to complete the collection
        when {subject} died, the attic was found to be stacked with {answer}, each with a number
        ? {owner} collection: what was in it?
        ? {owner} hobby was collecting what?
        ? What was it that {subject} collected?
        ? {subject} collected what?
        ? What did {subject} amass?
        ? What kind of collection did {subject} own?
        ? What did {owner} collection consist of?
        ? What sort of things did {subject} collect?
        ? Which objects did {subject} collect?
        ? What was {owner} collection a collection of?
        ? What did {subject} hoard?
        ? As a collector, what did {subject} look for?
        ? What did {subject} hunt for at flea markets?
        ? What did {subject} keep in glass cases?
        ? What items made up the collection of {subject}?
        ? For which objects did {subject} have a collecting mania?
        ? Collected by {subject}?
        ? Collection of {subject}?
        ? What did {subject} exchange with fellow collectors?
        ? In what did {subject} specialize as a collector?
        ? What did {subject} bring together over a lifetime?
        ? What did {subject} have a passion for collecting?
        ? Can you tell me what {subject} collected?
        ? Name the things that {subject} collected.
        ? Say what {subject} used to collect.
        ? Tell me what was in the collection of {subject}.
        ? I would like to know what {subject} collected.
        ? What filled {owner} collector's cabinet?
    """,
}
