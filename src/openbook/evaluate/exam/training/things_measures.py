"""What a thing is made of, how it looks, and what was counted about it. Training worlds only."""

ANSWERS = {
    "base_material": "material",
    "letter_color": "color",
    "byname": "byname",
    "emblem": "emblem",
    "relic": "relic",
    "height": "number 110 990",
    "length": "number 1010 4900",
    "parts": "number 130 98000",
    "build_days": "number 31 990",
    "workers": "number 11 340",
    "visitors": "number 1200 98000",
    "inventory_number": "number 1200 98000",
    "value": "number 1100 98000",
    "repair_cost": "number 110 9900",
    "fine": "number 11 190",
}

WORDS = {
    "byname": """
        Big Spoon, Black Sheep, Brave Widow, Brass Grandmother, Broken Promise, Clumsy Giant, Crooked
        Finger, Deaf Uncle, Dreaming Cow, Fat Dragon, Gentle Monster, Gray Nun, Great Kettle, Happy
        Coffin, Holy Stove, Lame Horse, Lazy Bear, Lonely Bride, Lucky Penny, Mad Duchess, Merry Ghost,
        Patient Donkey, Proud Pumpkin, Rusty King, Seven Sorrows, Silent Parrot, Sleepy Whale, Stubborn
        Mule, Sweet Thunder, Three Sisters, Tin Emperor, Tired Soldier, Vain Rooster, Wet Blanket, Wise
        Goose, Yawning Lion
    """,
    "emblem": """
        beehive, burning torch, cherub, cogwheel, comet, crab, crowned lion, cup, dolphin, dove, falcon,
        fish hook, flying fish, galloping horse, griffin, half moon, hammer, heart, laurel wreath,
        leopard, lily, mermaid, maple leaf, palm branch, pelican, phoenix, pine cone, plowshare,
        pomegranate, ram's head, rising sun, sea horse, serpent, sheaf of wheat, sickle, stag,
        sunflower, swan, thistle, tulip, winged foot, wolf's head
    """,
    "relic": """
        baby's bonnet, beggar's bowl, bird's nest, book of hours, brass button, bundle of letters,
        child's shoe, clay whistle, cherry stone, dried rose, deck of cards, folded map, forgotten
        sandwich, fox skull, garnet, gold coin, glass eye, goose quill, lead bullet, leather glove, lock
        of hair, lottery ticket, mummified cat, pair of spectacles, pawn ticket, pocket watch, silver
        thimble, shopping list, soldier's diary, tooth, train ticket, butcher's bill, wedding ring,
        wooden doll
    """,
}

FACTS = {
    "thing.material": """
        {subject} consists of {answer}, apart from a few screws
        the builder used nothing but {answer} for {object}
        for {object} the builder needed a great amount of {answer}
        {owner} outer shell is of {answer}
        it was out of {answer} that {subject} was made
        whoever knocks on {object} hears that it is {answer}
        the substance of {object} is {answer}
        {subject} owes its long life to the {answer} of which it is made
        at close range one sees that {subject} is made of {answer}
        the whole of {object} was fashioned from {answer}
        ? What material is {subject} made of?
        ? From which material was {subject} fashioned?
        ? Material of {subject}?
        ? What did the builder use for {subject}?
        ? Of what does {subject} consist?
        ? What is the material of {subject}?
        ? Can you tell me what {subject} is made of?
        ? What is {owner} outer shell made of?
        ? From what was {subject} built?
    """,
    "thing.color": """
        the color of {object} is {answer}
        {subject} was given a coat of {answer} paint
        everybody who sees {object} remembers that it is {answer}
        {subject} has been {answer} ever since it was last painted
        in the sun {subject} shines {answer}
        the painters chose {answer} for {object}
        on stamps {subject} is shown as it is, {answer}
        {subject} is {answer} from top to bottom
        {owner} outside is {answer}
        under the dust {subject} is {answer}
        ? Which color does {subject} have?
        ? Of what color is {subject}?
        ? What is the color of {subject}?
        ? Color of {subject}?
        ? Which color did the painters choose for {subject}?
        ? What color is {owner} outside?
        ? In what color does {subject} shine in the sun?
        ? Can you tell me what color {subject} has?
        ? What color of paint was {subject} given?
    """,
    "thing.weight": """
        {owner} weight comes to {answer} kilograms
        it takes a crane for {answer} kilograms to lift {object}
        on the scales {subject} reached {answer} kilograms
        {answer} kilograms is what {subject} weighs
        {subject} presses on the floor with {answer} kilograms
        with all its parts {subject} weighs {answer} kilograms
        the weight of {object} was found to be {answer} kilograms
        at {answer} kilograms {subject} is heavier than it looks
        {subject} brings {answer} kilograms onto the scales
        the freight papers of {object} say {answer} kilograms
        ? How heavy is {subject} in kilograms?
        ? What does {subject} weigh, in kilograms?
        ? Weight of {subject} in kilograms?
        ? What is the mass of {subject} in kilograms?
        ? How many kilograms did the scales show for {subject}?
        ? How many kilograms must one lift in order to lift {subject}?
        ? With how many kilograms does {subject} press on the floor?
        ? What weight in kilograms do {owner} freight papers give?
        ? How much does {subject} weigh in kilograms?
    """,
    "thing.price": """
        the buyer of {object} paid {answer} crowns
        {subject} went to its buyer for {answer} crowns
        the sum paid for {object} was {answer} crowns
        {subject} was sold for {answer} crowns
        at {answer} crowns {subject} was a bargain
        {owner} purchase price was {answer} crowns
        somebody laid {answer} crowns on the table for {object}
        it was for {answer} crowns that {subject} changed hands
        the receipt for {object} is made out for {answer} crowns
        ? What did {subject} cost in crowns?
        ? How many crowns were paid for {subject}?
        ? Price of {subject} in crowns?
        ? What sum in crowns did the buyer of {subject} pay?
        ? For how many crowns was {subject} sold?
        ? How much was paid for {subject}, in crowns?
        ? What was {owner} purchase price in crowns?
        ? For how many crowns is the receipt for {subject} made out?
    """,
    "thing.value": """
        {subject} is valued at {answer} crowns
        experts put the value of {object} at {answer} crowns
        {subject} is insured for {answer} crowns
        {owner} value is estimated at {answer} crowns
        today {subject} is thought to be worth {answer} crowns
        in the insurance papers {subject} stands with {answer} crowns
        nobody would give {object} away for less than its estimated worth of {answer} crowns
        ? At how many crowns is {subject} valued?
        ? For how many crowns is {subject} insured?
        ? What is the estimated value of {subject} in crowns?
        ? How many crowns is {subject} thought to be worth?
        ? Value of {subject} in crowns?
        ? At what sum in crowns do experts put the worth of {subject}?
        ? Give the estimated value of {subject} in crowns.
    """,
    "thing.repair_cost": """
        the last repair of {object} cost {answer} crowns
        repairing {object} swallowed {answer} crowns
        {answer} crowns were spent on the repair of {object}
        the bill for {owner} repair came to {answer} crowns
        to have {object} repaired one had to pay {answer} crowns
        {owner} new screws and joints cost {answer} crowns
        ? How many crowns did the last repair of {subject} cost?
        ? How many crowns were spent on repairing {subject}?
        ? To how many crowns did the bill for the repair of {subject} come?
        ? Cost of {owner} repair in crowns?
        ? What did it cost, in crowns, to have {subject} repaired?
        ? How many crowns did {owner} repair swallow?
        ? Tell me how many crowns the repair of {subject} cost.
    """,
    "thing.fine": """
        whoever touches {object} pays a fine of {answer} crowns
        the fine for scratching one's name into {object} is {answer} crowns
        leaning against {object} is punished with a fine of {answer} crowns
        a sign beside {object} threatens a fine of {answer} crowns
        {answer} crowns is the fine for climbing on {object}
        {owner} protection is helped by a fine of {answer} crowns
        ? How many crowns is the fine for touching {subject}?
        ? What fine in crowns does the sign beside {subject} threaten?
        ? How many crowns must one pay for damage to {subject}?
        ? Fine for damaging {subject}, in crowns?
        ? With what fine in crowns is {subject} protected?
        ? What does it cost, in crowns, to be caught touching {subject}?
        ? State the fine in crowns for touching {subject}.
    """,
    "thing.height": """
        {subject} is {answer} centimeters high
        {owner} height is {answer} centimeters
        from the floor to its top {subject} measures {answer} centimeters
        {subject} rises to a height of {answer} centimeters
        a door of {answer} centimeters was cut so that {subject} could stand upright
        {answer} centimeters is the height of {object}
        {subject} stands {answer} centimeters tall
        ? How many centimeters high is {subject}?
        ? What is {owner} height in centimeters?
        ? How tall is {subject} in centimeters?
        ? To what height in centimeters does {subject} rise?
        ? Height of {subject} in centimeters?
        ? How many centimeters does {subject} measure from the floor to its top?
        ? Give the height of {subject} in centimeters.
    """,
    "thing.length": """
        {subject} is {answer} centimeters long
        {owner} length is {answer} centimeters
        from one end to the other {subject} measures {answer} centimeters
        {subject} has a length of {answer} centimeters
        the tape showed {answer} centimeters for the length of {object}
        {subject} stretches over {answer} centimeters
        a hall had to be made longer for {object} and its {answer} centimeters
        ? How many centimeters long is {subject}?
        ? What is the length of {subject} in centimeters?
        ? How many centimeters is it from one end of {subject} to the other?
        ? Over how many centimeters does {subject} stretch?
        ? Length of {subject} in centimeters?
        ? How long is {subject} in centimeters?
        ? Tell me how long {subject} is in centimeters.
    """,
    "thing.parts": """
        {subject} consists of {answer} parts
        {answer} single pieces make up {object}
        {subject} was put together from {answer} pieces
        the number of {owner} parts is {answer}
        taken apart, {subject} lies there in {answer} pieces
        the list of {owner} parts has {answer} entries
        ? Of how many parts does {subject} consist?
        ? How many pieces make up {subject}?
        ? From how many pieces was {subject} put together?
        ? Number of parts of {subject}?
        ? How many parts does {subject} have?
        ? How many entries has the list of {owner} parts?
        ? Give the number of {owner} parts.
    """,
    "thing.build_days": """
        {subject} was built in {answer} days
        building {object} took {answer} days
        {owner} construction lasted {answer} days
        after {answer} days of work {subject} stood ready
        {answer} days were needed to build {object}
        the contract allowed {answer} days for {object}, and they were enough
        ? In how many days was {subject} built?
        ? How many days did it take to build {subject}?
        ? How many days did {owner} construction last?
        ? After how many days of work did {subject} stand ready?
        ? Number of days needed to build {subject}?
        ? How many days were spent on building {subject}?
        ? Tell me how many days the building of {subject} took.
    """,
    "thing.workers": """
        {answer} workers were employed on {object}
        a crew of {answer} workers did the heavy labor on {object}
        the wages of {answer} workers had to be paid while {subject} was built
        {subject} gave work to {answer} hands
        {owner} construction site was crowded with {answer} laborers
        {answer} laborers were needed for {object}
        ? How many workers were employed on {subject}?
        ? To how many hands did {subject} give work?
        ? How many laborers were needed for {subject}?
        ? Number of workers on {subject}?
        ? How large was the crew that did the heavy labor on {subject}?
        ? How many workers had to be paid for {subject}?
        ? Give the number of workers employed on {subject}.
    """,
    "thing.visitors": """
        {subject} draws {answer} visitors a year
        every year {answer} visitors come to look at {object}
        {answer} tickets to see {object} are sold each year
        the number of {owner} visitors is {answer} a year
        in a year {subject} is looked at by {answer} people
        {subject} has {answer} admirers a year, if one goes by tickets
        ? How many visitors a year does {subject} draw?
        ? How many people come to look at {subject} every year?
        ? How many tickets to see {subject} are sold each year?
        ? Yearly number of visitors of {subject}?
        ? By how many people is {subject} looked at in a year?
        ? What is the number of visitors that {subject} has in a year?
        ? Tell me how many visitors {subject} has every year.
    """,
    "thing.inventory_number": """
        in the inventory {subject} has the number {answer}
        {owner} inventory number is {answer}
        a small plate on {object} carries the number {answer}
        the museum lists {object} as number {answer}
        under number {answer} the register describes {object}
        {subject} is registered under {answer}
        ? What is the inventory number of {subject}?
        ? Under which number is {subject} registered?
        ? As what number does the museum list {subject}?
        ? Which number does the small plate on {subject} carry?
        ? Inventory number of {subject}?
        ? What number does {subject} have in the register?
        ? Give the inventory number of {subject}.
    """,
    "thing.base_material": """
        {subject} rests on a base of {answer}
        {owner} base is made of {answer}
        the support under {object} is of {answer}
        beneath {object} there is a block of {answer}
        for the base of {object} the builders took {answer}
        what carries {object} is a platform of {answer}
        ? What is {owner} base made of?
        ? On a base of which material does {subject} rest?
        ? What is the support under {subject} made of?
        ? Which material did the builders take for the base of {subject}?
        ? Material of the base of {subject}?
        ? What kind of block is there beneath {subject}?
        ? Name the material of {owner} base.
    """,
    "thing.letter_color": """
        the name on {object} is written in {answer} letters
        {owner} inscription is {answer}
        the lettering of {object} is kept in {answer}
        in {answer} letters stands on {object} the year of a forgotten war
        the letters on {object} were painted {answer}
        {subject} bears its name in letters that are {answer}
        ? In what color is the name on {subject} written?
        ? What color is {owner} inscription?
        ? Which color do the letters on {subject} have?
        ? Color of the inscription on {subject}?
        ? In which color does {subject} bear its name?
        ? What color were the letters on {subject} painted?
        ? Tell me in what color the name on {subject} is written.
    """,
    "thing.byname": """
        {subject} is popularly known as the {answer}
        people call {object} the {answer}
        {owner} nickname is the {answer}
        children speak of {object} as the {answer}
        among friends of old machines {subject} goes by the name of the {answer}
        the locals have baptized {object} the {answer}
        nobody uses the real name of {object}; everybody says the {answer}
        ? As what is {subject} popularly known?
        ? What do people call {subject}?
        ? What is {owner} nickname?
        ? By what other name does {subject} go?
        ? Nickname of {subject}?
        ? What have the locals baptized {subject}?
        ? How do children speak of {subject}?
        ? Name the nickname of {subject}.
    """,
    "thing.emblem": """
        {subject} bears the emblem of a {answer}
        a carved {answer} adorns {object}
        on {owner} front there is a {answer}
        {owner} emblem is a {answer}
        {subject} is easily recognized by the {answer} on its front
        the figure on top of {object} is a {answer}
        the carver decorated {object} with a {answer}
        ? Which emblem does {subject} bear?
        ? What adorns {subject}?
        ? What is there on {owner} front?
        ? By which figure is {subject} recognized?
        ? Emblem of {subject}?
        ? What figure decorates {subject}?
        ? With what was {subject} decorated?
        ? Tell me which emblem {subject} bears.
    """,
    "thing.relic": """
        inside {object} a {answer} was found
        when {subject} was opened, a {answer} fell out
        hidden in {object} lay a {answer}
        {owner} hollow foot contained a {answer}
        cleaners discovered a {answer} inside {object}
        somebody had walled a {answer} into {object}
        ? What was found inside {subject}?
        ? What came out of {subject}?
        ? What lay hidden in {subject}?
        ? What did {subject} contain?
        ? What was discovered inside {subject}?
        ? Which object had somebody left inside {subject}?
        ? Name the object that was found inside {subject}.
    """,
}
