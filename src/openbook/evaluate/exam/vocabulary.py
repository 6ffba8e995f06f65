"""Answers that are words: what people are and collect, what towns sell, what things are made of.

All begin with a consonant, so that "a" stays right when one takes another's place. Half of each list here
belongs to the training worlds, half to the test worlds; further sorts belong to the training worlds alone.
"""

from typing import Literal

from openbook.evaluate.exam import training

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")

WORDS = {
    "occupation": """
        baker, barber, beekeeper, blacksmith, bookbinder, brewer, bricklayer, butcher, cabinetmaker,
        candlemaker, carpenter, cartographer, chemist, clockmaker, cobbler, cook, cooper, customs officer,
        dancer, dentist, diver, doctor, dressmaker, farmer, ferryman, firefighter, fisher, forester,
        gardener, glassblower, glazier, goldsmith, gravedigger, grocer, gunsmith, hatter, herder, judge,
        knife grinder, lamplighter, lawyer, librarian, lighthouse keeper, locksmith, mason, merchant,
        messenger, midwife, miller, miner, notary, nurse, painter, papermaker, pharmacist, pilot, plumber,
        porter, postmaster, potter, printer, roofer, ropemaker, saddler, sailmaker, schoolteacher, sculptor,
        shepherd, shipwright, soapmaker, stonecutter, surgeon, surveyor, tailor, tanner, tax collector,
        teamster, thatcher, tiler, toymaker, veterinarian, weaver, wheelwright, woodcutter
    """,
    "instrument": """
        bagpipe, balalaika, banjo, barrel organ, bassoon, bugle, celesta, cello, clarinet, clavichord,
        concertina, cornet, cymbals, double bass, drum, dulcimer, fiddle, flugelhorn, flute, French horn,
        glockenspiel, gong, guitar, hammered dulcimer, harmonica, harmonium, harp, harpsichord, horn,
        hurdy-gurdy, jaw harp, kettledrum, lute, lyre, mandolin, marimba, musical saw, nose flute, piano,
        piccolo, psaltery, rattle, recorder, saxophone, shawm, snare drum, spinet, tambourine, tin whistle,
        triangle, trombone, trumpet, tuba, viol, viola, violin, xylophone, zither
    """,
    "collectible": """
        barometers, beetles, bells, beer mugs, birdcages, bottle caps, buttons, butterflies, candlesticks,
        canes, chess sets, clocks, coins, combs, compasses, corkscrews, cuckoo clocks, dolls, door knobs,
        fans, feathers, fossils, globes, hats, horseshoes, hourglasses, keys, kites, lace collars, lamps,
        lanterns, magnets, maps, marbles, masks, matchboxes, meteorites, minerals, mirrors, music boxes,
        needles, paperweights, pebbles, pencils, pipes, playing cards, porcelain cats, postcards, posters,
        puppets, puzzles, rings, ship models, shells, snuffboxes, spectacles, spoons, stamps, tea cups,
        thimbles, tin soldiers, tobacco jars, violins, walking sticks, watches, weather vanes, wine labels,
        wooden shoes
    """,
    "product": """
        barley, baskets, beer, beeswax, blankets, bricks, brooms, brushes, butter, candles, cardboard,
        carpets, cement, charcoal, cheese, cherries, chestnuts, chocolate, cider, clay pipes, copper wire,
        cotton, cucumbers, dried fish, felt, figs, flax, flour, furniture, garlic, gin, ginger, glass,
        gloves, glue, goat cheese, gravel, gunpowder, hazelnuts, herring, honey, hops, lace, lead, leather,
        lemons, lentils, linen, malt, marzipan, millet, mustard, nails, nets, paper, peat, pears, pepper,
        pickles, pins, plums, porcelain, potash, pumpkins, raisins, rope, rubber, rugs, saddles, saffron,
        sailcloth, salt, sausages, silk, slate, soap, sugar, tar, tea, tiles, timber, tin toys, tobacco,
        turnips, varnish, velvet, vinegar, walnuts, wax, wheat, whisky, wicker chairs, wine, wool
    """,
    "genre": """
        ballad, bedside reader, biography, bestiary, chronicle, collection of fables, collection of letters,
        collection of riddles, comedy, confession, cookbook, crime novel, dialogue, diary, dictionary,
        drama, family saga, farce, fairy tale, field guide, ghost story, grammar, guidebook, gothic novel,
        historical novel, horror story, hymnal, lament, law book, legend, libretto, love story, manifesto,
        memoir, monologue, morality play, mystery, nonsense poem, novella, nursery rhyme, parody, pastoral,
        philosophical tale, picture book, prayer book, prose poem, psalter, puppet play, radio play,
        romance, satire, school story, sea story, sermon, short story, song cycle, sonnet sequence, spy
        novel, textbook, thriller, tragedy, travel report, treatise, war novel, western
    """,
    "material": """
        bamboo, basalt, beech, birch, blackwood, bone, boxwood, brass, brick, bronze, cardboard, cast iron,
        cedar, cherry wood, chestnut, clay, cobalt glass, concrete, copper, coral, cork, crystal, cypress,
        driftwood, flint, fir, gilded lead, glass, gold, granite, green marble, horn, jade, larch, leather,
        limestone, maple, marble, mahogany, nickel, papier-mache, pear wood, pewter, pine, platinum, poplar,
        porcelain, porphyry, quartz, red clay, rosewood, rubber, sandstone, silver, slate, soapstone,
        spruce, steel, teak, tin, titanium, tortoiseshell, walnut, wax, willow, wrought iron, yew, zinc
    """,
    "color": """
        beige, black, black and white, blue, blue and gold, bottle green, brick red, bright red, brown,
        burgundy, canary yellow, caramel, cherry red, chestnut brown, chocolate brown, copper red, coral,
        cream, crimson, dark blue, dark brown, dark green, deep purple, dove gray, fire red, forest green,
        gray, grass green, green, green and white, honey yellow, lavender, lemon yellow, light blue, light
        green, lilac, lime green, magenta, maroon, midnight blue, mint green, moss green, mustard yellow,
        navy blue, pale blue, pale green, pale pink, peach, pink, plum, purple, red, red and black, rose,
        royal blue, ruby red, rust brown, salmon, sand, scarlet, sea green, sky blue, slate gray, snow
        white, steel gray, tan, turquoise, violet, white, yellow
    """,
}

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def sorts_of(part: Part) -> tuple[str, ...]:
    """The kinds of words that answer something in one part."""
    return (*WORDS, *training.WORDS) if part == "train" else tuple(WORDS)


def words_of(kind: str, part: Part) -> tuple[str, ...]:
    """The words of a kind that belong to one part; the two parts have none in common."""
    if kind in WORDS:
        return _words(WORDS[kind])[PARTS.index(part) :: 2]
    return _words(training.WORDS[kind]) if part == "train" else ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(","))
