#!/usr/bin/env bash
# Retrieval for a real checkpoint: docs/results.md, "Retrofit of a real checkpoint: stories260K".
#   benchmarks/stories260k.sh stories260K tinystories_197k.txt simplewiki-2021-12.jsonl.xz FOLDER
# On the stories it is trained for three epochs, since there are few; on Simple English Wikipedia for a fifth of one.
set -euo pipefail
source=$1
stories=$2
articles=$3
folder=$4
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"

python "$here/stories260k.py" convert "$source" "$folder/llama"
python "$here/stories260k.py" check "$folder/llama" --source "$source" --text "$stories"
python "$here/stories260k.py" stories "$stories" "$folder/stories.jsonl"
xz --decompress --stdout "$articles" | { head -n 3000 && cat >/dev/null; } >"$folder/wiki.jsonl"

prove() { # NAME HOLDOUT STEPS
  openbook build "$folder/$1" "$folder/$1.jsonl" --tokenizer "$folder/llama" --embedder none --holdout "$2"
  openbook neighbors "$folder/$1"
  openbook retrofit "$folder/llama" --recipe retrofit-encoder --database "$folder/$1" --output "$folder/model-$1" \
    --set 'model.cca_layers=[2,4]' --set model.encoder_num_layers=1 --set model.encoder_hidden_size=64 \
    --set data.num_neighbors=4 \
    --set "train.max_steps=$3" --set train.learning_rate=0.005 --set train.eval_every=0 --set train.save_every=50
  openbook eval perplexity "$folder/model-$1" "$folder/$1" --json >"$folder/$1.json"
  python - "$folder/llama" "$folder/model-$1" "$folder/$1" <<'PYTHON'
"""Retrieval off gives the base's own logits, bit for bit, before and after training."""
import sys

import torch
from transformers import AutoModelForCausalLM

import openbook
from openbook.database import SequenceDataset

base, trained, database = sys.argv[1:]
reference, fresh = (AutoModelForCausalLM.from_pretrained(base).eval() for _ in range(2))
models = {
    "before": openbook.retrofit(fresh, reader="encoder", cca_layers=[2, 4], num_neighbors=4, copy_head=True).eval(),
    "after": openbook.model.retrofitting.RetrofitForCausalLM.from_pretrained(trained),
}
windows = SequenceDataset(openbook.Database.open(database), "holdout", 512)
with torch.no_grad():
    for row in range(len(windows)):
        ids = torch.as_tensor(windows[row]["input_ids"]).long()[None]
        logits = reference(ids).logits
        for when, model in models.items():
            assert torch.equal(model(ids).logits, logits), f"{database}, window {row}: off differs {when} training"
print(f"{database}: off equals the base bit for bit in {len(windows)} windows, before and after training")
PYTHON
}

prove stories 0.2 60
prove wiki 0.04 200
