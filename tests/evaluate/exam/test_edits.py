"""Edits: the new answer in place of the old one, and every other word as it was."""

from openbook.evaluate.exam import edited_documents, facts_of, make_world, untouched_facts


def test_an_edit_changes_its_fact_and_nothing_else() -> None:
    world = make_world(documents=60, seed=5)
    for asked in facts_of(world):
        [edited] = edited_documents([asked])
        before = asked.document.text()
        assert edited.id == asked.document.id
        assert edited.title == asked.document.title
        assert edited.text == before.replace(asked.fact.answer, asked.new_answer)
        assert edited.text != before
        for place, fact in enumerate(asked.document.facts):
            assert edited.text.count(fact.answer) == (place != asked.place)


def test_every_fact_edited_at_once() -> None:
    world = make_world(documents=60, seed=6, part="train")
    facts = facts_of(world)
    edited = {document.id: document.text for document in edited_documents(facts)}
    assert len(edited) == 60
    for asked in facts:
        assert edited[asked.document.id].count(asked.new_answer) == 1
        assert asked.fact.answer not in edited[asked.document.id]


def test_any_swap_edits_the_fact_when_it_is_put_in_place_of_the_answer() -> None:
    for asked in facts_of(make_world(documents=40, seed=8, part="train")):
        text = asked.document.text()
        for swap in asked.fact.swaps:
            assert text.replace(asked.fact.answer, swap) == asked.document.text({asked.place: swap})


def test_the_untouched_fact_of_a_document_is_another_one() -> None:
    world = make_world(documents=10, seed=1)
    document = world.documents[0]
    facts = facts_of(world)[:2]
    assert {asked.document.id for asked in facts} == {document.id}
    [rest] = untouched_facts(facts)
    assert (rest.document.id, rest.place) == (document.id, 2)
    assert untouched_facts([asked for asked in facts_of(world) if asked.document is document]) == []
