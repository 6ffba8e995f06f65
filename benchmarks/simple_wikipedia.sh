#!/usr/bin/env bash
# Simple English Wikipedia through the whole path: the measurements of docs/results.md, "Simple English Wikipedia".
#   benchmarks/simple_wikipedia.sh simplewiki-2021-12.jsonl.xz FOLDER [STEPS]
# Needs GNU time, for peak memory. Takes about half an hour on two cores with STEPS 1050.
set -euo pipefail
articles=$1
folder=$2
steps=${3:-1050}
mkdir -p "$folder"
measured() { echo "## openbook $*"; /usr/bin/time -f '%E wall clock, %M KiB peak' openbook "$@"; }

xz --decompress --stdout "$articles" | head -n 20000 >"$folder/20k.jsonl"
head -n 2000 "$folder/20k.jsonl" >"$folder/2k.jsonl"

measured build "$folder/lexical" "$folder/20k.jsonl" --embedder none --holdout 0.02
measured neighbors "$folder/lexical"
measured build "$folder/dense" "$folder/2k.jsonl" --holdout 0.05
measured neighbors "$folder/dense" --mode dense
measured train tiny --database "$folder/lexical" --output "$folder/model" --set "train.max_steps=$steps"
measured eval perplexity "$folder/model" "$folder/lexical"
measured generate "$folder/model" "$folder/lexical" "Paris is the capital" --seed 0
