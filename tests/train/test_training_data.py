"""What a training run reads: which lengths of questions leave room for what is to be said."""

import pytest

from openbook.errors import SettingsError
from openbook.text import train_tokenizer
from openbook.text.chat_format import REFUSAL, ChatFormat
from openbook.train import load_recipe
from openbook.train.training_data import layout_of


@pytest.fixture(scope="module")
def chat() -> ChatFormat:
    """A refusal has eight tokens, its end among them."""
    chat = ChatFormat.of(train_tokenizer([REFUSAL] * 9, vocab_size=400))
    assert len(chat.answer_ids(REFUSAL)) == 8
    return chat


@pytest.mark.parametrize(
    ("length", "chunk_size", "said"),
    [
        (70, 64, r"length 70: after whole chunks of 64 leaves 6 tokens .* has 8; make it 128, or set"),
        (132, 64, r"length 132: .* leaves 4 tokens .* has 8; make it 192, or set questions.refused_share=0"),
        (12, 6, r"length 12: .* leaves 6 tokens .* has 8; build the database with longer chunks, or set"),
    ],
)
def test_a_refusal_is_not_cut_off(chat: ChatFormat, length: int, chunk_size: int, said: str) -> None:
    settings = ["questions.file=questions.jsonl", f"questions.length={length}"]
    with pytest.raises(SettingsError, match=said):
        layout_of(load_recipe("native-read", settings), chat, chunk_size=chunk_size, retrofits=False)
    answered = load_recipe("native-read", [*settings, "questions.refused_share=0"])
    layout = layout_of(answered, chat, chunk_size=chunk_size, retrofits=False)
    assert layout.room_beside(1) == length - (length - 1) // chunk_size * chunk_size


def test_a_length_with_room_for_a_refusal(chat: ChatFormat) -> None:
    settings = ["questions.file=questions.jsonl", "questions.length=72"]
    layout = layout_of(load_recipe("native-read", settings), chat, chunk_size=64, retrofits=False)
    assert layout.room_beside(64) == 8
