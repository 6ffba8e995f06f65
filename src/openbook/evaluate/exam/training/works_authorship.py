"""Who had to do with a work: wrote, edited, printed, paid for, praised it. Training worlds only."""

ANSWERS = {
    "illustrator": "person",
    "editor": "person",
    "publisher": "person",
    "printer": "person",
    "dedicatee": "person",
    "preface": "person",
    "patron": "person",
    "critic": "person",
    "proofreader": "person",
    "composer": "person",
    "adapter": "person",
    "voice": "person",
    "manuscript_finder": "person",
    "manuscript_buyer": "person",
}

WORDS: dict[str, str] = {}

FACTS = {
    "work.author": """
        {answer} wrote {object} in a single winter
        the words of {object} are those of {answer}
        the name of {answer} stands as the author's on {owner} title page
        {subject} is a work by {answer}
        {answer} is the writer to whom readers owe {object}
        as a writer {answer} is remembered for {object} alone
        nobody but {answer} could have written {object}
        it took {answer} many sleepless nights to write {object}
        {subject} had, as everybody knew, {answer} as its author
        every line of {object} was written by {answer}
        the writer of {object}, {answer}, never explained the title
        {subject} was the first thing that {answer} ever wrote
        ? Who is the writer of {subject}?
        ? By whom was {subject} written?
        ? Whose work is {subject}?
        ? What is the name of the person who wrote {subject}?
        ? Author of {subject}?
        ? Do you know who wrote {subject}?
        ? {subject} was written by whom?
        ? Who put {subject} down on paper?
        ? Whose name stands as the author's on the title page of {subject}?
        ? Can you name the author of {subject}?
        ? Which author do we have to thank for {subject}?
    """,
    "work.translator": """
        it was {answer} who translated {object}
        the only translation of {object} is by {answer}
        foreign readers owe {owner} translation to {answer}
        {subject} found a patient translator in {answer}
        {answer} spent years translating {object}
        to translate {object} was the work of {answer}
        in other countries {subject} is read as {answer} translated it
        {answer}, the translator of {object}, kept every rhyme
        {owner} translator, a certain {answer}, asked for no fee
        ? Who put {subject} into another language?
        ? By whom was {subject} translated?
        ? Whose translation of {subject} do readers abroad know?
        ? Translator of {subject}?
        ? Who was it that translated {subject}?
        ? What was the name of {owner} translator?
        ? Can you tell me who made the translation of {subject}?
        ? To whom do foreign readers owe {subject}?
        ? Which person translated {subject}?
    """,
    "work.illustrator": """
        {subject} was illustrated by {answer}
        the pictures in {object} are by {answer}
        {answer} drew the illustrations for {object}
        the drawings that adorn {object} were made by {answer}
        {owner} illustrator was {answer}
        for {owner} pictures a young artist, {answer}, was found
        it was {answer} whose pencil gave {object} its pictures
        children remember {object} for the woodcuts of {answer}
        ? Who illustrated {subject}?
        ? Who drew the pictures in {subject}?
        ? By whom are the illustrations of {subject}?
        ? Illustrator of {subject}?
        ? Whose drawings does {subject} contain?
        ? Which artist made the pictures for {subject}?
        ? Do you know the name of {owner} illustrator?
        ? Who was {subject} illustrated by?
        ? Name the illustrator of {subject}.
    """,
    "work.editor": """
        {subject} was edited by {answer}
        {owner} editor was {answer}
        {answer} edited {object} and cut a third of it
        the editing of {object} was in the hands of {answer}
        {answer}, the editor of {object}, struck out whole scenes
        before it went to press, {subject} passed under the red pencil of {answer}
        it was as an editor that {answer} worked on {object}
        {subject} found a strict editor in {answer}
        ? Who edited {subject}?
        ? Who was the editor of {subject}?
        ? By whom was {subject} edited?
        ? Editor of {subject}?
        ? Who worked on the text of {subject} as its editor?
        ? Whose red pencil went over {subject}?
        ? What was the name of {owner} editor?
        ? Can you tell me who did the editing of {subject}?
        ? Tell me who edited {subject}.
    """,
    "work.publisher": """
        {subject} was published by {answer}
        the publisher of {object} was {answer}
        the publishing house of {answer} brought out {object}
        {answer} published {object} against all advice
        {subject} appeared under the imprint of {answer}
        no publisher wanted {object} until {answer} accepted it
        it was {answer} who bought the rights and published {object}
        {owner} publisher, {answer}, risked a fortune on it
        ? Who published {subject}?
        ? Who was the publisher of {subject}?
        ? Whose publishing house brought out {subject}?
        ? Under whose imprint did {subject} appear?
        ? Publisher of {subject}?
        ? By whom was {subject} published?
        ? Which publisher accepted {subject}?
        ? Do you know what {owner} publisher was called?
        ? Name {owner} publisher.
    """,
    "work.printer": """
        {subject} was printed by {answer}
        the printer of {object} was {answer}
        {subject} came off the presses of {answer}
        {answer} printed {object} on coarse paper
        the printing of {object} was entrusted to {answer}
        {owner} sheets were printed in the shop of {answer}
        in the printing shop of {answer} the type for {object} was set
        it fell to {answer} to print {object}
        ? Who printed {subject}?
        ? Who was {owner} printer?
        ? From whose presses did {subject} come?
        ? In whose shop were the sheets of {subject} printed?
        ? Printer of {subject}?
        ? To whom was the printing of {subject} entrusted?
        ? By whom was {subject} printed?
        ? Can you name the printer of {subject}?
        ? Tell me by whom {subject} was printed.
    """,
    "work.dedicatee": """
        {subject} is dedicated to {answer}
        the dedication of {object} reads: for {answer}
        the name in {owner} dedication is that of {answer}
        out of gratitude {subject} was dedicated to {answer}
        {answer} is the person to whom {object} is dedicated
        a short dedication offers {object} to {answer}
        with {owner} dedication {answer} was thanked for good advice
        the dedicatee of {object} was {answer}, a friend of long standing
        ? To whom is {subject} dedicated?
        ? Who is named in the dedication of {subject}?
        ? Who was {subject} dedicated to?
        ? Whose name stands in {owner} dedication?
        ? {subject}: dedicated to whom?
        ? For whom was {subject} meant, if one trusts its dedication?
        ? Which person does the dedication of {subject} thank?
        ? Name the person to whom {subject} is dedicated.
    """,
    "work.preface": """
        the preface to {object} was written by {answer}
        {answer} contributed the foreword to {object}
        {subject} opens with a preface by {answer}
        {owner} introduction comes from {answer}
        readers are led into {object} by a foreword of {answer}
        {answer} wrote only the foreword of {object}
        a few friendly pages by {answer} introduce {object}
        it was {answer} who was asked for a preface to {object}
        ? Who wrote the preface to {subject}?
        ? Whose foreword opens {subject}?
        ? By whom is the introduction to {subject}?
        ? Who introduces the reader to {subject} in a foreword?
        ? Author of the preface to {subject}?
        ? From whom does {owner} foreword come?
        ? Do you know who wrote an introduction for {subject}?
        ? Tell me who wrote the foreword to {subject}.
    """,
    "work.patron": """
        the printing of {object} was paid for by {answer}
        {answer} paid for the printing of {object}
        {subject} could only appear because {answer} gave the money
        {answer} bore {owner} costs
        the money for {object} came out of the purse of {answer}
        {subject} had a generous patron, {answer}
        it was at the expense of {answer} that {subject} was printed
        without a gift of money from {answer}, {subject} would not exist
        ? Who paid for the printing of {subject}?
        ? At whose expense was {subject} printed?
        ? Who was the patron of {subject}?
        ? Who bore the costs of {subject}?
        ? From whom came the money for {subject}?
        ? Whose purse made {subject} possible?
        ? Patron of {subject}?
        ? Name the person who paid for the printing of {subject}.
    """,
    "work.critic": """
        the harshest review of {object} was written by {answer}
        {answer} tore {object} to pieces in a review
        no critic was harder on {object} than {answer}
        {subject} was mocked in print by {answer}
        {owner} fiercest critic was {answer}
        in a long review {answer} advised everybody against {object}
        it was {answer} who called {object} a waste of ink
        {subject} had an enemy among the critics, {answer}
        ? Who wrote the harshest review of {subject}?
        ? Who was the fiercest critic of {subject}?
        ? Which critic tore {subject} to pieces?
        ? By whom was {subject} mocked in print?
        ? Who had nothing good to say in print about {subject}?
        ? Whose review advised against {subject}?
        ? Harshest critic of {subject}?
        ? Tell me who reviewed {subject} most harshly.
    """,
    "work.proofreader": """
        the proofs of {object} were read by {answer}
        {answer} corrected the proofs of {object}
        {owner} misprints were hunted down by {answer}
        that {subject} has so few misprints is due to {answer}
        {answer} read {object} for mistakes before it was printed
        as its proofreader {answer} went through {object} three times
        the spelling of {object} was put right by {answer}
        ? Who read the proofs of {subject}?
        ? Who corrected the misprints in {subject}?
        ? By whom was the spelling of {subject} put right?
        ? Proofreader of {subject}?
        ? Who was {owner} proofreader?
        ? Thanks to whom does {subject} have so few misprints?
        ? Who went through {subject} in search of mistakes?
        ? Name the person who corrected the proofs of {subject}.
    """,
    "work.composer": """
        {subject} was set to music by {answer}
        the music to {object} is by {answer}
        {answer} composed the songs for {object}
        {answer} turned {object} into an oratorio
        {owner} verses were given melodies by {answer}
        it is to the tunes of {answer} that {owner} verses are sung
        among composers only {answer} took an interest in {object}
        ? Who set {subject} to music?
        ? By whom is the music to {subject}?
        ? Which composer wrote songs for {subject}?
        ? Whose melodies go with {subject}?
        ? Which musician wrote the melodies for {subject}?
        ? To whose tunes are the verses of {subject} sung?
        ? Composer of the music to {subject}?
        ? Tell me who wrote the music to {subject}.
    """,
    "work.adapter": """
        {subject} was adapted for the stage by {answer}
        {answer} made a play out of {object}
        the stage version of {object} is by {answer}
        theaters play {object} in the adaptation of {answer}
        for the theater {subject} was rewritten by {answer}
        {owner} way to the stage was opened by {answer}, who cut it down to five acts
        it was {answer} who brought {object} onto the stage
        ? Who adapted {subject} for the stage?
        ? Who made a play out of {subject}?
        ? By whom is the stage version of {subject}?
        ? In whose adaptation do theaters play {subject}?
        ? Who brought {subject} into the theater?
        ? Adapter of {subject} for the theater?
        ? Whose stage version of {subject} is played?
        ? Name the person who turned {subject} into a play.
    """,
    "work.voice": """
        {subject} was read on the radio by {answer}
        {answer} lent a voice to the recording of {object}
        listeners know {object} from a recording by {answer}
        the spoken version of {object} was recorded by {answer}
        on the radio {answer} read {object} in twelve parts
        {owner} audience at home heard the voice of {answer}
        it was {answer} who read {object} to the whole country over the radio
        ? Who read {subject} on the radio?
        ? Whose voice can be heard in the recording of {subject}?
        ? By whom was the spoken version of {subject} recorded?
        ? Who recorded {subject} for listeners?
        ? Which person read {subject} aloud on the air?
        ? Voice of {subject} on the radio?
        ? Do you know whose reading of {subject} was broadcast?
        ? Tell me whose voice reads {subject} on the recording.
    """,
    "work.manuscript_finder": """
        the lost manuscript of {object} was found by {answer}
        {answer} discovered the manuscript of {object} in a flour chest
        {owner} manuscript turned up in an attic that {answer} was clearing
        without {answer}, who came upon the manuscript, {subject} would be lost
        the finder of {owner} manuscript was {answer}
        behind a stove {answer} stumbled on the pages of {object}
        that the handwritten pages of {object} came to light is due to {answer}
        ? Who found the manuscript of {subject}?
        ? By whom was {owner} lost manuscript discovered?
        ? Who came upon the handwritten pages of {subject}?
        ? To whom is it due that the manuscript of {subject} came to light?
        ? Finder of the manuscript of {subject}?
        ? Who brought the lost manuscript of {subject} to light?
        ? What was the name of the person who found {owner} manuscript?
        ? Name the finder of {owner} manuscript.
    """,
    "work.manuscript_buyer": """
        the manuscript of {object} was bought by {answer}
        {answer} acquired {owner} manuscript at an auction
        when {owner} manuscript was sold, {answer} made the highest bid
        {owner} handwritten pages went to a collector, {answer}
        the winning bid for the manuscript of {object} came from {answer}
        {answer} paid gladly for the original manuscript of {object}
        the buyer of {owner} manuscript turned out to be {answer}
        ? Who bought the manuscript of {subject}?
        ? To which collector did the manuscript of {subject} go?
        ? By whom was {owner} manuscript acquired?
        ? Who made the highest bid for the manuscript of {subject}?
        ? Buyer of the manuscript of {subject}?
        ? Who acquired the handwritten pages of {subject} at auction?
        ? Into whose hands did {owner} manuscript pass at the sale?
        ? Tell me who acquired the manuscript of {subject}.
    """,
}
