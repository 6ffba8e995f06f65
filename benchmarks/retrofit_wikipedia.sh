#!/bin/sh
# RETROfit against RETRO from scratch at equal total tokens, on part of Simple English Wikipedia.
#
#     benchmarks/retrofit_wikipedia.sh DATA WORK
#
# DATA has simplewiki-2021-12.jsonl.xz somewhere below it; into WORK go the texts, the database, the base, the
# models and their evaluations. N = 1,000 steps of 8 sequences of 512 tokens. Some three hours on one core.
set -eu
here=$(dirname "$0")
data=$1 work=$2
mkdir -p "$work"

python "$here/retrofit_wikipedia.py" articles "$data" "$work/articles.jsonl"
openbook build "$work/book" "$work/articles.jsonl" --tokenizer train:8192 --embedder none --holdout 0.01
openbook neighbors "$work/book" -k 10 --mode bm25

python "$here/retrofit_wikipedia.py" base "$work/book" "$work/base" 1000
python "$here/retrofit_wikipedia.py" base "$work/book" "$work/fresh" 0

fit() { # BASE NAME STEPS BATCH [OPTION...]
    base=$1 name=$2 steps=$3 batch=$4
    shift 4
    openbook retrofit "$work/$base" --recipe retrofit-encoder --database "$work/book" --output "$work/$name" "$@" \
        --set train.max_steps="$steps" --set train.batch_size="$batch" --set train.learning_rate=3e-3 \
        --set model.cca_layers=[2,4] --set model.encoder_hidden_size=128 \
        --set model.encoder_num_layers=1 --set model.encoder_intermediate_size=256 --set train.eval_every=0
    openbook eval perplexity "$work/$name" "$work/book" -k 2 --json > "$work/$name.json"
}

fit base retrofit-3 120 2 --set train.warmup_steps=20   # 3 % of N
fit base retrofit-10 400 2 --set train.warmup_steps=20  # 10 % of N
fit base retrofit-10-no-copy 400 2 --set train.warmup_steps=20 --set model.copy_head=false
fit fresh scratch-103 1030 8 --train-base
fit fresh scratch-110 1100 8 --train-base
