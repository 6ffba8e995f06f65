"""Who had to do with a thing: planned, built, gave, sold, stole, watched it. Training worlds only."""

ANSWERS = {
    "designer": "person",
    "patron": "person",
    "donor": "person",
    "restorer": "person",
    "caretaker": "person",
    "former_owner": "person",
    "seller": "person",
    "finder": "person",
    "thief": "person",
    "appraiser": "person",
    "painter": "person",
    "photographer": "person",
    "opener": "person",
    "inspector": "person",
    "chronicler": "person",
    "namesake": "person",
    "rescuer": "person",
}

WORDS: dict[str, str] = {}

FACTS = {
    "thing.maker": """
        {answer} built {object} with borrowed tools
        the hands that made {object} were those of {answer}
        {owner} maker was {answer}
        the person who built {object} was called {answer}
        {subject} left the workshop of {answer} half a year late
        as a craftsman {answer} never surpassed {object}
        the maker's mark on {object} is that of {answer}
        {answer}, who built {object}, took no apprentices
        it is to the skill of {answer} that {subject} owes its existence
        the making of {object} was the work of {answer}
        {subject} is the masterpiece that {answer} made
        ? Who made {subject}?
        ? By whom was {subject} constructed?
        ? What was the name of {owner} maker?
        ? Whose hands made {subject}?
        ? Builder of {subject}?
        ? Who was it that built {subject}?
        ? {subject} was built by whom?
        ? Whose mark does {subject} bear as the maker's?
        ? Do you know who made {subject}?
        ? From whose workshop did {subject} come?
        ? Can you name the craftsman who built {subject}?
    """,
    "thing.owner": """
        {answer} owns {object}
        {subject} is owned by {answer}
        {owner} present owner is {answer}
        these days {subject} is in the possession of {answer}
        the papers name {answer} as the owner of {object}
        if {subject} were sold, the money would go to {answer}
        {answer} calls {object} a treasured possession
        nobody but {answer} has a claim to {object}
        at present {subject} is among the possessions of {answer}
        the one to whom {subject} belongs is {answer}
        ? By whom is {subject} owned?
        ? Who is the owner of {subject}?
        ? Owner of {subject}?
        ? Whose is {subject}?
        ? Who has {subject} today?
        ? Which person do the papers name as the owner of {subject}?
        ? What is {owner} present owner called?
        ? Can you tell me to whom {subject} belongs?
        ? Among whose possessions is {subject}?
    """,
    "thing.designer": """
        {subject} was designed by {answer}
        the plans for {object} were drawn by {answer}
        {owner} designer was {answer}
        {answer} designed {object} on the back of a menu
        the idea for {object} came to {answer} in a dream
        on paper {subject} was the work of {answer}
        the sketches after which {subject} was built are by {answer}
        {answer} drew every detail of {object} before a hammer was lifted
        ? Who designed {subject}?
        ? Who drew the plans for {subject}?
        ? By whom was {subject} designed?
        ? Designer of {subject}?
        ? After whose sketches was {subject} built?
        ? To whom did the idea for {subject} come?
        ? Whose design is {subject}?
        ? What was the name of {owner} designer?
        ? Name the designer of {subject}.
    """,
    "thing.patron": """
        {subject} was ordered by {answer}
        {answer} commissioned {object}
        the order for {object} came from {answer}
        it was {answer} who wanted {object} built and paid the workmen
        {subject} was built at the wish of {answer}
        the bills for {owner} construction went to {answer}
        {owner} construction was paid for by {answer}
        the customer for whom {subject} was built was {answer}
        ? Who ordered {subject}?
        ? Who commissioned {subject}?
        ? From whom came the order for {subject}?
        ? At whose wish was {subject} built?
        ? For whom was {subject} built?
        ? Who paid for the construction of {subject}?
        ? Which customer wanted to have {subject}?
        ? By whom was {subject} commissioned?
        ? Tell me who ordered {subject}.
    """,
    "thing.donor": """
        {subject} was donated to the public by {answer}
        {answer} gave {object} away as a present
        {subject} was a gift of {answer}
        the donor of {object} was {answer}
        a plate on {object} thanks {answer} for the gift
        that {subject} came to the museum is due to the generosity of {answer}
        it was {answer} who presented the museum with {object}
        ? Who donated {subject}?
        ? Whose gift was {subject}?
        ? By whom was {subject} given to the museum?
        ? Donor of {subject}?
        ? Who gave {subject} away as a present?
        ? Whom does the plate on {subject} thank?
        ? To whose generosity does the museum owe {subject}?
        ? Name the donor of {subject}.
    """,
    "thing.restorer": """
        {subject} was restored by {answer}
        {answer} restored {object} to its first beauty
        the restoration of {object} was the work of {answer}
        {owner} restorer, {answer}, used only old tools
        for its restoration {subject} was entrusted to {answer}
        it took the patience of {answer} to restore {object}
        under the care of {answer}, its restorer, {subject} regained its shine
        ? Who restored {subject}?
        ? By whom was {subject} restored?
        ? Whose work was the restoration of {subject}?
        ? Restorer of {subject}?
        ? To whom was {subject} entrusted for its restoration?
        ? Who gave {subject} back its shine?
        ? What was the name of {owner} restorer?
        ? Tell me who restored {subject}.
    """,
    "thing.caretaker": """
        {subject} is looked after by {answer}
        {answer} cleans {object} every week
        {owner} caretaker is {answer}
        the daily care of {object} lies with {answer}
        the person who dusts and oils {object} is {answer}
        {subject} is in the care of {answer}
        whoever has a question about {object} should turn to its keeper, {answer}
        ? Who looks after {subject}?
        ? Who is {owner} caretaker?
        ? In whose care is {subject}?
        ? By whom is {subject} cleaned?
        ? Caretaker of {subject}?
        ? With whom does the daily care of {subject} lie?
        ? What is the name of the keeper of {subject}?
        ? Name the person who looks after {subject}.
    """,
    "thing.former_owner": """
        {subject} once belonged to {answer}
        an earlier owner of {object} was {answer}
        {subject} was formerly the property of {answer}
        for thirty years {answer} owned {object}
        in former times {subject} was owned by {answer}
        {answer} used to own {object}
        {subject} stood in the estate that {answer} left behind
        ? To whom did {subject} once belong?
        ? Who used to own {subject}?
        ? Who was a former owner of {subject}?
        ? Whose property was {subject} formerly?
        ? Former owner of {subject}?
        ? By whom was {subject} owned in former times?
        ? Who had {subject} in earlier days?
        ? Tell me to whom {subject} belonged in former times.
    """,
    "thing.seller": """
        {subject} was sold by {answer}
        {answer} sold {object} for a small commission
        the dealer who sold {object} was {answer}
        the seller of {object} was {answer}
        it was through {answer}, a dealer, that {subject} was sold
        {owner} sale was the business of {answer}
        {answer} put {object} up for sale
        ? Who sold {subject}?
        ? By whom was {subject} sold?
        ? Who was the seller of {subject}?
        ? Which dealer sold {subject}?
        ? Who put {subject} up for sale?
        ? Seller of {subject}?
        ? Through which dealer was {subject} sold?
        ? Name the seller of {subject}.
    """,
    "thing.finder": """
        {subject} was found again by {answer}
        after decades {answer} came across {object} in a barn
        {answer} discovered {object} under a heap of sacks
        the rediscovery of {object} was the luck of {answer}
        long forgotten, {subject} was discovered by {answer}
        {owner} finder was {answer}
        it was {answer} who stumbled upon {object}
        ? Who found {subject}?
        ? By whom was {subject} discovered?
        ? Who came across {subject} by chance?
        ? Who was {owner} finder?
        ? Who rediscovered {subject}?
        ? Finder of {subject}?
        ? Who stumbled upon {subject} after decades?
        ? Tell me who found {subject} again.
    """,
    "thing.thief": """
        {subject} was once stolen by {answer}
        {answer} stole {object} in broad daylight
        the thief who took {object} was {answer}
        for the theft of {object} a judge sent {answer} to prison
        {answer} was convicted of stealing {object}
        it was {answer} who made off with {object}
        in court {answer} confessed to the theft of {object}
        ? Who stole {subject}?
        ? By whom was {subject} stolen?
        ? Who was convicted of stealing {subject}?
        ? Who made off with {subject}?
        ? What was the name of the thief of {subject}?
        ? Thief of {subject}?
        ? Who confessed to the theft of {subject}?
        ? Name the thief who stole {subject}.
    """,
    "thing.appraiser": """
        {owner} value was estimated by {answer}
        {answer} appraised {object} for the insurance
        the expert who judged what {subject} is worth was {answer}
        {subject} was valued by {answer}
        the estimate of {owner} worth comes from {answer}
        to learn what {subject} is worth one asked {answer}
        {subject} was examined and appraised by {answer}
        ? Who appraised {subject}?
        ? By whom was {owner} value estimated?
        ? Which expert judged what {subject} is worth?
        ? Who valued {subject}?
        ? From whom comes the estimate of {owner} worth?
        ? Appraiser of {subject}?
        ? Who was asked what {subject} is worth?
        ? Tell me who estimated what {subject} is worth.
    """,
    "thing.painter": """
        {subject} was painted by {answer}
        the paint on {object} was put there by {answer}
        {answer} gave {object} its coat of paint
        {owner} ornaments were painted by {answer}
        with a fine brush {answer} painted {object}
        the painter who decorated {object} was {answer}
        it was {answer} who mixed the paint for {object} and applied it
        ? Who painted {subject}?
        ? By whom was {subject} painted?
        ? Who gave {subject} its coat of paint?
        ? Which painter decorated {subject}?
        ? Painter of {subject}?
        ? Whose brush decorated {subject}?
        ? Who applied the paint to {subject}?
        ? Name the person who painted {subject}.
    """,
    "thing.photographer": """
        the first photograph of {object} was taken by {answer}
        {answer} was the first to photograph {object}
        {subject} was first photographed by {answer}
        the oldest photograph of {object} comes from the camera of {answer}
        the photographer {answer} was the first to catch {object} in a picture
        {owner} oldest photograph bears the stamp of {answer}
        ? Who took the first photograph of {subject}?
        ? Who was the first to photograph {subject}?
        ? From whose camera comes the oldest photograph of {subject}?
        ? By whom was {subject} first photographed?
        ? First photographer of {subject}?
        ? Whose stamp does {owner} oldest photograph bear?
        ? Tell me who photographed {subject} first.
    """,
    "thing.opener": """
        {subject} was unveiled by {answer}
        {answer} unveiled {object} before a silent crowd
        at the ceremony {answer} pulled the cloth off {object}
        {owner} unveiling was performed by {answer}
        the honor of unveiling {object} went to {answer}
        {answer} was invited to unveil {object}
        {subject} was handed over to the public by {answer} with a speech
        ? Who unveiled {subject}?
        ? By whom was {subject} unveiled?
        ? Who pulled the cloth off {subject}?
        ? Who was given the honor of unveiling {subject}?
        ? Who handed {subject} over to the public?
        ? Who performed {owner} unveiling?
        ? Name the person who unveiled {subject}.
    """,
    "thing.inspector": """
        {subject} is inspected by {answer}
        {answer} checks {object} for cracks
        {owner} inspector is {answer}
        the certificate that {subject} is safe is signed by {answer}
        it is {answer} who inspects {object} and signs the report
        the safety of {object} is checked by {answer}
        without the signature of {answer} nobody may use {object}
        ? Who inspects {subject}?
        ? Who is {owner} inspector?
        ? By whom is {subject} checked for cracks?
        ? Whose signature certifies that {subject} is safe?
        ? Inspector of {subject}?
        ? Who checks the safety of {subject}?
        ? Who signs the report after {subject} has been inspected?
        ? Tell me who inspects {subject}.
    """,
    "thing.chronicler": """
        the standard book about {object} is by {answer}
        {answer} wrote a history of {object}
        the history of {object} was written by {answer}
        what is known about {object} was collected in a book by {answer}
        the historian of {object} is {answer}
        for anything about {owner} past one consults the book of {answer}
        in two volumes {answer} told the history of {object}
        ? Who wrote the history of {subject}?
        ? By whom is the standard book about {subject}?
        ? Whose book does one consult about the past of {subject}?
        ? Historian of {subject}?
        ? Who told the whole history of {subject}?
        ? Which author wrote about {subject}?
        ? Name the historian who wrote about {subject}.
    """,
    "thing.namesake": """
        {subject} was named after {answer}
        {subject} owes its name to {answer}
        the person after whom {object} is named is {answer}
        {owner} name honors {answer}
        with {owner} name its makers flattered {answer}
        the name of {object} goes back to a pet name of {answer}
        it was in honor of {answer} that {subject} got its name
        ? After whom was {subject} named?
        ? To whom does {subject} owe its name?
        ? Whom does the name of {subject} honor?
        ? Whose name does {subject} bear?
        ? In whose honor did {subject} get its name?
        ? Who was {subject} named after?
        ? Namesake of {subject}?
        ? Tell me after whom {subject} is named.
    """,
    "thing.rescuer": """
        {subject} was saved from the scrap heap by {answer}
        {answer} rescued {object} from being melted down
        when everybody wanted {object} scrapped, {answer} objected
        that {subject} still exists is thanks to {answer}
        the petition that saved {object} was started by {answer}
        {owner} rescuer was {answer}
        only the protest of {answer} kept {object} from destruction
        ? Who saved {subject} from the scrap heap?
        ? By whom was {subject} rescued?
        ? Thanks to whom does {subject} still exist?
        ? Who started the petition that saved {subject}?
        ? Whose protest kept {subject} from destruction?
        ? Rescuer of {subject}?
        ? Who was against scrapping {subject}?
        ? Name the person who saved {subject} from destruction.
    """,
}
