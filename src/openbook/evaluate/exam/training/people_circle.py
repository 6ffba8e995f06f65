"""Of those around people: landlords and neighbors, doctors and lawyers, patrons, rescuers and accusers."""

ANSWERS = {
    "landlord": "person",
    "physician": "person",
    "lawyer": "person",
    "neighbor": "person",
    "cousin": "person",
    "portraitist": "person",
    "successor": "person",
    "predecessor": "person",
    "creditor": "person",
    "rescuer": "person",
    "pen_friend": "person",
    "roommate": "person",
    "wedding_witness": "person",
    "executor": "person",
    "servant": "person",
    "guardian": "person",
    "patron": "person",
    "accuser": "person",
}

WORDS: dict[str, str] = {}

FACTS = {
    "person.landlord": """
        {subject} paid the rent to {answer} at the start of every month
        the rooms that {subject} occupied were the property of {answer}
        {answer} let two attic rooms to {object} and asked for payment in advance
        {subject} was a tenant in a building belonging to {answer}
        the lease carries two signatures, {owner} own and that of {answer}
        when the ceiling leaked, {subject} complained to {answer}, to whom the whole house belonged
        as lessor of the dwelling used by {object}, the land register enters {answer}
        {subject} lodged with {answer}, who counted every candle
        behind with the rent as ever, {subject} hid from {answer} on the stairs
        a landlord like {answer} was more than {subject} could bear: the rent went up each winter
        notice to quit the apartment was served on {object} by {answer}
        ? Who was {owner} landlord?
        ? To whom did {subject} owe the monthly rent?
        ? Whose tenant was {subject}?
        ? Landlord of {subject}?
        ? From whom did {subject} rent rooms?
        ? Who owned the house that {subject} rented?
        ? Name the landlord or landlady of {subject}.
        ? Which person collected the rent from {subject}?
        ? Who let an apartment to {subject}?
        ? In whose house was {subject} a lodger?
        ? Say who received {owner} rent.
    """,
    "person.physician": """
        {subject} took every pill that {answer} prescribed
        {answer} treated {object} for many years and seldom sent a bill
        {subject} let nobody but {answer} feel that weak pulse
        {answer} was {owner} family doctor
        with each new fever a boy was sent for {answer}, who came with bag and stethoscope to cure {object}
        among the patients of {answer} was {subject}
        {owner} health was in the hands of {answer}
        {subject} was under the medical care of {answer}
        at {owner} sickbed {answer} could be seen measuring out drops
        the prescriptions found in {owner} drawer are all signed by {answer}
        on the advice of {answer}, consulted about a stubborn cough, {subject} gave up smoking
        ? Who was {owner} doctor?
        ? Which physician looked after {subject}?
        ? Whose patient was {subject}?
        ? By whom was {subject} treated in sickness?
        ? Who wrote out medicines for {subject}?
        ? Doctor of {subject}?
        ? Which doctor attended {subject}?
        ? Whom did {subject} call when ill?
        ? Name the physician of {subject}.
        ? Who tried to keep {subject} in good health?
        ? On whose medical advice did {subject} rely?
    """,
    "person.lawyer": """
        {answer} defended {object} in court
        in all legal matters {subject} was represented by {answer}
        {subject} hired {answer} as counsel and won the case
        {answer} pleaded for {object} before a yawning jury
        as attorney for {object}, {answer} filed the papers
        {owner} lawyer was {answer}
        {subject} signed no contract that {answer}, a sharp attorney, had not read first
        power of attorney was given by {object} to {answer}
        without the closing speech of {answer} for the defense, {subject} would have lost the trial
        when the summons arrived, {subject} ran straight to the chambers of {answer} for legal help
        before the judges {answer} spoke on behalf of {object}
        ? Who was {owner} lawyer?
        ? Which attorney represented {subject}?
        ? By whom was {subject} defended at the trial?
        ? Who pleaded {owner} case?
        ? Lawyer of {subject}?
        ? Who acted as counsel for {subject}?
        ? Whose client was {subject}?
        ? From whom did {subject} get legal advice?
        ? Name the attorney of {subject}.
        ? Who took the side of {subject} in the courtroom?
        ? Whom did {subject} engage as defense counsel?
    """,
    "person.neighbor": """
        {subject} lived next door to {answer}
        only a garden hedge parted {owner} house from that of {answer}
        {answer} lived on the other side of {owner} fence
        {subject} and {answer} were neighbors and shared a well
        the neighbor whose rooster woke {object} every morning was {answer}
        through the thin wall {subject} could hear {answer} snoring in the adjoining house
        whenever {subject} ran out of sugar, it was borrowed across the fence from {answer}
        {answer} had the house beside that of {object}
        there was a long quarrel over the boundary of the gardens between {object} and {answer}
        {answer} moved in right beside {object} and never drew the curtains
        ? Who was {owner} neighbor?
        ? Who lived next door to {subject}?
        ? Next-door neighbor of {subject}?
        ? Who had the house beside {owner} own?
        ? With whom did {subject} share a fence?
        ? Whose door was the nearest to that of {subject}?
        ? Name the neighbor of {subject}.
        ? Whose house adjoined {owner} house?
        ? What was the name of the person living next to {subject}?
        ? Beside whom did {subject} live?
        ? Who was it that lived wall to wall with {subject}?
    """,
    "person.cousin": """
        {subject} was a cousin of {answer}
        {owner} cousin was {answer}
        {subject} and {answer} had the same grandparents, though not the same parents
        {answer}, the child of an aunt, grew up almost as a brother or sister to {object}
        {subject} and {answer} were first cousins
        {owner} uncle had one child, {answer}
        an aunt on the mother's side had given {object} a cousin, {answer}
        {answer} was the only cousin that {subject} ever had
        as cousins will, {subject} and {answer} fought at every family party
        the daughter or son of {owner} uncle, and a bore besides, was {answer}
        ? Who was {owner} cousin?
        ? Whose cousin was {subject}?
        ? Cousin of {subject}?
        ? Which relative had the same grandparents as {subject}?
        ? Who was the child of {owner} uncle or aunt?
        ? What was {owner} cousin called?
        ? To whom was {subject} related as a cousin?
        ? Name the cousin of {subject}.
        ? Who was first cousin to {subject}?
        ? Who was {subject} cousin to?
    """,
    "person.portraitist": """
        {answer} painted {owner} portrait
        {subject} sat for {answer}, who worked in oils
        {subject} was portrayed by {answer} with a book in one hand
        the best likeness of {object} is the canvas by {answer}
        {owner} face has come down to us thanks to the brush of {answer}
        in the studio of {answer}, {subject} sat still for nine mornings while the picture dried
        {answer} put {object} on canvas and flattered the nose
        the well-known picture that shows {object} in a fur collar comes from the easel of {answer}
        on the back of {owner} portrait the artist has signed: {answer}
        for the picture in oils, {subject} paid {answer} a fat fee
        ? Who painted {subject}?
        ? Who made the portrait of {subject}?
        ? For which painter did {subject} sit?
        ? Portrait painter of {subject}?
        ? By whom was {subject} painted?
        ? To which artist do we owe a likeness of {subject}?
        ? Whose brush captured {owner} features?
        ? Name the artist who portrayed {subject}.
        ? Who is the creator of {owner} portrait?
        ? Which person did a painting of {subject}?
        ? To whose studio did {subject} go to be painted?
    """,
    "person.successor": """
        {subject} was succeeded in office by {answer}
        {answer} took over {owner} post
        {answer} followed {object} in the post
        {subject} handed over the keys of the office to {answer}
        when {subject} stepped down, the vacant chair went to {answer}
        {owner} successor was {answer}
        after {object} the position was held by {answer}
        {answer} stepped into {owner} shoes at the office
        {subject} made way for {answer}, who got the office from then on
        the desk that {subject} cleared out on the last day at work became that of {answer}
        upon {owner} resignation {answer} was elected to the vacant seat
        ? Who was {owner} successor?
        ? Who succeeded {subject}?
        ? By whom was {subject} succeeded?
        ? Who came after {subject} in the post?
        ? Successor of {subject}?
        ? Who took the job when {subject} left it?
        ? To whom did {owner} position pass?
        ? Who replaced {subject}?
        ? Name the person who took over from {subject}.
        ? Who got the office next after {subject}?
        ? For whom did {subject} make way?
    """,
    "person.predecessor": """
        {subject} took over the post from {answer}
        {owner} predecessor in office was {answer}
        {subject} succeeded {answer}
        {answer} had held the position before {object}
        {subject} was appointed to fill the place of {answer}, who had resigned
        after the departure of {answer}, {subject} moved into the empty office
        {subject} replaced {answer}, whose eyes had grown too weak for the work
        the job was that of {answer} until {subject} got it
        from {answer}, the previous holder, {subject} inherited the office and a broken chair
        {subject} stepped into the shoes of {answer}, who gave up the post
        in the list of officeholders {answer} stands directly before {object}
        ? Who was {owner} predecessor?
        ? Whom did {subject} succeed?
        ? Who held the position before {subject}?
        ? Predecessor of {subject}?
        ? From whom did {subject} take over?
        ? Whom did {subject} replace in the post?
        ? Whose successor was {subject}?
        ? Who had the job prior to {subject}?
        ? Name the person whom {subject} followed in office.
        ? Whose place was {subject} appointed to fill?
        ? Who came before {subject} in the post?
    """,
    "person.creditor": """
        {subject} owed a large sum to {answer}
        {answer} had lent money to {object} and wanted it back with interest
        {subject} borrowed from {answer} and never paid it back
        {subject} was deep in debt to {answer}
        the promissory note signed by {object} was payable to {answer}
        {owner} chief creditor was {answer}
        each time {answer} knocked to ask for the loan, {subject} slipped out by the back door
        most of {owner} earnings went to pay off {answer}, the lender
        {answer} granted {object} a loan at a shameful rate
        with a loan from {answer} {subject} opened the first shop
        in the ledger of {answer}, {subject} is listed among those who had not repaid
        ? Who was {owner} creditor?
        ? To whom did {subject} owe money?
        ? Who gave {subject} a loan?
        ? From whom did {subject} borrow?
        ? Creditor of {subject}?
        ? Whose debtor was {subject}?
        ? Who had lent {subject} a sum?
        ? Name the person to whom {subject} was in debt.
        ? Whose money had {subject} yet to pay back?
        ? Which lender waited for payment from {subject}?
        ? By whom was {owner} borrowing made possible?
    """,
    "person.rescuer": """
        {answer} pulled {object} out of the icy water
        {subject} would have drowned had {answer} not jumped in
        {subject} was saved from the flames by {answer}
        {subject} owed the bare fact of being alive to {answer}
        it was {answer} who dug {object} out of the avalanche
        {owner} life was saved by {answer}
        in the nick of time {answer} dragged {object} from the burning barn
        when the ice broke under {object}, {answer} held out a ladder
        a medal for saving {object} from certain death was pinned on {answer}
        {answer} carried {object} unconscious out of the smoke
        "I would not be here without {answer}," {subject} said each year on the day of the accident
        ? Who rescued {subject}?
        ? Who saved {owner} life?
        ? By whom was {subject} rescued?
        ? To whom did {subject} owe survival?
        ? Rescuer of {subject}?
        ? Who brought {subject} to safety?
        ? Who came to {owner} rescue?
        ? Name the person who saved {subject}.
        ? Without whom would {subject} have perished?
        ? Who kept {subject} from dying in the accident?
        ? Whom did {subject} have to thank for being alive?
    """,
    "person.pen_friend": """
        {subject} exchanged letters with {answer} for decades
        {subject} and {answer} wrote to each other every week without ever meeting
        {owner} pen friend was {answer}
        most of {owner} letters are addressed to {answer}
        {answer} was {owner} faithful correspondent
        the postman knew it: on Tuesdays there was an envelope from {answer} for {object}
        a correspondence of many years joined {object} and {answer}
        {subject} poured out every thought on paper and mailed it to {answer}
        nearly all the ink in the house was used up in {owner} letters to {answer}
        {subject} knew {answer} only by mail, yet the two told each other all
        ? With whom did {subject} exchange letters?
        ? Who was {owner} pen friend?
        ? To whom did {subject} write so often?
        ? Pen pal of {subject}?
        ? With whom did {subject} correspond?
        ? Who was on the other end of {owner} correspondence?
        ? Who received the letters of {subject}?
        ? Name the correspondent of {subject}.
        ? Whose letters did the postman bring to {subject}?
        ? Whom did {subject} know by mail alone?
    """,
    "person.roommate": """
        {subject} shared a room with {answer}
        {subject} and {answer} roomed together in a cold garret
        as students {subject} and {answer} had one bedroom and one good coat between them
        {owner} roommate was {answer}
        the other bed in {owner} room belonged to {answer}
        {answer} slept in the upper bunk and {subject} in the lower
        for want of money {subject} moved into a single room together with {answer}
        {subject} was quartered in the same chamber as {answer}
        {answer} shared digs with {object} and burned all the toast
        at the boarding house the same room was given to {object} and {answer}
        ? Who was {owner} roommate?
        ? With whom did {subject} share a room?
        ? Who slept in the same room as {subject}?
        ? Roommate of {subject}?
        ? Together with whom did {subject} room?
        ? Whose bed stood next to that of {subject}?
        ? Name the roommate of {subject}.
        ? Who lived within the same four walls as {subject}?
        ? With which person did {subject} share lodgings?
        ? Between whom and {subject} was one bedroom divided?
    """,
    "person.wedding_witness": """
        {answer} was a witness at {owner} wedding
        {answer} signed the register as witness when {subject} married
        the witness to {owner} marriage was {answer}
        {subject} asked {answer} to be the witness at the wedding
        as {subject} said yes, {answer} stood by as witness and held the rings
        {owner} marriage certificate was countersigned by {answer}
        {answer} bore witness to {owner} marriage vows
        below {owner} own signature in the marriage register, {answer} put a witness's mark
        at the registry office {subject} relied on {answer} to witness the marriage
        attested by {answer}, {owner} marriage was valid before the law
        ? Who was the witness at {owner} wedding?
        ? Who witnessed the marriage of {subject}?
        ? By whom was {owner} marriage certificate countersigned?
        ? Wedding witness of {subject}?
        ? Whom did {subject} ask to attest the marriage?
        ? Who held the rings when {subject} married?
        ? Name the marriage witness of {subject}.
        ? Who signed as a witness when {subject} wed?
        ? Which person served {subject} as witness on the wedding day?
        ? Who testified to {owner} marriage?
    """,
    "person.executor": """
        {subject} appointed {answer} executor of the will
        {answer} carried out {owner} will
        the executor of {owner} estate was {answer}
        it fell to {answer} to settle {owner} affairs after the funeral
        {answer} was charged by the court with the execution of {owner} last will
        to see that every clause was obeyed, {subject} had put {answer} in charge of the will
        as executor for {object}, {answer} sealed the house and listed the silver
        {subject} trusted {answer} to divide the estate among the relatives
        under the testament drawn up by {object}, the duties of executor pass to {answer}
        {owner} last wishes were faithfully put into effect by {answer}, without pay
        ? Who was the executor of {owner} will?
        ? Who carried out the will of {subject}?
        ? Executor for {subject}?
        ? Who settled the estate of {subject}?
        ? By whom was {owner} testament executed?
        ? Whom did {subject} appoint as executor?
        ? Who put {owner} last wishes into effect?
        ? Name the executor of {subject}.
        ? Who was in charge of distributing the estate of {subject}?
        ? To whom did {subject} entrust the execution of the will?
    """,
    "person.servant": """
        {answer} served in {owner} household
        {subject} had a servant named {answer}
        {answer} polished the boots and carried the trunks of {object}
        every morning {answer}, in livery, brought {object} breakfast in bed
        {subject} rang the bell, and {answer} came to serve
        {answer} was in domestic service with {object}
        {owner} household was kept in order by a loyal servant, {answer}
        {subject} paid {answer} to sweep, cook and answer the door
        {answer} waited on {object} hand and foot for a small wage
        not even a coat would {subject} put on without the help of {answer}, the servant of the house
        ? Who was {owner} servant?
        ? Who served {subject}?
        ? By whom was {subject} waited on?
        ? Servant of {subject}?
        ? Who did the housework for {subject}?
        ? Who was in service in {owner} house?
        ? Whom did {subject} employ as a domestic?
        ? Name the servant of {subject}.
        ? Who came when {subject} rang the bell?
        ? What was {owner} servant called?
    """,
    "person.guardian": """
        {subject}, orphaned early, became the ward of {answer}
        {answer} was appointed {owner} legal guardian
        after the parents' death {answer} took {object} in and acted as guardian
        {subject} grew up under the guardianship of {answer}
        until {subject} came of age, {answer} managed the orphan's money
        the court of orphans entrusted {object} to {answer}
        {owner} guardian, {answer}, had to consent to everything
        as a minor {subject} was answerable to {answer}, the guardian
        custody of {object}, then a small child without parents, was awarded to {answer}
        {subject} was a ward in the house of {answer}
        ? Who was {owner} guardian?
        ? Whose ward was {subject}?
        ? Guardian of {subject}?
        ? Who took charge of {subject} as an orphan?
        ? Under whose guardianship did {subject} grow up?
        ? To whom was {subject} entrusted by the court?
        ? Who had custody of {subject}?
        ? Name the legal guardian of {subject}.
        ? Who looked after the orphaned {subject}?
        ? Who was responsible for {subject} before the coming of age?
    """,
    "person.patron": """
        {answer} was {owner} generous patron
        {subject} enjoyed the patronage of {answer}
        {answer} paid {object} a pension out of love for the arts
        all of {owner} journeys were financed by {answer}, who asked for nothing in return
        {subject} dedicated every work to {answer}, the patron who had paid for it
        without gifts from the purse of {answer}, a benefactor, {subject} could not have gone on working
        {answer} sponsored {object} from the start
        {subject} lived on the bounty of {answer}
        among the proteges of {answer} was {subject}
        {subject} found a wealthy backer in {answer}
        ? Who was {owner} patron?
        ? Whose patronage did {subject} enjoy?
        ? Patron of {subject}?
        ? By whom was {subject} sponsored?
        ? Who supported {subject} with money?
        ? Whose protege was {subject}?
        ? On whose generosity did {subject} live?
        ? Name the benefactor of {subject}.
        ? Who backed {subject} financially?
        ? In whom did {subject} find a sponsor?
    """,
    "person.accuser": """
        {answer} denounced {object} to the authorities
        {subject} was accused by {answer}
        the charge against {object} was brought by {answer}
        {answer} pointed a finger at {object} in front of the magistrate
        an unsigned letter accusing {object} turned out to be from {answer}
        it was on the word of {answer}, an informer, that {subject} was arrested
        {subject} was reported to the police by {answer}
        {answer} lodged a complaint against {object} and swore to it
        {subject} stood trial because {answer} had pressed charges
        in {owner} case the accuser was {answer}
        ? Who accused {subject}?
        ? Who denounced {subject}?
        ? By whom was {subject} reported to the police?
        ? Accuser of {subject}?
        ? Who brought a charge against {subject}?
        ? Who informed on {subject}?
        ? Whose accusation led to {owner} arrest?
        ? Name the person who pressed charges against {subject}.
        ? On whose complaint was {subject} put on trial?
        ? Who was behind the accusation of {subject}?
    """,
}
