"""Of people: further wordings of what the exam's worlds say of them too."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "person.birthplace": """
        a house in {answer} still bears a sign saying that {subject} was born there
        {answer} was the birthplace of {object}
        by birth {subject} belonged to {answer}
        {owner} cradle stood in {answer}
        the midwife who brought {object} into the world had her practice in {answer}
        {subject}, a native of {answer}, never lost the accent of that town
        the town that can call {object} its own child is {answer}
        {answer} is named as {owner} place of birth in every passport
        {owner} parents were living in {answer} when the child arrived
        ? What is the birthplace of {subject}?
        ? Of which place is {subject} a native?
        ? In what town did {owner} life begin?
        ? Where did {owner} cradle stand?
        ? Which place does {owner} passport give as the place of birth?
        ? What town does {subject} come from by birth?
        ? Birthplace of {subject}?
        ? Do you know where {subject} was born?
        ? Name the town in which {subject} was born.
        ? Where were {owner} parents living when the child arrived?
    """,
    "person.birth_year": """
        {subject} first drew breath in {answer}
        the parish book enters {owner} birth under the year {answer}
        {answer} was the year in which {subject} was born
        {subject}, born in {answer}, was the youngest of the family
        it was in {answer} that {subject} came into the world
        {owner} mother was nineteen when the child was born in {answer}
        as a child of {answer} {subject} grew up with stories of better days
        the date on {owner} birth certificate belongs to {answer}
        ? What year was {subject} born in?
        ? Which year does the parish book give for {owner} birth?
        ? In which year did {owner} life begin?
        ? Year of birth of {subject}?
        ? Do you know in what year {subject} was born?
        ? Since when had {subject} been in the world?
        ? From which year is {owner} birth certificate?
        ? Tell me the year in which {subject} came into the world.
        ? Of what year was {subject} a child?
    """,
    "person.death_year": """
        {subject} passed away in {answer}, in the middle of the harvest
        {answer} was the year in which {subject} died
        the funeral of {object} took place in {answer}
        {subject} breathed the last breath in {answer}
        it was not until {answer} that death came for {object}
        {owner} last year was {answer}
        {answer} brought the end of {owner} long life
        {subject}, who died in {answer}, left no debts
        the newspapers printed {owner} obituary in {answer}
        ? When did {owner} life end?
        ? In what year was {owner} funeral?
        ? Which year saw the end of {owner} life?
        ? Year of death of {subject}?
        ? When was {owner} obituary printed?
        ? Do you know in which year {subject} died?
        ? What is the year of {owner} death?
        ? Which was the last year of {owner} life?
        ? Tell me the year in which {subject} passed away.
    """,
    "person.occupation": """
        {subject} was a {answer} like nobody else in the region
        {subject} had learned the trade of a {answer}
        in official papers {subject} is called a {answer}
        anyone in need of a {answer} went to {object}
        {owner} daily bread came from working as a {answer}
        what {subject} did all day was the work of a {answer}
        {subject} spent forty years as a {answer}
        the sign above {owner} door announced a {answer}
        {subject} passed the examination and became a {answer}
        {owner} profession, that of a {answer}, was not a rich one
        {subject} earned every penny in the trade of a {answer}
        ? What was {subject} by profession?
        ? Which trade had {subject} learned?
        ? How did {subject} earn money?
        ? What was the job of {subject}?
        ? What does the sign above {owner} door announce?
        ? What kind of work did {subject} do all day?
        ? Occupation of {subject}?
        ? By what work did {subject} earn the daily bread?
        ? What did {subject} become after passing the examination?
        ? What do official papers call {subject}?
        ? Tell me what {subject} did for a living.
    """,
    "person.spouse": """
        {subject} exchanged rings with {answer}
        {owner} spouse was {answer}
        {answer} became the spouse of {object}
        {subject} shared table and bed with {answer}
        {subject} said yes when {answer} proposed
        {subject} led {answer} to the altar
        it was {answer} whom {subject} married
        in the register of marriages {owner} name stands beside that of {answer}
        {answer} and {object} were joined in marriage by the old priest
        {subject} fell in love with {answer}, and a wedding followed within the year
        in marriage {subject} was bound to {answer}
        ? Who exchanged rings with {subject}?
        ? What was the name of {owner} spouse?
        ? With whom did {subject} share table and bed?
        ? Who became the husband or wife of {subject}?
        ? Whom did {subject} lead to the altar?
        ? To whom was {subject} married?
        ? Spouse of {subject}?
        ? Do you know who was married to {subject}?
        ? Name the person whom {subject} married.
        ? Whose marriage proposal did {subject} accept?
    """,
    "person.teacher": """
        {answer} was the teacher of {object}
        all that {subject} knew had been explained by {answer}
        as a young apprentice {subject} was put in the care of {answer}
        {answer} gave lessons to {object} for seven years
        it was {answer} who taught {object} to think
        {subject} never forgot the lessons of {answer}
        the person from whom {subject} learned the most was {answer}
        {owner} master during the years of study was {answer}
        {answer} instructed {object} without asking for money
        ? From whom did {subject} learn the most?
        ? Who gave lessons to {subject}?
        ? By whom was {subject} taught?
        ? What was the name of {owner} teacher?
        ? Whose lessons did {subject} never forget?
        ? Teacher of {subject}?
        ? Who was {owner} master during the years of study?
        ? Do you know who taught {subject}?
    """,
    "person.instrument": """
        {subject} was never far from a {answer}
        {owner} fingers were made for the {answer}
        in the orchestra {subject} played the {answer}
        the instrument that {subject} had mastered was the {answer}
        {subject} took up the {answer} at the age of six
        {subject} practiced the {answer} behind closed windows
        at weddings {subject} brought out the {answer} and played until midnight
        the only music in {owner} house came from a {answer}
        {subject} made extra money by teaching the {answer}
        of all instruments {subject} loved the {answer} best
        {subject} performed on the {answer} before large audiences
        ? What instrument did {subject} play?
        ? Which musical instrument had {subject} mastered?
        ? What did {subject} practice behind closed windows?
        ? What did {subject} bring out at weddings?
        ? Which instrument did {subject} take up as a child?
        ? Instrument of {subject}?
        ? What did {subject} make music with?
        ? What was the instrument of {subject} in the orchestra?
        ? Which instrument did {subject} love best?
        ? Do you know what {subject} played?
    """,
    "person.residence": """
        {subject} dwelt in {answer} for most of a lifetime
        {subject} was at home in {answer}
        letters to {object} had to be addressed to {answer}
        {owner} address was a narrow house in {answer}
        {answer} was where {subject} lived
        {subject} rented rooms in {answer} and stayed there
        {subject} moved to {answer} and never moved away again
        the people of {answer} had {object} as a neighbor
        {subject} paid taxes as a resident of {answer}
        the house in which {subject} lived still stands in {answer}
        every evening {subject} returned to {answer}, where a warm stove was waiting
        ? In what town did {subject} live?
        ? Where was {subject} at home?
        ? Where was {owner} residence?
        ? What place did {subject} move to and never leave?
        ? To which town were letters to {subject} addressed?
        ? Of what place was {subject} a resident?
        ? Where does the house in which {subject} lived stand?
        ? Residence of {subject}?
        ? Do you know where {subject} lived?
        ? The people of which town had {subject} as a neighbor?
        ? Name the town in which {subject} had a home.
    """,
    "person.collected": """
        {owner} shelves were full of {answer}
        {subject} spent all savings on {answer}
        {subject} left the museum a collection of {answer}
        wherever {subject} traveled, {answer} were bought for the collection
        friends knew to bring {object} {answer} as a present
        {subject} was a collector of {answer}
        nobody owned more {answer} than {object}
        one room of {owner} house held nothing but {answer}
        {subject} could not walk past {answer} without buying some
        {subject} was crazy about {answer} and kept hundreds of them
        what {subject} collected all along were {answer}
        ? What were {owner} shelves full of?
        ? What did friends bring {subject} as a present?
        ? On what did {subject} spend all savings?
        ? What things did {subject} collect?
        ? What did {subject} leave the museum?
        ? Of what did nobody own more than {subject}?
        ? What was {subject} crazy about?
        ? What collection did {subject} have?
        ? Which objects filled a room of {owner} house?
        ? What could {subject} not walk past without buying some?
    """,
}
