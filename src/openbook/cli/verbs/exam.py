"""The verb `exam`: facts that nobody knows, asked, edited, removed."""

from openbook.cli.exam_output import print_world
from openbook.cli.options import ExamDocuments, ExamPart, ExamQuestions, ExamSeed, Json, WorldFolder
from openbook.errors import SettingsError


def exam(
    write: WorldFolder = None,
    documents: ExamDocuments = 1000,
    questions: ExamQuestions = None,
    part: ExamPart = "test",
    seed: ExamSeed = 0,
    json: Json = False,
) -> None:
    """Facts that nobody knows, in a book of made-up people, places, works and things.

    Example: openbook exam --write world --documents 1000 --part train
    """
    from openbook.evaluate.exam import make_world, write_world

    if write is None:
        raise SettingsError("exam: name a folder to write the world to: openbook exam --write FOLDER")
    world = make_world(documents=documents, seed=seed, part=part)
    written = write_world(world, write, questions=questions)
    print_world(write, documents=len(world.documents), questions=written, json=json)
