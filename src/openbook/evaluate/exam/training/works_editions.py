"""When, where and in how many copies a work was written, printed and kept. Training worlds only."""

ANSWERS = {
    "print_place": "place",
    "writing_place": "place",
    "manuscript_place": "place",
    "premiere_place": "place",
    "finishing_year": "year 1701 1990",
    "translation_year": "year 1701 1990",
    "reprint_year": "year 1701 1990",
    "prize_year": "year 1701 1990",
    "cover_color": "color",
    "copies": "number 310 98000",
    "price": "number 11 940",
    "catalog_number": "number 1200 98000",
    "manuscript_price": "number 1200 98000",
    "writing_days": "number 19 990",
    "prize": "literary_prize",
    "memorial_day": "day",
}

WORDS = {
    "literary_prize": """
        Black Feather, Blue Heron, Brass Bookmark, Bronze Beetle, Burning Page, Candle Stub, Carved
        Spoon, Clay Tablet, Copper Comma, Dancing Bear, Distant Drum, Double Dagger, Dry Inkwell,
        Falling Leaf, Feathered Hat, Gilded Goose, Glass Slipper, Green Bough, Hollow Reed, Last
        Chapter, Laughing Mask, Linden Wreath, Midnight Lamp, Paper Crown, Pointed Pencil, Purple
        Ribbon, Quiet Reader, Running Hare, Seventh Seal, Silver Quill, Sleeping Cat, Speckled Egg,
        Thistle Medal, Tilted Globe, Turning Wheel, White Raven, Wooden Horse
    """,
}

FACTS = {
    "work.year": """
        {subject} reached the bookshops in {answer}
        the public could read {object} for the first time in {answer}
        {answer} was the year in which {subject} appeared
        the date of publication on {owner} title page is {answer}
        it was in {answer} that {subject} was published
        {subject} appeared in {answer}, to nobody's surprise
        publication of {object} came in {answer}
        {owner} year of publication was {answer}
        nobody could have read {object} before {answer}, when it was published
        in {answer} {subject} was published at last
        ? In which year was {subject} published?
        ? When did {subject} appear?
        ? What is {owner} year of publication?
        ? When did {subject} reach the bookshops?
        ? Year of publication of {subject}?
        ? When could the public first read {subject}?
        ? What date of publication stands on the title page of {subject}?
        ? Since when has {subject} been in print?
        ? Do you know in what year {subject} was published?
    """,
    "work.print_place": """
        {subject} was printed in {answer}
        {owner} place of publication is {answer}
        the presses on which {subject} was printed stood in {answer}
        the title page of {object} names {answer} as the place of printing
        {subject} first left the press in {answer}
        it was a shop in {answer} that printed {object}
        from a press in {answer} {subject} went out into the world
        ? Where was {subject} printed?
        ? What is {owner} place of publication?
        ? In which town was {subject} printed?
        ? Place of printing of {subject}?
        ? In what town stood the press on which {subject} was printed?
        ? Which place of printing does the title page of {subject} name?
        ? From a press in which town did {subject} come?
        ? Name the town in which {subject} was printed.
    """,
    "work.writing_place": """
        {subject} was written in {answer}, far from the author's home
        the author wrote {object} during a stay in {answer}
        {owner} first draft was written at an inn in {answer}
        most of {object} was put on paper in {answer}
        it was to {answer} that the author withdrew to write {object}
        in a rented room in {answer} {subject} came into being
        work on {object} was done in {answer}, mostly at night
        ? Where was {subject} written?
        ? In which town did the author write {subject}?
        ? To what place did the author withdraw to write {subject}?
        ? Where did {subject} come into being?
        ? In what town was the draft of {subject} written?
        ? Place where {subject} was written?
        ? Where was the author while writing {subject}?
        ? Tell me where the author wrote {subject}.
    """,
    "work.manuscript_place": """
        the manuscript of {object} is kept in {answer}
        {owner} manuscript lies in a library in {answer}
        {answer} guards the manuscript of {object}
        scholars travel to {answer} to see the manuscript of {object}
        the handwritten pages of {object} have found a home in {answer}
        {owner} original pages can be seen in {answer}
        in the safe of a bank in {answer} lies the manuscript of {object}
        ? Where is the manuscript of {subject} kept?
        ? In which town does {owner} manuscript lie?
        ? Where must one go to see the manuscript of {subject}?
        ? Where can the handwritten pages of {subject} be seen?
        ? Which place guards {owner} manuscript?
        ? Place where the manuscript of {subject} is kept?
        ? Name the town that keeps the manuscript of {subject}.
    """,
    "work.premiere_place": """
        the play made from {object} was first performed in {answer}
        on a stage {subject} was seen first in {answer}
        {owner} first performance in a theater was in {answer}
        the theater of {answer} was the first to play {object}
        {answer} saw the first night of the play made from {object}
        a company of amateurs in {answer} first put {object} on a stage
        ? Where was the play made from {subject} first performed?
        ? In which town did {subject} first come onto a stage?
        ? Which town's theater was the first to play {subject}?
        ? Where was {subject} first seen on a stage?
        ? Place of the first performance of {subject}?
        ? In what town was the first night of the play made from {subject}?
        ? Tell me where {subject} was first put on a stage.
    """,
    "work.finishing_year": """
        the last line of {object} was written in {answer}
        {subject} was finished in {answer} and then lay in a drawer
        the author completed {object} in {answer}
        it was {answer} before the author had finished writing {object}
        {owner} manuscript bears the date {answer} on its last page
        in {answer} the author laid down the pen and {subject} was complete
        work on {object} was over in {answer}
        ? In what year was the last line of {subject} written?
        ? When did the author finish writing {subject}?
        ? When did the author complete {subject}?
        ? What date stands on the last page of {owner} manuscript?
        ? In which year was work on {subject} over?
        ? Year in which the author completed {subject}?
        ? Give the year in which the author was done with {subject}.
    """,
    "work.translation_year": """
        {subject} was translated in {answer}
        a translation of {object} appeared in {answer}
        {owner} translation dates from {answer}
        since {answer} {subject} can also be read in translation
        in {answer} the first translation of {object} was made
        readers abroad had to wait for {object} until {answer}
        it was {answer} when {subject} was put into another language
        ? When was {subject} translated?
        ? In what year did a translation of {subject} appear?
        ? From which year is the translation of {subject}?
        ? Since when has {subject} been read in translation?
        ? Until what year did readers abroad have to wait for {subject}?
        ? Year of {owner} translation?
        ? In which year was {subject} put into another language?
        ? Tell me in what year {subject} was translated.
    """,
    "work.reprint_year": """
        {subject} was reprinted in {answer}
        the second edition of {object} came out in {answer}
        a new edition of {object} followed in {answer}
        after a long pause {subject} was printed again in {answer}
        {owner} reprint bears the year {answer}
        it was only in {answer} that {subject} saw a second edition
        in {answer} {subject} came back into the shops, newly set
        ? When was {subject} reprinted?
        ? In what year did the second edition of {subject} come out?
        ? When was {subject} printed again?
        ? Which year does the reprint of {subject} bear?
        ? Year of the second edition of {subject}?
        ? From which year is the new edition of {subject}?
        ? When did {subject} come back into the shops?
        ? Give the year in which {subject} was reprinted.
    """,
    "work.prize_year": """
        {subject} won a prize in {answer}
        in {answer} a jury gave its prize to {object}
        {owner} prize was awarded in {answer}
        {subject} was crowned with a prize in {answer}
        the jury of {answer} preferred {object} to all the others
        {answer} was the year in which {subject} won its prize
        ? When did {subject} win a prize?
        ? In which year was a prize awarded to {subject}?
        ? In what year did a jury prefer {subject} to all the others?
        ? Year of the prize for {subject}?
        ? When was {subject} honored with a prize?
        ? Which year's jury gave its prize to {subject}?
        ? Tell me in which year {subject} won a prize.
    """,
    "work.prize": """
        {subject} was awarded the {answer}
        {subject} won the {answer}, a prize for new books
        the {answer} went to {object}
        a jury gave the {answer} to {object}
        {owner} greatest honor was the {answer}
        nobody was surprised when {subject} received the {answer}
        among the books that won the {answer} stands {subject}
        ? Which prize did {subject} win?
        ? What prize was {subject} awarded?
        ? With which prize was {subject} honored?
        ? What did the jury give to {subject}?
        ? Prize won by {subject}?
        ? What is the name of the award that {subject} received?
        ? Name the prize that {subject} won.
    """,
    "work.cover_color": """
        {subject} is bound in {answer} cloth
        {owner} cover is {answer}
        collectors know {object} by its {answer} cover
        the first edition of {object} had a {answer} binding
        on the shelf {subject} stands out with a {answer} spine
        the publisher chose {answer} for the cover of {object}
        the binding of {object} is {answer}, though faded
        ? What is the color of {owner} cover?
        ? In which color is {subject} bound?
        ? By what color of its cover do collectors know {subject}?
        ? What color is the binding of {subject}?
        ? Cover color of {subject}?
        ? Which color did the publisher choose for the cover of {subject}?
        ? Tell me the color of the cover of {subject}.
    """,
    "work.copies": """
        the first printing of {object} was {answer} copies
        {answer} copies of {object} were printed
        {owner} first edition amounted to {answer} copies
        {subject} was printed in {answer} copies
        of {object} there were at first {answer} copies
        the publisher dared to print {answer} copies of {object}
        {subject} sold out, all {answer} copies of it
        ? How many copies of {subject} were printed?
        ? In how many copies was {subject} printed?
        ? To how many copies did the first edition of {subject} amount?
        ? Number of copies of {subject}?
        ? How many copies did {owner} publisher dare to print?
        ? How large was the first printing of {subject}?
        ? Give the number of copies in which {subject} was printed.
    """,
    "work.price": """
        a copy of {object} cost {answer} pennies
        {subject} was sold for {answer} pennies
        booksellers asked {answer} pennies for {object}
        {owner} price was fixed at {answer} pennies
        {answer} pennies bought a copy of {object}
        for {answer} pennies anybody could own {object}
        ? How many pennies did a copy of {subject} cost?
        ? What was the price of {subject} in pennies?
        ? For how many pennies was {subject} sold?
        ? Price of {subject}, in pennies?
        ? How many pennies did booksellers ask for {subject}?
        ? At how many pennies was {owner} price fixed?
        ? Tell me how many pennies a copy of {subject} cost.
    """,
    "work.catalog_number": """
        in the national catalog {subject} has the number {answer}
        {owner} catalog number is {answer}
        {subject} is listed as number {answer} in the catalog
        librarians find {object} under the number {answer}
        the catalog lists {object} under {answer}
        the label on {owner} spine carries the catalog number {answer}
        ? What is the catalog number of {subject}?
        ? Under what number do librarians find {subject}?
        ? Which number does {subject} have in the catalog?
        ? As what number is {subject} listed?
        ? Catalog number of {subject}?
        ? What number does the label on {owner} spine carry?
        ? Give the catalog number of {subject}.
    """,
    "work.manuscript_price": """
        the manuscript of {object} was sold for {answer} crowns
        {owner} manuscript brought {answer} crowns at auction
        a collector paid {answer} crowns for the manuscript of {object}
        at {answer} crowns the hammer fell for {owner} manuscript
        {answer} crowns changed hands for the manuscript of {object}
        the highest bid for {owner} manuscript was {answer} crowns
        ? For how many crowns was the manuscript of {subject} sold?
        ? How many crowns did {owner} manuscript bring at auction?
        ? What did a collector pay for the manuscript of {subject}, in crowns?
        ? What was the highest bid in crowns for the manuscript of {subject}?
        ? Price of the manuscript of {subject} in crowns?
        ? At how many crowns did the hammer fall for {owner} manuscript?
        ? Tell me how many crowns were paid for the manuscript of {subject}.
    """,
    "work.writing_days": """
        {subject} was written in {answer} days
        the author needed {answer} days to write {object}
        writing {object} took {answer} days
        after {answer} days of writing {subject} was done
        {answer} days of work went into {object}
        the author worked on {object} for {answer} days without a break
        ? In how many days was {subject} written?
        ? How many days did the author need for {subject}?
        ? How many days did it take to write {subject}?
        ? How many days of work went into {subject}?
        ? For how many days did the author work on {subject}?
        ? Number of days it took to write {subject}?
        ? Give the number of days that the author spent on {subject}.
    """,
    "work.memorial_day": """
        friends of {object} meet every year on {answer}
        {owner} admirers celebrate on {answer}
        every {answer} admirers read {object} aloud from beginning to end
        {answer} is marked in the calendars of all who love {object}
        {answer} is the day on which admirers of {object} gather
        a small feast is held on {answer} in honor of {object}
        ? On what day do admirers of {subject} celebrate?
        ? When is the yearly day in honor of {subject}?
        ? On which day of the year do friends of {subject} meet?
        ? Yearly day of the friends of {subject}?
        ? What date do the admirers of {subject} celebrate?
        ? On which date is a feast held in honor of {subject}?
        ? Name the day on which the friends of {subject} meet.
    """,
}
