"""Of people's work and learning: schools, masters and rivals, prizes, wages, what they spoke and studied."""

ANSWERS = {
    "workplace": "place",
    "school_place": "place",
    "employer": "person",
    "student": "person",
    "rival": "person",
    "biographer": "person",
    "partner": "person",
    "retirement_year": "year 1781 1950",
    "prize": "prize",
    "language": "language",
    "subject": "subject",
    "game": "game",
    "wages": "number 210 9800",
    "books_owned": "number 110 9900",
}

WORDS = {
    "prize": """
        Bronze Acorn, Bronze Compass, Copper Thimble, Crystal Bell, Founders' Prize, Golden Beehive,
        Golden Feather, Golden Key, Golden Plow, Governor's Medal, Green Ribbon, Harvest Medal, Jade Turtle,
        Jubilee Cross, Laurel Medal, Marble Hand, Merchants' Cup, Miners' Star, Pearl Cross, People's Prize,
        Purple Sash, Queen's Ribbon, Red Lion Medal, Ruby Star, Sailors' Cross, Sapphire Cup, Silver Bough,
        Silver Falcon, Silver Oak, Silver Quill, Silver Spade, Silver Trowel, Steel Hammer, Velvet Collar,
        Weavers' Prize, White Swan Medal, Wreath of Honor
    """,
    "language": """
        Basque, Bengali, Breton, Bulgarian, Catalan, Chinese, Cornish, Croatian, Czech, Danish, Dutch,
        Faroese, Finnish, Frisian, Galician, Georgian, German, Greek, Hebrew, Hindi, Hungarian, Japanese,
        Korean, Latin, Latvian, Lithuanian, Maltese, Mongolian, Norwegian, Persian, Polish, Portuguese,
        Quechua, Romanian, Russian, Sanskrit, Serbian, Slovak, Spanish, Swahili, Swedish, Tamil, Tibetan,
        Turkish, Vietnamese, Welsh, Yiddish
    """,
    "subject": """
        ballistics, botany, calculus, canon law, chemistry, divinity, forestry, geography, geology, geometry,
        heraldry, hydraulics, jurisprudence, linguistics, logic, mathematics, mechanics, medicine, metallurgy,
        meteorology, mineralogy, music theory, navigation, pharmacy, philosophy, phonetics, physics, poetics,
        rhetoric, statistics, theology, topography, veterinary science, zoology
    """,
    "game": """
        backgammon, badminton, billiards, bowls, canasta, checkers, chess, cribbage, cricket, croquet,
        curling, darts, dominoes, football, golf, handball, hide-and-seek, hopscotch, lawn tennis, leapfrog,
        lotto, ninepins, piquet, poker, quoits, rummy, shuffleboard, skittles, table tennis, volleyball,
        water polo, whist
    """,
}

FACTS = {
    "person.workplace": """
        {subject} went to work in {answer}
        {owner} workshop was in {answer}
        {answer} was where {subject} worked
        every morning {subject} took the coach to {answer}, where the day's work was waiting
        {subject} had a post in {answer}
        customers of {object} had to come to {answer}
        for thirty years {subject} did business in {answer}
        ? Where did {subject} work?
        ? In which town was {owner} workshop?
        ? Where did {subject} have a post?
        ? To which place did {subject} take the coach every morning?
        ? In what place did {subject} do business?
        ? Place of work of {subject}?
        ? Where did customers of {subject} have to come?
    """,
    "person.school_place": """
        {subject} went to school in {answer}
        {owner} school stood in {answer}
        {subject} learned reading and writing in a school in {answer}
        the classroom in which {subject} had a bench can still be seen in {answer}
        {answer} is where {subject} attended school
        as a pupil {subject} boarded with an aunt in {answer}
        ? Where did {subject} go to school?
        ? In which town was {owner} school?
        ? Where did {subject} learn reading and writing?
        ? What place did {subject} live in as a pupil?
        ? In which town did {subject} attend school?
        ? School town of {subject}?
    """,
    "person.employer": """
        {subject} was employed by {answer}
        {owner} employer was {answer}
        {answer} gave work to {object}
        {subject} was in the service of {answer}
        at the end of each month {answer} paid {object}
        {subject} took orders from nobody but {answer}
        ? Who employed {subject}?
        ? Who was {owner} employer?
        ? In whose service was {subject}?
        ? Whom did {subject} work for?
        ? From whom did {subject} take orders?
        ? By whom was {subject} paid at the end of each month?
        ? Employer of {subject}?
    """,
    "person.student": """
        {subject} taught {answer}
        {owner} most gifted pupil was {answer}
        {answer} was trained by {object}
        {subject} passed on every skill to {answer}
        {answer} learned the trade from {object}
        among those who sat at {owner} feet was {answer}
        ? Whom did {subject} teach?
        ? Who was {owner} most gifted pupil?
        ? Who learned the trade from {subject}?
        ? Who was trained by {subject}?
        ? To whom did {subject} pass on every skill?
        ? Pupil of {subject}?
    """,
    "person.rival": """
        {owner} bitter rival was {answer}
        {subject} hated nobody as much as {answer}
        {subject} competed with {answer} for every order
        {answer} was a thorn in {owner} side
        between {object} and {answer} there was open war
        all life long {subject} tried to outdo {answer}
        ? Who was {owner} bitter rival?
        ? Whom did {subject} hate most?
        ? With whom did {subject} compete?
        ? Who was a thorn in {owner} side?
        ? Whom did {subject} try to outdo?
        ? Enemy of {subject}?
    """,
    "person.biographer": """
        {answer} wrote the life of {object}
        {owner} biographer was {answer}
        the standard biography of {object} is by {answer}
        {subject} found a biographer in {answer}
        all that is known of {object} today was put together by {answer}, the biographer
        a thick book by {answer} tells {owner} life
        ? Who wrote the life of {subject}?
        ? Who was {owner} biographer?
        ? By whom is the standard biography of {subject}?
        ? In whom did {subject} find a biographer?
        ? Author of a book on {owner} life?
        ? Whose book tells {owner} life?
    """,
    "person.partner": """
        {subject} ran a shop together with {answer}
        {owner} business partner was {answer}
        {answer} and {object} shared the profits of one firm
        {subject} founded a company with {answer}
        half of {owner} firm belonged to {answer}
        in business {subject} relied on {answer} as a partner
        ? With whom did {subject} run a shop?
        ? Who was {owner} business partner?
        ? To whom did half of {owner} firm belong?
        ? Who founded a company together with {subject}?
        ? With whom did {subject} share the profits?
        ? Business partner of {subject}?
    """,
    "person.retirement_year": """
        {subject} retired in {answer}
        {subject} stopped working in {answer}
        {owner} last day at work was in {answer}
        in {answer} {subject} put the tools away for good
        {answer} was the year of {owner} retirement
        {subject} drew a pension from {answer} on
        ? When did {subject} retire?
        ? In what year did {subject} stop working?
        ? When was {owner} last day at work?
        ? From which year on did {subject} draw a pension?
        ? Year of {owner} retirement?
        ? When did {subject} put the tools away for good?
    """,
    "person.prize": """
        {subject} was awarded the {answer}
        {subject} received the {answer} for outstanding merit
        the {answer} was given to {object}
        {owner} proudest possession was the {answer}, an honor given to few
        {subject} won the {answer} against strong competition
        with the {answer} {subject} was honored late in life
        ? What prize was {subject} awarded?
        ? Which honor did {subject} receive?
        ? What did {subject} win against strong competition?
        ? Which award was given to {subject}?
        ? With what was {subject} honored late in life?
        ? Award of {subject}?
    """,
    "person.language": """
        {subject} spoke {answer} without an accent
        besides the mother tongue {subject} knew only {answer}
        {subject} kept a diary in {answer}
        {owner} second language was {answer}
        {subject} taught {answer} to the children of the street
        the foreign language that {subject} had learned was {answer}
        ? Which foreign language did {subject} speak?
        ? What was {owner} second language?
        ? In what language did {subject} keep a diary?
        ? Which language did {subject} know besides the mother tongue?
        ? What language had {subject} learned?
        ? Second language of {subject}?
    """,
    "person.subject": """
        {subject} studied {answer} at the university
        {owner} subject at the university was {answer}
        {subject} took a degree in {answer}
        as a student {subject} attended lectures on {answer}
        {subject} wrote a thesis on a question of {answer}
        for three years {subject} devoted every hour to the study of {answer}
        ? What did {subject} study at the university?
        ? In what did {subject} take a degree?
        ? Which subject did {subject} attend lectures on?
        ? What was {owner} thesis on, which subject?
        ? To the study of what did {subject} devote every hour?
        ? Field of study of {subject}?
    """,
    "person.game": """
        {subject} was fond of a game of {answer}
        {owner} favorite game was {answer}
        nobody in the village could beat {object} at {answer}
        {subject} spent every free hour playing {answer}
        {subject} won money at {answer}
        when {subject} invited friends, {answer} was played until midnight
        ? What game did {subject} like to play?
        ? What was {owner} favorite game?
        ? At what could nobody beat {subject}?
        ? With which game did {subject} spend every free hour?
        ? At which game did {subject} win money?
        ? Favorite pastime of {subject}?
    """,
    "person.wages": """
        {subject} earned {answer} crowns a year
        {owner} yearly wages were {answer} crowns
        {answer} crowns a year were paid to {object}
        the account books show {answer} crowns a year as the pay of {object}
        {subject} made a yearly income of {answer} crowns
        for {answer} crowns a year {subject} worked from dawn to dusk
        ? How many crowns a year did {subject} earn?
        ? What were {owner} yearly wages?
        ? How much was {subject} paid a year?
        ? What yearly income did {subject} make?
        ? For how many crowns a year did {subject} work?
        ? Yearly pay of {subject} in crowns?
    """,
    "person.books_owned": """
        {subject} owned {answer} books
        {owner} library held {answer} volumes
        {answer} books stood on the shelves of {object}
        {subject} brought together a library of {answer} volumes
        an inventory of {owner} house lists {answer} books
        to read all {answer} books of the library {subject} would have needed a second life
        ? How many books did {subject} own?
        ? How many volumes did {owner} library hold?
        ? What number of books stood on {owner} shelves?
        ? How large was the library of {subject}?
        ? How many books does the inventory of {owner} house list?
        ? Number of books owned by {subject}?
    """,
}
