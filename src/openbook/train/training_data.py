"""What a training run reads: the database's text, questions that were asked of it, or both."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import Dataset
from transformers import PreTrainedModel

from openbook.database import NeighborTable, SequenceDataset, Version
from openbook.errors import SettingsError
from openbook.evaluate.answering.named_documents import unreadable_documents
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import Question, read_questions, split_questions
from openbook.phrases import command, counted, part_of
from openbook.progress import Progress, silent
from openbook.text import load_tokenizer
from openbook.text.chat_format import REFUSAL, ChatFormat
from openbook.train.model_settings import reads_itself, require_length
from openbook.train.question_layout import ChunkedLayout, PromptLayout, QuestionLayout, Sample
from openbook.train.question_order import QuestionOrder
from openbook.train.question_samples import QuestionSamples
from openbook.train.recipe import Recipe
from openbook.train.sample_order import TrainingOrder


@dataclass(frozen=True)
class TrainingData:
    """What is read.

    text: sequences of the database; None: no step learns text.
    questions: those that are learned; None: no step learns questions.
    held_out: questions that are answered at each evaluation.
    chat: how questions are put.
    num_held_out: questions held out of the file, also those that are left out of held_out.
    """

    text: SequenceDataset | None
    questions: QuestionSamples | None = None
    held_out: Sequence[AskedQuestion] = ()
    chat: ChatFormat | None = None
    num_held_out: int = 0

    @property
    def num_samples(self) -> int:
        """Questions to learn, or sequences of text where there are none."""
        if self.questions is not None:
            return len(self.questions)
        assert self.text is not None
        return len(self.text)

    def order(self, recipe: Recipe, *, first_step: int) -> Dataset[Sample]:
        """The samples of the steps from this one on."""
        settings = recipe.train
        first, last = first_step * settings.step_size, settings.max_steps * settings.step_size
        text = None
        if self.text is not None:
            text = TrainingOrder(self.text, settings.seed, settings.retrieval_dropout, first=first, last=last)
        if self.questions is None:
            assert text is not None
            return text
        every, same = recipe.questions.text_every, recipe.questions.same_passages
        return QuestionOrder(
            self.questions, settings.seed, first, last, settings.step_size, text, every, same
        )


def load_data(
    recipe: Recipe,
    database: Version,
    table: NeighborTable | None,
    chat: ChatFormat | None,
    *,
    retrofits: bool,
    note: Callable[[str], None],
    progress: Progress = silent,
) -> TrainingData:
    """Read what a recipe learns.

    Args:
        recipe: its sections data and questions count.
        database: of the text, and the book that questions are asked of.
        table: of the text's neighbors; None: without retrieval, or no text.
        chat: how questions are put; None: there are none.
        retrofits: a base learns, or else a model of its own.
        note: called with what is left out, and where no neighbor is shown.
        progress: called with questions asked.

    Raises:
        SettingsError: the questions cannot be read or learned, or a setting does not fit the database; or
            neighbors are all that is to be learned from, and none is shown.
        DatabaseError: the database is empty.
    """
    text = _text(recipe, database, table) if recipe.learns_text else None
    if text is not None and table is not None and not _shows_neighbors(text):
        _refuse_or_note(recipe, database, retrofits=retrofits, note=note)
    if chat is None:
        return TrainingData(text)
    M = database.settings.chunk_size
    settings = recipe.questions
    assert settings.file is not None
    rows = read_questions(settings.file)
    for said in unreadable_documents(database, rows):
        note(said)
    learned, held_out = split_questions(rows, held_out=settings.held_out, seed=recipe.train.seed)
    asked = _ask(recipe, database, [*learned, *held_out], progress)
    samples = QuestionSamples(
        asked[: len(learned)],
        chat,
        settings,
        num_neighbors=recipe.data.num_neighbors,
        neighbor_length=2 * M,
        layout=layout_of(recipe, chat, chunk_size=M, retrofits=retrofits),
    )
    evaluated = samples.usable(asked[len(learned) :])
    for kind, given, kept in (("question", learned, samples), ("held-out question", held_out, evaluated)):
        if len(kept) < len(given):
            note(
                f"{part_of(len(given) - len(kept), len(given), kind, 'are')} left out: too long, or no "
                "passage of their document holds an answer"
            )
    return TrainingData(text, samples, evaluated, chat, len(held_out))


def layout_of(recipe: Recipe, chat: ChatFormat, *, chunk_size: int, retrofits: bool) -> QuestionLayout:
    """Where questions and answers stand in samples, by what reads the neighbors.

    Raises:
        SettingsError: a length that leaves no room, not even for a refusal.
    """
    require_length(recipe, chunk_size=chunk_size, retrofits=retrofits)
    length, pad_id = recipe.questions.length, chat.tokenizer.eos_id
    if reads_itself(recipe, retrofits=retrofits):
        return PromptLayout(length, pad_id)
    layout = ChunkedLayout(length, pad_id, chunk_size, tuple(chat.prefix_ids))
    if recipe.questions.refused_share > 0:
        _require_room_for_refusal(layout, len(chat.answer_ids(REFUSAL)))
    return layout


def _require_room_for_refusal(layout: ChunkedLayout, refusal: int) -> None:
    M, room = layout.chunk_size, layout.longest_answer
    if refusal > room:
        longer = f"make it {layout.begin + M}" if refusal <= M else "build the database with longer chunks"
        raise SettingsError(
            f"questions.length {layout.length}: after whole chunks of {M} leaves {counted(room, 'token')} "
            f"for an answer, and {REFUSAL!r} has {refusal}; {longer}, or set questions.refused_share=0"
        )


def question_chat(recipe: Recipe, database: Version, base: PreTrainedModel | None) -> ChatFormat | None:
    """How a recipe's questions are put: by the chat template of the base, or of the database's tokenizer.

    Returns:
        The format; None: there are no questions.

    Raises:
        SettingsError: nothing is to be read beside them.
    """
    if recipe.questions.file is None:
        return None
    if not recipe.data.num_neighbors:
        raise SettingsError(
            "data.num_neighbors is 0: questions are learned with what is read beside them; set it to 1 or "
            "more, or learn text alone"
        )
    tokenizer = database.tokenizer
    if base is not None and tokenizer.chat_template is None and base.name_or_path:
        tokenizer = load_tokenizer(base.name_or_path)
    return ChatFormat.of(tokenizer)


def fingerprint_of(path: str | None) -> str | None:
    """Tell one file of questions from another: SHA-256, 16 hexadecimal digits."""
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def _ask(
    recipe: Recipe, database: Version, questions: Sequence[Question], progress: Progress
) -> list[AskedQuestion]:
    settings = recipe.questions
    found = max(settings.num_found, recipe.data.num_neighbors)
    return ask_book(database, questions, k=found, mode=settings.search_mode, progress=progress)


def _shows_neighbors(text: SequenceDataset) -> bool:
    """Whether any chunk is shown a neighbor; most often the first sequence has one."""
    return any(text[number]["neighbor_mask"].any() for number in range(len(text)))


def _refuse_or_note(
    recipe: Recipe, database: Version, *, retrofits: bool, note: Callable[[str], None]
) -> None:
    """Say that no neighbor is shown; where nothing else trains, as an error."""
    found = (
        f"{database.path}: no chunk of the training split is shown a neighbor (those of a document in the "
        "same sequence are hidden, and those of a document's last chunk)"
    )
    more = (
        f"add more documents, of two chunks or more, then run: {command('neighbors', database.path)}; or "
        "lower data.sequence_length"
    )
    frozen = recipe.train.freeze_decoder or (retrofits and not recipe.model.get("train_base"))
    if frozen and recipe.questions.file is None:
        raise SettingsError(f"{found}, so nothing would train; {more}")
    note(f"{found}: text is learned without retrieval; {more}")


def _text(recipe: Recipe, database: Version, table: NeighborTable | None) -> SequenceDataset:
    length = recipe.data.sequence_length
    if table is None:
        return SequenceDataset(database, "train", length)
    neighbors = table.first(recipe.data.num_neighbors)
    return SequenceDataset(database, "train", length, neighbors, book=table.book)
