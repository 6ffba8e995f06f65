"""Reading documents, the tokenizer, cutting chunks. This room knows nothing of databases and models."""

from openbook.text.chat_format import ChatFormat
from openbook.text.chat_turns import Turn, turns_ids
from openbook.text.chunks import cut_chunks
from openbook.text.documents import AnyDocument, Document, TokenizedDocument
from openbook.text.sources import read_documents
from openbook.text.tokenizer import Tokenizer
from openbook.text.tokenizer_loading import load_tokenizer
from openbook.text.tokenizer_training import train_tokenizer

__all__ = [
    "AnyDocument",
    "ChatFormat",
    "Document",
    "TokenizedDocument",
    "Tokenizer",
    "Turn",
    "cut_chunks",
    "load_tokenizer",
    "read_documents",
    "train_tokenizer",
    "turns_ids",
]
