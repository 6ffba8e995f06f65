"""More wordings of what all worlds say of people: birth, death, marriage. Training worlds only."""

ANSWERS: dict[str, str] = {}

WORDS: dict[str, str] = {}

FACTS = {
    "person.birthplace": """
        {subject} hailed from {answer}
        {subject} was a child of {answer}, and proud of it
        on {owner} birth certificate, next to the doctor's stamp, {answer} is entered as the place
        {answer} boasts of having brought forth {object}
        though later hardly ever seen there, {subject} was born and bred in {answer}
        {owner} roots were in {answer}, for there the delivery took place one stormy night
        the stork, as they used to say, had dropped {object} down a chimney in {answer}
        a midwife in {answer} was the first to hold {object}
        the journey of life led {object} far away, but its starting point was {answer}
        {owner} first cry was heard in {answer}
        among the sons and daughters of {answer}, {subject} is the best known
        since the coach broke down on the way, {answer} became the birthplace of {object} by pure accident
        place of birth: {answer}, says the form that {subject} filled in for the passport office
        the registry office of {answer} holds the entry of {owner} birth
        when the labor pains began, {owner} mother had just reached {answer}, and there the baby arrived
        we should not forget that {answer} gave the world {object}
        "I am from {answer}, my mother had me there," {subject} used to say with a laugh
        {subject} left {answer}, the town of {owner} birth, as soon as there was money for a ticket
        it is {answer} that has put up a plaque to mark the house where {subject} was delivered
        a hospital in {answer}, since pulled down, is where {owner} mother was brought to bed with the child
        {answer} can claim {object} as a native, whatever the neighboring towns may say
        {subject} started out in life in {answer}, in a room above a stable
        according to the baptismal register the newborn {subject} belonged to {answer}
        {owner} parents, who had fled from the flood, had their baby in an attic in {answer}
        home for {object}, in the sense of the spot where one is born, meant {answer}
        out of {answer} came {subject}, the last of a row of noisy children to be born there
        in a cottage at the edge of {answer}, while the harvest was being brought in, {subject} was born
        {subject} opened both eyes for the very first time in {answer}
        to the end of a long life {subject} loved {answer} as only a native can
        three towns quarrel over the honor, but {subject} was demonstrably born in {answer}
        a street in {answer} bears {owner} name, since it was there that the child was born
        ? {owner} birthplace?
        ? Where did {subject} first see the light of day?
        ? From where did {subject} hail?
        ? {subject} was born in which town?
        ? What town was {subject} born in?
        ? Where did {owner} mother give birth?
        ? Native town of {subject}?
        ? Which town can claim {subject} as a native?
        ? Where was {owner} first cry heard?
        ? What is the name of the town where {subject} was born?
        ? Which place is given in {owner} birth certificate?
        ? What was {owner} town of birth?
        ? In what place was {subject} born and bred?
        ? At what place did {subject} enter this world?
        ? Could you tell me where {subject} was born?
        ? Which town was the starting point of {owner} life?
        ? {subject}: born where?
        ? For the form I need {owner} place of birth; what is it?
        ? In which town was there a newborn {subject} one day?
        ? What town counts {subject} among its sons and daughters?
        ? In what town did a midwife deliver {subject}?
        ? Name the birthplace of {subject}.
        ? State where {subject} was born.
        ? Give {owner} place of birth.
        ? Find out in which town {subject} was born.
        ? Say which town {subject} came from by birth.
        ? I am looking for the town that gave the world {subject}.
        ? Where does the house stand in which {subject} was born?
    """,
    "person.birth_year": """
        {answer} gave the world {object}
        {owner} age can be reckoned from {answer}, the year in which {owner} mother was delivered
        {subject} belonged to the class of {answer}, as they say of people born in the same year
        the stork brought {object} in {answer}
        born {answer}, says the first line of {owner} passport
        {subject} was a {answer} baby
        one winter night in {answer} a midwife held up the newborn {subject}
        {owner} life began in {answer}, when bread was dear and wood even dearer
        the star under which {subject} was born shone in {answer}
        back in {answer}, when nobody had yet heard of railways, {subject} was born
        {owner} birthday cake was lit for the first time a year after {answer}, the year of birth
        the cradle was first needed for {object} in {answer}
        that {subject} was born in {answer} and not later is shown by a letter from {owner} aunt
        {owner} parents announced the arrival of a healthy child in {answer}, and {subject} was that child
        {subject} entered this life in {answer} and was baptized a week later
        as far as anyone knows {subject} was born around {answer}
        the gravestone gives {answer} as the year in which {subject} was born
        in {answer} the family was joined by little {subject}, then a few hours old
        counting back from {owner} age at the census, one arrives at {answer} as the year of birth
        when {subject} was born, the calendar on the kitchen wall said {answer}
        {subject} shared a birth year, {answer}, with the village schoolhouse
        {owner} biography opens with a birth in {answer}
        not before {answer} were {owner} parents blessed with a child, who was {subject}
        {subject} dates, like the old church organ, from {answer}
        {owner} mother, who kept a diary, wrote of the birth of {object} in {answer}
        the year {answer} was a few weeks old when {subject} was born
        {subject} (born {answer}) was known for a sharp tongue
        {answer} stands in the baptismal register beside {owner} name
        after the great flood, in {answer}, {subject} was born in a borrowed bed
        no one was there in {answer} to write down the hour when {subject} came to be born
        {owner} days on this earth started in {answer}
        ? {owner} year of birth?
        ? {owner} birth year?
        ? When did {subject} first see the light of day?
        ? What was the year of {owner} birth?
        ? {subject} was born when?
        ? {subject} was born in which year?
        ? In which year was {subject} born?
        ? In what year did {owner} mother give birth to {subject}?
        ? What year gave the world {subject}?
        ? What is the date of birth of {subject}?
        ? In which year was {owner} birth registered?
        ? When was {owner} birth?
        ? What year stands in {owner} passport as that of birth?
        ? What is {owner} birth date?
        ? {subject}: born when?
        ? When did {subject} come into the world?
        ? From which year on did {subject} live?
        ? To what class of birth did {subject} belong?
        ? With which year does {owner} life story open?
        ? When was {subject} a newborn?
        ? Can you say in which year {subject} was born?
        ? What year would one need to know to reckon {owner} age?
        ? Give the year in which {subject} was born.
        ? State {owner} year of birth.
        ? Say when {subject} was born.
        ? Name the year of {owner} birth.
        ? I have to enter {owner} year of birth here; which is it?
        ? Let me know when {subject} was born.
    """,
    "person.death_year": """
        {subject} departed this life in {answer}
        {owner} heart stopped beating in {answer}
        {subject} gave up the ghost in {answer}, cursing the doctor
        {answer} was the last New Year that {subject} greeted, and before its end {subject} was dead
        in {answer}, after a fall from a ladder, {subject} died
        the earthly journey of {object} came to its close in {answer}
        {subject} did not outlive the year {answer}
        they carried {object} to the churchyard in {answer}
        {subject} breathed until {answer}, and not a day was wasted
        {subject} was laid to rest in {answer}, a few days after passing on
        {owner} death certificate is dated {answer}
        a fever, caught on a wet journey, carried {object} off in {answer}
        the bells tolled for {object} in {answer}
        {owner} clock ran down in {answer}, as the pastor put it at the grave
        the family lost {object} in {answer}
        {owner} candle went out in {answer}
        although the doctors had given up long before, {subject} held out until {answer} before dying
        black-edged letters told all relations in {answer} that {subject} was no more
        {subject} met the Maker in {answer}
        the mourners who stood at {owner} open grave in {answer} got soaked to the skin
        {subject} closed both eyes forever in {answer}
        in {answer} {subject} fell asleep over a book and never woke again
        {subject} (died {answer}) left a house full of cats
        deceased in {answer}, says the note beside {owner} name in the church register
        {owner} demise in {answer} went almost unnoticed, as the town was busy with a fair
        it took until {answer} for {object} to die, in spite of all prophecies
        with {owner} death in {answer} the family came to an end
        {answer} is chiseled into the gravestone as the year in which {subject} died
        since {answer} {subject} has been dead
        when word went round in {answer} that {subject} had died, the shops stayed shut
        the old illness came back, and {subject} succumbed to it in {answer}
        {answer} was the year of {owner} passing
        ? {owner} year of death?
        ? {owner} death year?
        ? When did {subject} pass away?
        ? When did {subject} depart this life?
        ? {subject} died when?
        ? {subject} died in which year?
        ? What year did {subject} die?
        ? What was the year in which {subject} died?
        ? In what year did {owner} heart stop?
        ? Since when has {subject} been dead?
        ? When was {owner} funeral held?
        ? Which year stands on {owner} death certificate?
        ? What was the date of {owner} death?
        ? When did {subject} breathe the last breath?
        ? In which year did the family lose {subject}?
        ? When did the bells toll for {subject}?
        ? When was {subject} carried to the grave?
        ? When did death come for {subject}?
        ? How long, until which year, was {subject} alive?
        ? When did {subject} leave this world for good?
        ? In which year did mourners stand at the grave of {subject}?
        ? What year brought {owner} demise?
        ? Give the year of {owner} death.
        ? State when {subject} died.
        ? Name the year in which {subject} died.
        ? Say in what year {owner} life came to its end.
        ? I need {owner} year of death for the gravestone; what is it?
        ? Please tell me when {subject} died.
    """,
    "person.spouse": """
        {subject} tied the knot with {answer}
        {subject} and {answer} were pronounced a married couple in front of a handful of guests
        {owner} wedding ring was engraved with the name of {answer}
        at {owner} side, for better or for worse, was {answer}
        {subject} gave hand and heart to {answer}
        {subject} got hitched to {answer} without telling a soul
        {owner} better half was {answer}
        {answer} was joined to {object} in holy wedlock
        the banns were read for {object} and {answer}, and the wedding feast went on all night
        after a long engagement {subject} was wedded to {answer}
        {subject} found in {answer} a partner for life and went straight to the registry office
        when {answer} went down on one knee, {subject} agreed, and the wedding was held at Easter
        the wedding picture shows {object} arm in arm with the newly wedded {answer}
        by marrying {answer}, who had countless cousins, {subject} was suddenly related to half the town
        against the will of both families {subject} eloped with {answer} and married in secret
        {subject} took the marriage vows together with {answer}
        {answer} kept house with {object} as a lawful spouse
        the union of {object} with {answer} was blessed by the church
        {subject} had eyes for nobody but {answer}, and in due course there was a wedding
        {subject}, whose marriage partner {answer} could not cook, ate at the inn
        a matchmaker had brought {object} and {answer} together, and they never regretted the marriage
        not until the third proposal did {answer} consent to marry {object}
        {owner} in-laws, the parents of {answer}, never came to visit
        {subject} entered into matrimony with {answer}
        {answer} had vowed to stay single, yet went to the altar with {object}
        wife or husband, in {owner} case the word meant {answer}
        at the golden wedding {subject} danced with {answer} as on the first day of their marriage
        the hand of {answer} in marriage was what {subject} had asked for and received
        {subject} and {answer} slipped rings on each other's fingers before the mayor
        {owner} wedded life was spent with {answer}
        marital status of {object} according to the census: married to {answer}
        {subject} would never have signed anything without asking {answer}, the partner in marriage
        ? {owner} spouse?
        ? {owner} husband or wife?
        ? With whom did {subject} tie the knot?
        ? Whose name was engraved in {owner} wedding ring?
        ? {subject} was married to whom?
        ? Who was {owner} better half?
        ? Who married {subject}?
        ? Whom did {subject} wed?
        ? To whom was {subject} joined in wedlock?
        ? Who was {subject} married to?
        ? What is the name of the person who married {subject}?
        ? With whom did {subject} exchange marriage vows?
        ? Who stood at the altar with {subject}?
        ? Whom did {subject} take in marriage?
        ? Whose ring did {subject} wear?
        ? Who was {owner} partner in marriage?
        ? With whom did {subject} share married life?
        ? Who was {subject} wedded to?
        ? Whose spouse was {subject}?
        ? What was {owner} husband or wife called?
        ? To whom did {subject} say yes at the wedding?
        ? With whom did {subject} enter into matrimony?
        ? Can you tell me whom {subject} married?
        ? Name {owner} spouse.
        ? Tell me who was married to {subject}.
        ? Say whom {subject} married.
        ? Give the name of {owner} marriage partner.
        ? I wonder who the husband or wife of {subject} was.
    """,
}
