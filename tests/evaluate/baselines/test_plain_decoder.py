"""The decoder under the baselines: what fits an evaluation, and that a retrofit is read as its base."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from openbook.database import Database, SequenceDataset
from openbook.errors import MismatchError, SettingsError
from openbook.evaluate import Windows
from openbook.evaluate.baselines import require_fit
from openbook.evaluate.baselines.plain_decoder import hidden_states, token_nats
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import retrofit

M = 16


def test_a_baseline_that_does_not_fit_is_refused(
    plain: RetroForCausalLM, windows: Windows, book: Database
) -> None:
    require_fit(plain, windows)
    with pytest.raises(MismatchError, match="--sequence-length 128"):
        require_fit(plain, Windows.spread(SequenceDataset(book, "holdout", 256)))
    plain.config.chunk_size = 32
    with pytest.raises(MismatchError, match="chunks of 32"):
        require_fit(plain, windows)


def test_a_retrofit_as_the_baseline_is_read_as_its_base(windows: Windows, book: Database) -> None:
    config = LlamaConfig(
        vocab_size=book.tokenizer.vocab_size,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    base = LlamaForCausalLM(config).eval()
    model = retrofit(base, chunk_size=M)
    require_fit(model, windows)
    row = windows.rows[0]
    ids = torch.from_numpy(windows.dataset[row]["input_ids"])[None]
    with torch.no_grad():
        expected = F.cross_entropy(base(ids).logits[0, :-1], ids[0, 1:], reduction="none")
    labels = ids.numpy().copy()
    labels[:, 0] = -100
    nats = token_nats(model, hidden_states(model, ids.numpy()), labels)
    np.testing.assert_allclose(nats[0, 1:], expected.numpy(), rtol=1e-4)

    model.config.train_base = True
    with pytest.raises(SettingsError, match="trained with retrieval"):
        require_fit(model, windows)
