#!/usr/bin/env bash
# The proof on English Wikipedia: the measurements of docs/results.md, "Does retrieval help?".
#   benchmarks/english_wikipedia.sh DATA FOLDER
# DATA is described in english_wikipedia.py. On two cores the neighbors take a quarter of an hour, the three training runs
# an hour each and more on one core, the dense book ten minutes, the evaluations half an hour. Run again, it resumes with what is missing.
set -euo pipefail
data=$1
work=$2
here=$(dirname "$0")
book=$work/book corpus=$work/corpus subjects=$work/subjects
[ -e "$work/wikitext103-test.jsonl" ] || python "$here/english_wikipedia.py" "$data" "$work"

# The book: all of it; the corpus: what is trained on and evaluated. Both hold the same articles out.
openbook build "$book" "$work/english.jsonl" "$work/simple.jsonl" --embedder none --tokenizer train:8192 \
    --holdout "$work/held-out.txt"
openbook build "$corpus" "$work/corpus.jsonl" --embedder none --tokenizer "$book/tokenizer" \
    --holdout "$work/held-out.txt"
openbook neighbors "$corpus" --book "$book" -k 10

train() {
    output=$work/$1
    shift
    [ -e "$output/model.safetensors" ] || openbook train tiny --database "$corpus" --output "$output" \
        --set data.sequence_length=512 --set train.batch_size=8 --set train.max_steps=1900 \
        --set train.warmup_steps=100 --set train.eval_every=100 --set train.eval_sequences=60 \
        --set train.save_every=200 "$@"
}
train retro
train baseline --baseline
train no-copy-head --set model.copy_head=false

evaluate() { openbook eval perplexity "$work/retro" "$@" --stride 256; }
evaluate "$corpus" -k 10 --max-sequences 300 --baseline "$work/baseline" --in-context --knn-lm --report "$work/report"
for k in 1 2 4 10 20 40; do
    evaluate "$corpus" -k "$k" --max-sequences 100 --modes on,off,random --baseline "$work/baseline"
done
evaluate "$book" --text "$work/wikitext103-test.jsonl" -k 10 --max-sequences 200 --baseline "$work/baseline" --in-context

# Dense search, in a book that this machine can encode: the articles on the subjects of what is held out.
openbook build "$subjects" "$work/subjects.jsonl" --tokenizer "$book/tokenizer"
for mode in dense bm25 hybrid; do
    evaluate "$subjects" --text "$work/held-out.jsonl" --search-mode "$mode" -k 10 --max-sequences 100 \
        --modes on,off,random
done
