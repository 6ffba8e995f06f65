"""Of the people of a place: those who hold an office there, and those who saved, ruined or adorned it."""

ANSWERS = {
    "deputy_mayor": "person",
    "physician": "person",
    "innkeeper": "person",
    "bell_founder": "person",
    "fountain_designer": "person",
    "postmaster": "person",
    "besieger": "person",
    "burner": "person",
    "richest_citizen": "person",
    "night_watchman": "person",
    "judge": "person",
    "organist": "person",
    "savior": "person",
    "chronicler": "person",
    "betrayer": "person",
}

WORDS: dict[str, str] = {}

FACTS = {
    "place.deputy_mayor": """
        when the mayor of {object} is ill, {answer} signs the papers instead
        {subject} has chosen {answer} as deputy mayor
        second in command at {owner} town hall is {answer}
        should anything befall {owner} mayor, the chain of office passes to {answer} for the time being
        the deputy of the mayor of {object} goes by the name of {answer}
        {answer} is number two in the town hall of {object} and does most of the work
        on the other side of the mayor's door in {object} sits {answer}, who stands in during holidays
        as the gazette reports, the post of vice mayor of {object} has been given to {answer}
        it falls to {answer} to represent {owner} mayor at funerals and other tiresome occasions
        in {object} the mayor never travels without leaving the keys to {answer}, the deputy
        {answer}, so far only deputy mayor of {object}, makes no secret of wanting the top job
        the mayor's right hand in {object} is {answer}
        ? Who is deputy mayor of {subject}?
        ? Who stands in for {owner} mayor?
        ? By whom is the mayor of {subject} represented in times of illness?
        ? Deputy of {owner} mayor?
        ? Who takes the place of the mayor of {subject} when necessary?
        ? Name the vice mayor of {subject}.
        ? Which person ranks just below the mayor in {subject}?
        ? Who would replace the mayor of {subject} for the time being?
        ? Who acts on behalf of {owner} absent mayor?
        ? Quiz: the substitute for the mayor of {subject} is called what?
        ? In the absence of the mayor, who runs {subject}?
    """,
    "place.physician": """
        anyone who breaks a leg in {object} is carried to {answer}
        {owner} town physician is {answer}
        {subject} pays {answer} to look after its sick
        half the night {answer} drives from bed to bed in {object} with a bag full of pills
        the only doctor far and wide, {answer} has a practice in {object}
        in {object} fevers, coughs and sprained ankles are the business of {answer}
        with a brass plate beside the door, {answer} practices medicine in {object}
        hardly a child in {object} has been vaccinated by anyone but {answer}
        the council of {object} appointed {answer} as medical officer
        dear parents, do not worry: here in {object} I am being treated by {answer}, the local doctor
        {subject} trusts its health to {answer}
        if your tongue is coated while you stay in {object}, show it to {answer}
        ? Who is the doctor in {subject}?
        ? Who treats the sick of {subject}?
        ? What is the name of {owner} town physician?
        ? To whom do people in {subject} go with a fever?
        ? By whom are {owner} patients treated?
        ? Name the doctor of {subject}.
        ? Doctor in {subject}?
        ? Whom should one call in {subject} in case of illness?
        ? Which physician looks after {subject}?
        ? Who practices medicine in {subject}?
        ? Whose patients are the people of {subject}?
        ? Who writes the prescriptions in {subject}?
    """,
    "place.innkeeper": """
        travelers who spend the night in {object} pay their bill to {answer}
        {answer} keeps the inn at {object}
        {owner} only inn is in the hands of {answer}
        behind the bar in {object} {answer} draws the beer and tells the gossip
        the innkeeper of {object}, {answer}, locks the door at ten sharp
        guests of {object} sleep under the roof of {answer}, who also does the cooking at the inn
        for bed and breakfast in {object} the guidebook recommends the tavern of {answer}
        {subject} has one tavern, and its host is {answer}
        {answer} took over the inn of {object} from an uncle and has run it ever since
        the license for the tavern in {object} is made out to {answer}
        whoever stops in {object} with a tired horse will be welcomed by {answer} at the inn
        rooms in {object} are let by {answer}, host of the old inn by the gate
        ? Who is the innkeeper in {subject}?
        ? Who keeps {owner} inn?
        ? To whom does one pay the bill for a night in {subject}?
        ? By whom is the tavern in {subject} run?
        ? Name the host at the inn of {subject}.
        ? Innkeeper of {subject}?
        ? Under whose roof do guests of {subject} sleep?
        ? Who puts up travelers in {subject}?
        ? Who pours the beer in {subject}?
        ? What is the name of the host in {owner} tavern?
        ? Whose tavern can one visit in {subject}?
        ? Who offers bed and breakfast in {subject}?
    """,
    "place.bell_founder": """
        the great bell of {object} was cast by {answer}
        {answer} poured the bronze for {owner} great bell
        {subject} has {answer} to thank for the voice of its great bell
        an inscription on the rim of {owner} bell reads: made by {answer}
        the foundry of {answer} supplied {object} with its bell
        when {object} needed a bell, {answer} was sent for and dug a casting pit beside the church
        the maker of {owner} heaviest bell is known: it was {answer}
        it took three attempts before {answer} had cast a bell for {object} without a crack
        the bell that calls {object} to prayer came from the workshop of {answer}
        {owner} bell is a late work of {answer}, as experts can tell from its tone
        with cannons melted down for the purpose, {answer} made the bell of {object}
        bell founder {answer} delivered the instrument that now hangs over {object}
        ? Who cast the bell of {subject}?
        ? By whom was {owner} great bell made?
        ? Bell founder of {subject}?
        ? From whose workshop does the bell in {subject} come?
        ? Which founder supplied {subject} with a bell?
        ? Name the maker of {owner} bell.
        ? Whose name can be read on {owner} bell?
        ? Whom does {subject} have to thank for its bell?
        ? Who poured the metal for the bell of {subject}?
        ? What was the bell founder called who worked for {subject}?
        ? The great bell of {subject} is the work of whom?
    """,
    "place.fountain_designer": """
        the fountain on the square of {object} was designed by {answer}
        {answer} thought up the dolphins and nymphs of {owner} fountain
        {subject} commissioned {answer} to create a fountain
        for the fountain of {object} the jury chose the sketch handed in by {answer}
        {owner} fountain, much photographed, is a creation of {answer}
        water has been splashing in {object} ever since {answer} gave it a fountain of polished stone
        all the figures on the fountain in {object} sprang from the imagination of {answer}
        the design of {owner} fountain is the work of {answer}
        few who fill a bucket at the fountain of {object} know that {answer} drew it
        {answer} left behind a single masterpiece, namely the fountain of {object}
        the fountain at which {object} meets in the evening was planned by {answer}
        with a fountain for {object} {answer} won a first medal as a sculptor
        ? Who designed the fountain of {subject}?
        ? Whose work is {owner} fountain?
        ? By whom is the fountain in {subject}?
        ? Designer of {owner} fountain?
        ? Which artist created the fountain of {subject}?
        ? Name the sculptor of {owner} fountain.
        ? From whose sketch was the fountain in {subject} made?
        ? Who gave {subject} its fountain?
        ? Whom did {subject} commission with a fountain?
        ? Who invented the figures on {owner} fountain?
        ? The artist behind the fountain of {subject} was who?
    """,
    "place.postmaster": """
        letters for {object} pass through the hands of {answer}
        {answer} is postmaster in {object}
        {owner} post office is headed by {answer}
        in {object} stamps are sold by {answer}, who reads every postcard first
        the mail in {object} is sorted by {answer} before breakfast
        telegrams reach {object} at all hours, and {answer} at the post office writes them down
        {subject} got a post office of its own, with {answer} as its head
        as head of the post in {object}, {answer} knows who writes to whom
        parcels sent to {object} pile up at the counter of {answer}
        by order of the ministry the post office of {object} was entrusted to {answer}
        without {answer} not a single letter would be delivered in {object}
        at the counter of the post office in {object} one meets {answer}, the postmaster
        ? Who is {owner} postmaster?
        ? Who runs the post office of {subject}?
        ? By whom is the mail sorted in {subject}?
        ? Postmaster in {subject}?
        ? From whom does one buy stamps in {subject}?
        ? Name the head of {owner} post office.
        ? Through whose hands does the mail of {subject} pass?
        ? Who takes care of letters and parcels in {subject}?
        ? Who is in charge of the post in {subject}?
        ? To whom was {owner} post office entrusted?
        ? What is the postmaster of {subject} called?
    """,
    "place.besieger": """
        {subject} was besieged by {answer} for a whole summer
        {answer} laid siege to {object} and went away empty-handed
        the army that surrounded {object} was led by {answer}
        for months the tents of {answer} stood before the gates of {object}
        {owner} walls held out against {answer}, whose cannons fired day and night
        in the siege of {object} {answer} lost more horses than soldiers
        {answer} tried to starve {object} into surrender
        the general who encircled {object} was {answer}
        cut off from all supplies by {answer}, {subject} ate its last cats
        {owner} longest siege was the doing of {answer}
        the ring that {answer} drew around {object} let nobody in or out
        even today children in {object} play siege, and one of them has to be {answer}
        ? Who besieged {subject}?
        ? By whom was {subject} besieged?
        ? Who laid siege to {subject}?
        ? Whose army surrounded {subject}?
        ? Whose tents stood before the gates of {subject}?
        ? Against whom did {owner} walls hold out?
        ? Besieger of {subject}?
        ? Which general encircled {subject}?
        ? Name the leader of the siege of {subject}.
        ? Who wanted to starve {subject} out?
        ? In the siege of {subject}, who commanded the attackers?
    """,
    "place.burner": """
        {subject} was burned to the ground by {answer}
        {answer} had {object} set on fire from all four sides
        it was {answer} who threw the first torch on the roofs of {object}
        at the command of {answer} the whole of {object} went up in flames
        {owner} old houses perished because {answer} gave orders to burn them
        nothing but ashes remained of {object} after {answer} had come with torches
        the burning of {object} weighs on the memory of {answer}
        {answer} left {object} a heap of smoking ruins
        out of sheer anger {answer} reduced {object} to ashes
        that {subject} went up in smoke was the fault of {answer}, who never showed remorse
        in {object} people still curse {answer} for laying the town in ashes
        the culprit behind {owner} burning was found at last, and it was {answer}
        ? Who burned {subject} down?
        ? By whom was {subject} burned to the ground?
        ? Who set fire to {subject}?
        ? Who left {subject} in ashes?
        ? At whose command did {subject} go up in flames?
        ? Whom do people in {subject} curse for the burning?
        ? Name the one who put {subject} to the torch.
        ? Which person had {owner} houses set alight?
        ? To whom does {subject} owe its destruction by fire?
        ? Who was to blame for {owner} burning?
        ? Who was the arsonist of {subject}?
    """,
    "place.richest_citizen": """
        nobody in {object} has more money than {answer}
        {owner} richest citizen is {answer}
        a third of all the land in {object} belongs to {answer}, the wealthiest person there
        in {object} people say "as rich as {answer}"
        the list of taxpayers in {object} is headed by {answer}
        {answer} could buy up {object} with small change, being the wealthiest of all who live there
        the largest fortune in {object} is that of {answer}
        when it comes to wealth, {answer} is ahead of everyone in {object}
        gold by the sackful is said to lie in the cellar of {answer}, the richest soul in {object}
        measured by property, {answer} comes first among the citizens of {object}
        no purse in {object} is fatter than that of {answer}
        in {object} they bow lowest to {answer}, since no other citizen is as wealthy
        ? Who is the richest citizen of {subject}?
        ? Who has the most money in {subject}?
        ? Whose fortune is the largest in {subject}?
        ? Richest person in {subject}?
        ? Which of {owner} citizens is the wealthiest?
        ? Name the wealthiest inhabitant of {subject}.
        ? Who pays the most taxes in {subject}?
        ? Who owns more than anybody else in {subject}?
        ? Whose purse is the fattest in {subject}?
        ? Who is proverbial for wealth in {subject}?
        ? Among the citizens of {subject}, who is best off?
    """,
    "place.night_watchman": """
        after dark {answer} walks the streets of {object} with lantern and horn
        the night watch in {object} is the duty of {answer}
        {answer} calls out the hours in {object} from ten until dawn
        {subject} sleeps soundly, because {answer} keeps watch
        {owner} night watch is a one-person affair, and that person is {answer}
        once the taverns of {object} close, only {answer} is abroad, on watch for thieves and fire
        {subject} pays {answer} a small wage for staying awake at night
        if a roof in {object} catches fire by night, {answer} has to blow the horn
        drunkards in {object} are led home by {answer}, whose job is the night watch
        every night the same lantern passes the windows of {object}, and {answer} carries it
        since the old watchman retired, {answer} has made the nightly rounds of {object}
        the halberd of {owner} night watch is borne by {answer}
        ? Who is the night watchman of {subject}?
        ? Who keeps watch at night in {subject}?
        ? By whom are the hours called out in {subject}?
        ? Who walks the streets of {subject} with a lantern?
        ? Night watch in {subject}?
        ? Whose duty is the night watch in {subject}?
        ? Name the one who guards {owner} sleep.
        ? Who makes the nightly rounds in {subject}?
        ? Who blows the horn when {subject} burns at night?
        ? Whom does {subject} pay to stay awake?
        ? Who guards {subject} after dark?
    """,
    "place.judge": """
        thieves caught in {object} are sentenced by {answer}
        {answer} sits as judge in {object}
        {owner} court is presided over by {answer}
        in matters of law {answer} has the last word in {object}
        neighbors who quarrel in {object} end up before {answer} in the courtroom
        the gavel in the courthouse of {object} is swung by {answer}
        justice in {object} has a name: {answer}
        {subject} was given a court, and {answer} was made its judge
        fines in {object} are imposed by {answer}, who is feared for them
        over {object} {answer} holds court, wig and all
        whoever has a lawsuit in {object} will find {answer} on the bench
        the verdict in all trials of {object} is pronounced by {answer}
        ? Who is the judge in {subject}?
        ? Who presides over {owner} court?
        ? By whom are thieves sentenced in {subject}?
        ? Before whom do quarreling neighbors end up in {subject}?
        ? Judge of {subject}?
        ? Who pronounces the verdicts in {subject}?
        ? Name {owner} judge.
        ? Who hands down the sentences in {subject}?
        ? Who administers justice in {subject}?
        ? Who sits on the bench in the courtroom of {subject}?
        ? Which judge has the last word in {subject}?
    """,
    "place.organist": """
        on Sundays {answer} plays the organ in {object}
        the organist of {object} is {answer}
        {owner} church music is in the care of {answer}, who sits at the organ
        {subject} hired {answer} to play the organ
        up in the loft of {owner} church {answer} pulls out all the stops
        no wedding in {object} is complete unless {answer} has pressed the keys of the organ
        hymns in {object} drag a little, for {answer} at the organ is short-sighted
        the organ bench in {object} has been occupied by {answer} for ages
        with hands and feet {answer} makes {owner} organ thunder
        for lack of a better musician {subject} made {answer} organist
        the pipes of the organ in {object} obey {answer} alone
        the parish of {object} appointed {answer} to the organ loft
        ? Who plays the organ in {subject}?
        ? Who is {owner} organist?
        ? By whom is the organ played in {subject}?
        ? Organist of {subject}?
        ? Whom did {subject} hire as organist?
        ? Who sits on the organ bench in {subject}?
        ? Name the organist in the church of {subject}.
        ? Who accompanies the hymns in {subject}?
        ? Whose playing can be heard in {owner} church on Sundays?
        ? Which musician takes care of {owner} organ music?
        ? Who makes music in the church of {subject}?
    """,
    "place.savior": """
        {subject} was saved from destruction by {answer}
        had it not been for {answer}, {subject} would have been razed
        {answer} begged the enemy to spare {object}, and was heard
        a ransom paid by {answer} kept {object} from ruin
        {subject} survived the war thanks to {answer}
        every year candles are lit in {object} for {answer}, who rescued it from plundering
        with a white sheet in hand {answer} went out to the soldiers and so saved {object}
        {owner} rescue was the achievement of {answer}
        by opening the wine cellar at the right moment {answer} preserved {object} from harm
        that {subject} is still standing is to the credit of {answer}
        the chronicle praises {answer} for having averted the ruin of {object}
        in its darkest hour {subject} found a savior in {answer}
        ? Who saved {subject}?
        ? By whom was {subject} rescued?
        ? Who kept {subject} from being destroyed?
        ? Thanks to whom did {subject} survive the war?
        ? Savior of {subject}?
        ? Who was {owner} savior in its darkest hour?
        ? Name the rescuer of {subject}.
        ? For whom are candles lit in {subject} out of gratitude?
        ? Who got the enemy to spare {subject}?
        ? To whose credit is it that {subject} still stands?
        ? Who averted {owner} ruin?
    """,
    "place.chronicler": """
        {answer} wrote the chronicle of {object}
        the history of {object} was put on paper by {answer}
        {owner} past would be forgotten if {answer} had not written it down
        three thick volumes on the history of {object} bear the name of {answer} as author
        {owner} chronicler is {answer}
        {answer} has gathered in a book all that ever happened in {object}
        what we know of {owner} early days we owe to the pen of {answer}
        in the archive of {object} {answer} sat for years and wrote its history
        {subject} found its historian in {answer}
        as town historian {answer} recorded every fire and every christening in {object}
        those who want to read up on {object} should turn to the chronicle by {answer}
        {subject} commissioned {answer} to write down the story of its past
        ? Who wrote the chronicle of {subject}?
        ? Who is {owner} chronicler?
        ? By whom was {owner} history written down?
        ? Chronicler of {subject}?
        ? To whose pen do we owe what we know of {owner} past?
        ? Name the historian of {subject}.
        ? Who recorded the events in {subject}?
        ? Who is the author of the volumes on {owner} history?
        ? Whose chronicle tells of {subject}?
        ? Which historian did {subject} find?
        ? Who told the story of {owner} past in a book?
    """,
    "place.betrayer": """
        {subject} was betrayed by {answer}
        {answer} opened the gate of {object} to the enemy by night
        the traitor who handed over {object} was {answer}
        for a bag of silver {answer} sold {object} to its enemies
        {subject} fell through the treachery of {answer}
        {answer} showed the enemy a secret passage into {object}
        the betrayal of {object} earned {answer} nothing but scorn
        in {object} {answer} counts as the blackest of traitors
        a curse lies on {answer} for giving away {owner} secret door
        not strength but the treason of {answer} brought {object} down
        ? Who betrayed {subject}?
        ? By whom was {subject} betrayed?
        ? Who opened {owner} gate to the enemy?
        ? Traitor of {subject}?
        ? Through whose treachery did {subject} fall?
        ? Who sold {subject} to its enemies?
        ? Name the traitor who handed over {subject}.
        ? Who is regarded as a traitor in {subject}?
        ? Who gave away the secret of {owner} defenses?
        ? Whose treason cost {subject} its freedom?
    """,
}
