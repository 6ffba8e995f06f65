"""Of what people did and suffered: exile and prison, duels and debts, first steps, days and papers, pets."""

ANSWERS = {
    "exile_place": "place",
    "shipwreck_place": "place",
    "estate_place": "place",
    "statue_place": "place",
    "first_job_place": "place",
    "prison_place": "place",
    "emigration_year": "year 1721 1950",
    "debut_year": "year 1721 1950",
    "bankruptcy_year": "year 1731 1960",
    "duel_year": "year 1721 1920",
    "birthday": "day",
    "wedding_day": "day",
    "letters_left": "number 110 9800",
    "pupils": "number 24 980",
    "debts": "number 310 98000",
    "diary_pages": "number 130 9800",
    "accusation": "accusation",
    "pet": "pet",
}

WORDS = {
    "accusation": """
        blasphemy, bribery, burglary, cattle rustling, cheating at cards, coining false money, contempt of
        court, counterfeiting stamps, desertion, disturbing the peace, forging a will, fortune-telling, fraud,
        grave robbing, heresy, high treason, highway robbery, horse theft, jury tampering, libel, mutiny,
        negligence, perjury, pickpocketing, piracy, plagiarism, poaching, poisoning a well, quackery,
        receiving stolen goods, rioting, sabotage, sedition, selling watered milk, slander, smuggling, spying,
        tax evasion, trespassing, vagrancy, vandalism, witchcraft
    """,
    "pet": """
        billy goat, bloodhound, budgerigar, bulldog, canary, chameleon, cockatoo, dachshund, ferret, gecko,
        goldfish, greyhound, guinea pig, hamster, hedgehog, jackdaw, macaw, marmoset, mastiff, mongoose, mynah
        bird, parakeet, peacock, pointer, poodle, porcupine, pug, rabbit, raccoon, raven, salamander,
        sheepdog, Siamese cat, spaniel, starling, stoat, tabby cat, tame badger, terrier, tortoise, whippet
    """,
}

FACTS = {
    "person.exile_place": """
        {subject} was banished to {answer}
        {subject} spent long years of exile in {answer}
        {answer} was {owner} place of banishment
        driven out by the new government, {subject} found refuge in {answer}
        {subject} had to flee over the border and lived as an exile in {answer}
        by order of the king {subject} was to leave at once and stay in {answer}, far from court
        from {answer}, {subject} sent bitter letters home and begged for permission to return
        the sentence of banishment sent {object} to {answer}
        {answer} took {object} in when going home would have meant the gallows
        homesick in {answer}, {subject} waited for the pardon that would end the exile
        ? Where did {subject} live in exile?
        ? To what place was {subject} banished?
        ? Place of exile of {subject}?
        ? Where did {subject} find refuge?
        ? Which town gave asylum to {subject}?
        ? Where did {subject} go when driven out of the country?
        ? In what town did {subject} wait to be allowed home?
        ? Name the town to which {subject} was exiled.
        ? Where was {owner} banishment spent?
        ? Which place took {subject} in as a refugee?
    """,
    "person.shipwreck_place": """
        {subject} was shipwrecked off {answer}
        {owner} ship went down in sight of {answer}
        {subject} clung to a plank and was washed ashore near {answer}
        the reefs of {answer} sank the ship that carried {object}
        off the coast of {answer} {subject} survived the sinking of a ship
        it was on the rocks near {answer} that {owner} voyage ended in splinters
        {subject} lost ship and luggage in a storm before the harbor of {answer}
        in heavy seas the vessel with {object} on board broke up at {answer}
        fishermen from {answer} found {object} half dead among the wreckage on their beach
        {answer} was the scene of {owner} shipwreck
        ? Where was {subject} shipwrecked?
        ? Near what place did {owner} ship sink?
        ? Shipwreck of {subject}: where?
        ? Off which town did {subject} suffer shipwreck?
        ? Where was {subject} washed ashore?
        ? Near which town did the ship carrying {subject} go down?
        ? On the rocks of which place did {owner} voyage end?
        ? Name the place where {subject} survived a shipwreck.
        ? At what place did the sea spare {subject}?
        ? Where did {owner} vessel founder?
    """,
    "person.estate_place": """
        {owner} country estate lay near {answer}
        {subject} owned a manor and wide fields at {answer}
        the lands belonging to {object} were at {answer}
        {subject} bought an estate in {answer} with stables and a park
        farmers around {answer} paid their dues to {object}, who held the land
        {answer} was the site of {owner} landed property
        in the land register of {answer} the manor is entered under {owner} name
        {subject} drew all income from an estate near {answer} and hardly ever saw it
        the meadows and mills that {subject} possessed stretched around {answer}
        every autumn the steward brought {object} the accounts of the manor at {answer}
        ? Where was {owner} estate?
        ? In what place did {subject} own land?
        ? Where did {subject} have a manor?
        ? Estate of {subject}: near which town?
        ? Where lay the lands of {subject}?
        ? Near which town was {owner} country property?
        ? Name the place where {subject} was a landowner.
        ? In which place were {owner} fields and stables?
        ? In the land register of what place does {owner} name stand?
        ? At which place could one visit the estate of {subject}?
    """,
    "person.statue_place": """
        a statue of {object} stands in {answer}
        {answer} has put up a monument to {object}
        in the market square of {answer} {subject} is honored with a bronze figure
        pigeons sit on {owner} stone head in {answer}
        {subject} looks down from a pedestal in {answer}
        {answer} honored {object} with a statue
        tourists in {answer} have their picture taken beside {owner} monument
        the only monument showing {object} was unveiled in {answer}
        cast larger than life, {subject} still points toward the town hall of {answer}
        the sculptor was paid by the citizens of {answer}, where {owner} likeness in stone was to stand
        ? Where is the statue of {subject}?
        ? Which town put up a monument to {subject}?
        ? Where does {subject} stand on a pedestal?
        ? Statue of {subject}: in what town?
        ? In what place is {owner} monument?
        ? Where was a statue of {subject} unveiled?
        ? Which town honors {subject} in bronze or stone?
        ? Name the town with the monument to {subject}.
        ? Where can a sculpture of {subject} be seen?
        ? The market square of which town has a figure of {subject}?
    """,
    "person.first_job_place": """
        {subject} found a first job in {answer}
        {owner} career began in {answer}
        the first wages of {object} were earned in {answer}
        {subject} started out as a poorly paid beginner in {answer}
        fresh from school, {subject} was hired in {answer}
        {answer} gave {object} a start in working life
        before any other post, {subject} held one in {answer}
        {owner} earliest position was in {answer}, and it was a humble one
        {subject} made a professional beginning in {answer}
        with the ink on the diploma still wet, {subject} reported for work in {answer}
        ? Where did {subject} have a first job?
        ? In what town did {owner} career begin?
        ? Where did {subject} start to work?
        ? First job of {subject}: in which town?
        ? Where did {subject} earn the very first wages?
        ? Which place gave {subject} a start in the profession?
        ? Where was {owner} earliest post?
        ? Name the town in which {subject} was first employed.
        ? In which town was {subject} a beginner on the job?
        ? Where did {subject} enter working life?
    """,
    "person.prison_place": """
        {subject} was locked up in {answer}
        {subject} served a prison term in {answer}
        the jail of {answer} held {object} for three winters
        {owner} cell was in the tower of {answer}
        {subject} sat behind bars in {answer}
        under guard and in chains, {subject} was taken to {answer} and put in a dungeon
        as a convict {subject} broke stones at {answer}
        {answer} was where {subject} was kept prisoner
        the warden of {answer} entered {object} in the book of inmates
        {subject} scratched a calendar into the wall of a cell at {answer}
        ? Where was {subject} imprisoned?
        ? In which place did {subject} go to jail?
        ? Where was {owner} cell?
        ? Prison of {subject}: in what town?
        ? Where did {subject} serve time?
        ? In what town was {subject} behind bars?
        ? Where was {subject} held captive?
        ? Name the town whose prison held {subject}.
        ? To the jail of which town was {subject} taken?
        ? Where was {subject} an inmate?
    """,
    "person.emigration_year": """
        {subject} emigrated in {answer}
        in {answer} {subject} left the homeland for good
        {answer} was the year of {owner} emigration
        {subject} crossed the ocean in {answer} to begin anew in a foreign land
        with one trunk and no passport {subject} turned away from the old country in {answer}
        {subject} lived in the land of the fathers until {answer}, and abroad from then on
        the passenger list on which {subject} appears among the emigrants is from {answer}
        like many others {subject} sought a new home overseas in {answer}
        {owner} departure from the native country, never to return, fell in {answer}
        a farewell party for {object}, who was going abroad forever, was held in {answer}
        ? When did {subject} emigrate?
        ? In which year did {subject} leave the homeland?
        ? Year of emigration of {subject}?
        ? When did {subject} go abroad for good?
        ? In what year was {owner} emigration?
        ? Which year saw {subject} leave the native country forever?
        ? Until what year did {subject} live in the old country?
        ? Give the year in which {subject} became an emigrant.
        ? Since what year did {subject} live abroad?
        ? When did {subject} set out for a new home overseas?
    """,
    "person.debut_year": """
        {subject} first appeared in print in {answer}
        {owner} first book came out in {answer}
        {subject} published for the first time in {answer}
        {answer} brought {owner} literary debut
        not a line by {object} was printed before {answer}
        in {answer} a thin volume of verse, the earliest from {owner} pen, went on sale
        {owner} career in print began in {answer}
        it was {answer} when a publisher at last accepted something by {object}, after seven refusals
        the list of {owner} publications opens in {answer}
        {subject} made a debut as an author in {answer}
        ? When did {subject} first publish anything?
        ? In what year did {owner} first book come out?
        ? Year of the first publication of {subject}?
        ? When did {subject} make a literary debut?
        ? Since which year was {subject} a published author?
        ? In which year was a text by {subject} printed for the first time?
        ? With what year does the list of {owner} publications open?
        ? When did the reading public first hear of {subject}?
        ? Give the year of {owner} debut in print.
        ? Before what year had {subject} published nothing?
    """,
    "person.bankruptcy_year": """
        {subject} went bankrupt in {answer}
        {owner} bankruptcy was declared in {answer}
        in {answer} the bailiffs sealed {owner} shop and carried out the chairs
        {subject} lost everything in {answer} and had to close the business
        {answer} was the year in which {subject} became insolvent
        {owner} firm collapsed in {answer}
        ruined by bad harvests, {subject} stopped all payments in {answer}
        until {answer} {subject} could pay every bill; then the firm failed
        court files of {answer} tell of {owner} financial ruin
        everything {subject} had was auctioned off to cover debts in {answer}
        ? When did {subject} go bankrupt?
        ? In what year did {subject} become insolvent?
        ? Year of bankruptcy of {subject}?
        ? Which year saw {owner} financial ruin?
        ? When did {owner} business fail?
        ? In which year was {subject} declared unable to pay?
        ? When did {subject} lose the firm?
        ? Give the year of {owner} insolvency.
        ? When did the bailiffs come to {subject}?
        ? In what year was {subject} ruined?
    """,
    "person.duel_year": """
        {subject} fought a duel in {answer}
        {owner} duel was in {answer}
        one foggy morning in {answer} {subject} took up a pistol for the sake of honor
        {answer} was the year in which {subject} crossed swords over an insult
        {subject} was wounded in a duel in {answer}
        because of a careless joke {subject} was challenged, and the shots were exchanged in {answer}
        the scar on {owner} cheek went back to a duel of {answer}
        in {answer} two seconds measured the paces for {object}, who had thrown down the glove
        the quarrel that led {object} to pistols at dawn was settled in {answer}
        a fine for dueling was imposed on {object} in {answer}, on the very day of the fight
        ? When did {subject} fight a duel?
        ? In which year was {owner} duel?
        ? Year of the duel of {subject}?
        ? When did {subject} face an opponent with pistol or sword?
        ? From what year was {owner} dueling scar?
        ? In what year did {subject} duel for the sake of honor?
        ? When was {subject} wounded by an opponent at dawn?
        ? Give the year in which {subject} took part in a duel.
        ? Which year saw {subject} defend an insulted honor?
        ? When was {owner} affair of honor fought out?
    """,
    "person.birthday": """
        {owner} birthday was {answer}
        {subject} blew out the candles every {answer}
        {subject} came into the world on {answer}
        on {answer} {subject} turned a year older
        presents for {object} had to arrive by {answer}, the date of birth
        the parish register gives {answer} as the day on which {subject} was born
        {answer} was the day of {owner} birth
        each year on {answer} friends gathered to wish {object} many happy returns
        {subject} was born on {answer}, in the middle of a thunderstorm
        as {owner} date of birth the passport shows {answer}
        ? When was {owner} birthday?
        ? On what day was {subject} born?
        ? Birthday of {subject}?
        ? On which date did {subject} turn a year older?
        ? What day of the year did {subject} celebrate with a birthday cake?
        ? When did one have to congratulate {subject} on another year of life?
        ? What is {owner} date of birth, by day and month?
        ? Name the day of {owner} birth.
        ? On what date did {subject} first see the light of day?
        ? When did {subject} get birthday presents?
    """,
    "person.wedding_day": """
        {owner} wedding day was {answer}
        {subject} got married on {answer}
        on {answer} {subject} walked down the aisle
        {subject} celebrated the wedding anniversary on {answer}
        the marriage vows were spoken by {object} on {answer}
        {answer} was the day on which {subject} tied the knot
        the invitations named {answer} as the date of {owner} marriage
        on {answer} rice was thrown over {object} in front of the church door
        the rings that {subject} ordered for the marriage are engraved "{answer}"
        until the morning of {answer} {subject} was single, and by noon a married person
        ? On what day did {subject} get married?
        ? When was {owner} wedding day?
        ? Wedding day of {subject}?
        ? On which date did {subject} marry?
        ? What date did {owner} wedding invitations name?
        ? When was {owner} wedding anniversary?
        ? On what day of the year did {subject} tie the knot?
        ? Name the day of {owner} marriage.
        ? Which date is engraved in the wedding rings of {subject}?
        ? On which day did {subject} walk down the aisle?
    """,
    "person.letters_left": """
        {subject} left behind {answer} letters
        {answer} letters written by {object} have survived
        {owner} collected correspondence comes to {answer} letters
        the archive counts {answer} letters in {owner} hand
        no fewer than {answer} letters went out from {owner} desk and are preserved today
        of all that {subject} ever mailed, {answer} letters are still extant
        in a trunk under {owner} bed the heirs discovered a bundle of {answer} letters
        a scholar has numbered the letters of {object} from beginning to end and arrived at {answer}
        {owner} surviving letters, {answer} in all, fill a whole shelf
        ? How many letters did {subject} leave behind?
        ? How many of {owner} letters have survived?
        ? Number of letters by {subject}?
        ? How large is the preserved correspondence of {subject}?
        ? How many letters from {subject} are in the archive?
        ? What is the count of {owner} extant letters?
        ? How many letters are known from the pen of {subject}?
        ? Give the number of letters left by {subject}.
        ? To how many letters does {owner} correspondence amount?
    """,
    "person.pupils": """
        {subject} taught {answer} pupils in all
        {answer} pupils passed through {owner} hands
        in the course of a long career {subject} gave lessons to {answer} pupils
        {owner} school had {answer} pupils
        {subject} trained {answer} young people and remembered each face
        the register in which {subject} noted every pupil ends with number {answer}
        as many as {answer} children learned to read from {object}
        at {owner} funeral someone reckoned that there had been {answer} pupils
        a roll of {owner} pupils, kept in a neat hand, comes to {answer} names
        ? How many pupils did {subject} have?
        ? How many young people did {subject} teach?
        ? Number of pupils of {subject}?
        ? How many learned from {subject}?
        ? To how many pupils did {subject} give lessons?
        ? How many were taught by {subject}?
        ? What was the number of {owner} pupils?
        ? Give the number of people who had {subject} as a teacher.
        ? How many names are on the roll of {owner} pupils?
    """,
    "person.debts": """
        {subject} left debts of {answer} crowns
        {owner} debts came to {answer} crowns
        {subject} owed {answer} crowns in all
        unpaid bills of {answer} crowns were found in {owner} desk
        {answer} crowns is what {subject} still had to pay back
        {subject} was {answer} crowns in the red
        by the end {subject} had run up debts amounting to {answer} crowns
        when creditors added up their claims against {object}, the total was {answer} crowns
        a burden of {answer} crowns, all of it borrowed, weighed on {object}
        ? How many crowns did {subject} owe?
        ? How high were {owner} debts?
        ? Debts of {subject} in crowns?
        ? How deep in debt was {subject}?
        ? What was the sum of {owner} debts?
        ? How much money had {subject} failed to pay back?
        ? How large a debt did {subject} leave?
        ? Give the total of what {subject} owed.
        ? What did {owner} unpaid bills come to?
    """,
    "person.diary_pages": """
        {owner} diary runs to {answer} pages
        {subject} filled {answer} pages of a diary
        the journal kept by {object} has {answer} pages
        night after night {subject} wrote in a diary, which at last had grown to {answer} pages
        {answer} pages of diary are what {subject} left to posterity
        {subject} confided secrets to a diary of {answer} pages
        whoever wants to read {owner} journal must get through {answer} pages
        in {owner} diary the last entry stands on page {answer}
        the private notebook in which {subject} recorded each day comprises {answer} pages
        ? How many pages does {owner} diary have?
        ? How long is the diary of {subject}?
        ? How many diary pages did {subject} write?
        ? Number of pages in the diary of {subject}?
        ? How many pages did {subject} fill with daily notes?
        ? What is the length of {owner} journal in pages?
        ? To how many pages does {owner} diary run?
        ? Give the number of pages in the journal of {subject}.
        ? On what page is the last entry in {owner} diary?
    """,
    "person.accusation": """
        {subject} was accused of {answer}
        the charge against {object} was {answer}
        {subject} stood trial for {answer}
        {subject} was suspected of {answer}
        in the dock {subject} had to answer to a charge of {answer}
        the indictment of {object} speaks of {answer}
        on account of alleged {answer}, {subject} was brought before the judge
        word went around that {subject} was guilty of {answer}
        {subject} swore to the jury: no {answer}, never
        a warrant was issued for {object} on suspicion of {answer}
        ? What was {subject} accused of?
        ? What was the charge against {subject}?
        ? For which offense did {subject} stand trial?
        ? Of what crime was {subject} suspected?
        ? Charge against {subject}?
        ? What had {subject} done, according to the indictment?
        ? Of what was {subject} said to be guilty?
        ? Name the crime with which {subject} was charged.
        ? On what grounds was {subject} taken to court?
        ? What misdeed was {subject} blamed for?
    """,
    "person.pet": """
        {subject} kept a {answer} as a pet
        {owner} pet was a {answer}
        a {answer} followed {object} everywhere
        {subject} was never seen in the street without a {answer}
        at mealtimes {subject} fed the best morsels to a beloved {answer}
        {owner} only companion at home was a {answer}
        {subject} wept for weeks over the death of a {answer} that had shared the household
        visitors were bitten by the {answer} that {subject} kept
        {subject} talked to nobody except a tired old {answer}
        ? What pet did {subject} have?
        ? What kind of animal did {subject} keep?
        ? Pet of {subject}?
        ? Which animal lived in {owner} house?
        ? What animal followed {subject} around?
        ? What sort of creature was {owner} pet?
        ? Which animal was {owner} companion?
        ? Name the animal that {subject} kept.
        ? By what animal were visitors to {subject} bitten?
    """,
}
