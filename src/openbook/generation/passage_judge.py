"""A small encoder that reads a question and a passage together: does the passage answer the question?

The reader of a retrofit reads each passage before it knows the question, and answers from what it has; of a
question that the book does not answer it makes something up. This encoder reads both at once, as a
cross-encoder does, and looks for the words that answer, or for none (an extractive reader with "no answer":
Devlin et al. 2018, arXiv 1810.04805, section 4.3):

    question [SEP] passage A      not here   t t t t t t t      odds: the best first and last token
    question [SEP] passage B      not here   t t t t t t t            against "not here"

It is all-MiniLM-L6-v2 with low-rank weights that come with openbook, trained by benchmarks/passage_reader.py.
It knows no model that writes.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from openbook.database.search.embedder import locate
from openbook.errors import SettingsError
from openbook.pretrained import shipped_judge

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

LONGEST_ANSWER = 12
"""Tokens of the encoder in the words that answer."""
LONGEST_PAIR = 256
"""Its tokens in a question with its passage; the longer of both is cut."""
_AT_ONCE = 16
"""Passages that are read in one pass."""
_FILES = ("config.json", "tokenizer.json", "model.safetensors")


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """What stands beside the weights that were learned, in `config.json`.

    encoder: that they were learned for: a folder, or a name of the hub.
    least_odds: log-odds from which on a passage is taken to answer.
    """

    encoder: str
    least_odds: float


class PassageJudge(nn.Module):
    """Says of a passage how much likelier it answers a question than that it does not.

    Args:
        encoder: a BERT.
        tokenizer: of the encoder.
        width: E, of the encoder.
        least_odds: see `JudgeSettings`.
    """

    def __init__(
        self, encoder: nn.Module, tokenizer: "Tokenizer", *, width: int, least_odds: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.span = nn.Linear(width, 2)
        self.absent = nn.Linear(width, 2)
        self.least_odds = least_odds
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST_PAIR, strategy="longest_first")
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path | None = None) -> "PassageJudge":
        """Load the encoder, with what was learned for it.

        Args:
            folder: of what was learned; None: that which comes with openbook.

        Raises:
            SettingsError: neither a folder, the cache, the hub nor the package has all of the encoder.
        """
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers.models.bert.configuration_bert import BertConfig
        from transformers.models.bert.modeling_bert import BertModel

        learned = shipped_judge() if folder is None else folder
        settings = JudgeSettings(**json.loads((learned / "config.json").read_text(encoding="utf-8")))
        place = _whole_folder(settings.encoder)
        config = BertConfig.from_pretrained(place)
        judge = cls(
            BertModel(config, add_pooling_layer=False),
            Tokenizer.from_file(str(place / "tokenizer.json")),
            width=config.hidden_size,
            least_odds=settings.least_odds,
        )
        # What makes a sentence's vector is not used here; what is used must all be there.
        missing, _ = judge.encoder.load_state_dict(load_file(place / "model.safetensors"), strict=False)
        if missing:
            raise SettingsError(f"{settings.encoder}: {place} lacks the weights {missing[0]}; fetch it whole")
        _add_learned(judge, load_file(learned / "model.safetensors"))
        return judge.eval().requires_grad_(False)

    def odds(self, question: str, passages: Sequence[str]) -> list[float]:
        """The log-odds of each passage: of its likeliest words against "not here"; -inf without words."""
        return self._odds(self._encode(question, passages))

    def finds_answer(self, question: str, passages: Sequence[str]) -> bool:
        """Whether any of the passages answers; what is too long to be read whole may answer, too.

        Args:
            question: as it was asked.
            passages: each after the head of its document.
        """
        encoded = self._encode(question, passages)
        is_cut = any(pair.overflowing for pair in encoded)
        return is_cut or any(odds >= self.least_odds for odds in self._odds(encoded))

    def _encode(self, question: str, passages: Sequence[str]) -> list["Encoding"]:
        return self._tokenizer.encode_batch([(question, passage) for passage in passages])

    def _odds(self, encoded: Sequence["Encoding"]) -> list[float]:
        found: list[float] = []
        for start in range(0, len(encoded), _AT_ONCE):
            pairs = encoded[start : start + _AT_ONCE]
            with torch.inference_mode():
                spans, absent = self(pairs)
            found += [
                _best_words(row[[token for token, part in enumerate(pair.sequence_ids) if part == 1]]) - none
                for row, none, pair in zip(spans.cpu(), absent.sum(1).tolist(), pairs, strict=True)
            ]
        return found

    def forward(self, encoded: Sequence["Encoding"]) -> tuple[Tensor, Tensor]:
        """Read N pairs.

        Returns:
            Logits [N, T, 2] of an answer's first and last token, and [N, 2] of "not here".
        """
        T = max(len(pair.ids) for pair in encoded)
        parts = ((pair.ids, pair.attention_mask, pair.type_ids) for pair in encoded)
        padded = [[row + [0] * (T - len(row)) for row in pair] for pair in parts]
        ids, mask, types = torch.tensor(padded, device=self.span.weight.device).unbind(1)
        read = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        return self.span(read), self.absent(read[:, 0])


def _whole_folder(encoder: str) -> Path:
    """Where an encoder lies: a cache may hold some of its files.

    Raises:
        SettingsError: it is not to be had, or lacks a file.
    """
    place, _ = locate(encoder)
    missing = [name for name in _FILES if not (place / name).is_file()]
    if missing:
        raise SettingsError(f"{encoder}: {place} has no {missing[0]}; fetch it whole")
    return place


def _best_words(logits: Tensor) -> float:
    """The largest sum of a first token's logit and a last one's, of a passage's [n, 2], not too far apart."""
    n = len(logits)
    near = torch.ones(n, n, dtype=torch.bool).triu().tril(LONGEST_ANSWER - 1)
    sums = (logits[:, 0, None] + logits[None, :, 1])[near]
    return float(sums.max()) if n else -math.inf


def _add_learned(judge: nn.Module, learned: Mapping[str, Tensor]) -> None:
    """Put weights in their place; low-rank ones, X.up [out, r] and X.down [r, in], are added to X's."""
    places = dict(judge.named_parameters())
    with torch.no_grad():
        for name, weight in learned.items():
            module, _, kind = name.rpartition(".")
            if kind == "down":
                places[f"{module}.weight"].add_(learned[f"{module}.up"].float() @ weight.float())
            elif kind != "up":
                places[name].copy_(weight)
