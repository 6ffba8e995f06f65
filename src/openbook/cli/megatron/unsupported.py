"""Megatron's flags without a meaning here, and why; a value that asks for what is so anyway is accepted."""

from collections.abc import Sequence

_REASONS = {
    "the model is not cut over processes; --use-torch-fsdp2 shards its weights": """
        --tensor-model-parallel-size --pipeline-model-parallel-size --context-parallel-size
        --expert-model-parallel-size --num-layers-per-virtual-pipeline-stage
        --pipeline-model-parallel-split-rank
        --sequence-parallel --model-parallel-size --use-tp-pp-dp-mapping --standalone-embedding-stage
        --decoder-first-pipeline-num-layers --decoder-last-pipeline-num-layers""",
    "torch and the machine decide it: NCCL on GPUs, else gloo": """
        --distributed-backend --distributed-timeout-minutes --local_rank --local-rank --lazy-mpu-init
        --use-cpu-initialization --nccl-communicator-config-path""",
    "gradients are averaged and overlapped by torch's DistributedDataParallel": """
        --DDP-impl --overlap-grad-reduce --overlap-param-gather --no-overlap-p2p-communication
        --use-distributed-optimizer --no-contiguous-buffers-in-local-ddp --delay-grad-reduce --tp-comm-overlap
        --no-scatter-gather-tensors-in-pipeline --use-ring-exchange-p2p --accumulate-allreduce-grads-in-fp32
        --no-async-tensor-model-parallel-allreduce --ddp-bucket-size --check-for-nan-in-loss-and-grad
        --no-check-for-nan-in-loss-and-grad --align-grad-reduce""",
    "attention and its fused kernels are torch's scaled_dot_product_attention, which chooses for itself": """
        --use-flash-attn --use-flash-attn-triton --no-masked-softmax-fusion --attention-softmax-in-fp32
        --no-query-key-layer-scaling --apply-query-key-layer-scaling --attention-backend""",
    "there is one implementation of the model, and it fuses by itself": """
        --use-mcore-models --use-legacy-models --transformer-impl --spec --no-bias-gelu-fusion
        --no-bias-swiglu-fusion --no-bias-dropout-fusion --no-rope-fusion --no-persist-layer-norm
        --no-gradient-accumulation-fusion --cross-entropy-loss-fusion --apply-layernorm-1p
        --openai-gelu --onnx-safe --bert-no-binary-head""",
    "feed-forward layers are GELU without biases": """
        --swiglu --squared-relu --add-bias-linear --disable-bias-linear --add-qkv-bias --num-experts
        --moe-router-topk --group-query-attention --num-query-groups --multi-latent-attention""",
    "positions are rotary": """
        --position-embedding-type --use-rotary-position-embeddings --no-position-embedding --rotary-percent
        --rotary-interleaved --rotary-seq-len-interpolation-factor --use-rope-scaling""",
    "normalization is RMSNorm before each sub-layer": """
        --normalization --layernorm-epsilon --apply-residual-connection-post-layernorm --qk-layernorm
        --fp32-residual-connection""",
    "the vocabulary is the database's tokenizer's, as large as it is": """
        --make-vocab-size-divisible-by --vocab-size --padded-vocab-size --vocab-extra-ids
        --tiktoken-pattern --null-tokenizer""",
    "the optimizer is AdamW, with an epsilon of 1e-8": """
        --optimizer --adam-eps --sgd-momentum --start-weight-decay --end-weight-decay
        --weight-decay-incr-style --decoupled-lr --decoupled-min-lr --lr-warmup-init
        --lr-wsd-decay-style --lr-wsd-decay-iters --lr-wsd-decay-samples --use-precision-aware-optimizer
        --rampup-batch-size --optimizer-cpu-offload""",
    "a resumed training run is the same run, with the same schedule": """
        --override-opt_param-scheduler --override-opt-param-scheduler --use-checkpoint-opt_param-scheduler
        --use-checkpoint-opt-param-scheduler --use-checkpoint-args --no-load-optim --no-load-rng
        --no-save-optim
        --no-save-rng --exit-on-missing-checkpoint --pretrained-checkpoint --ckpt-step --async-save
        --dist-ckpt-format --use-dist-ckpt --auto-detect-ckpt-format --ckpt-format
        --non-persistent-save-interval
        --no-initialization --skip-train""",
    "a training run ends with its last step, or when a signal asks it to save and stop": """
        --exit-interval --exit-duration-in-mins --exit-signal-handler --adlr-autoresume
        --adlr-autoresume-interval""",
    "torch's automatic mixed precision keeps the scale of float16's gradients": """
        --loss-scale --initial-loss-scale --min-loss-scale --loss-scale-window --hysteresis
        --fp32-residual-connection --fp16-lm-cross-entropy --fp8-format --fp8-hybrid --fp8-e4m3""",
    "layers are computed again all or none: --recompute-activations": """
        --recompute-granularity --recompute-method --recompute-num-layers --distribute-saved-activations
        --checkpoint-activations --checkpoint-num-layers""",
    "a sequence is chunks that follow each other, of one document or several, as --split divides them": """
        --data-impl --data-cache-path --dataloader-type --train-data-path --valid-data-path --test-data-path
        --per-split-data-args-path --mock-data --reset-position-ids --reset-attention-mask --eod-mask-loss
        --no-create-attention-mask-in-dataloader --encoder-seq-length --decoder-seq-length --mmap-warmup
        --retriever-seq-length --sample-rate --mask-prob --short-seq-prob --full-validation
        --no-mmap-bin-files
        --train-iters-to-skip --no-data-sharding""",
    "metrics go to SAVE/metrics.jsonl and SAVE/tensorboard, always the same": """
        --tensorboard-dir --tensorboard-log-interval --tensorboard-queue-size --log-timers-to-tensorboard
        --log-batch-size-to-tensorboard --log-learning-rate-to-tensorboard --log-loss-scale-to-tensorboard
        --log-validation-ppl-to-tensorboard --log-memory-to-tensorboard --log-world-size-to-tensorboard
        --no-log-learning-rate-to-tensorboard --no-log-loss-scale-to-tensorboard --log-params-norm
        --log-num-zeros-in-grad --log-throughput --log-progress --timing-log-level --timing-log-option
        --no-barrier-with-level-1-timing --wandb-project --wandb-exp-name --wandb-save-dir --profile
        --one-logger-project --one-logger-run-name --logging-level --barrier-with-L1-time""",
    "neighbors are those that `openbook neighbors` finds in the database, with its chunks": """
        --retro-chunk-length --retro-cyclic-train-iters --retro-no-verify-neighbor-count
        --retro-verify-neighbor-count --retro-return-doc-ids --retro-tasks --retro-index-str
        --retro-index-type --retro-index-nfeats --retro-index-ntrain --retro-gpt-seed --retro-query-ef-search
        --retro-query-nprobe --retro-query-num-neighbors-query --retro-query-num-neighbors-save
        --retro-bert-vocab-file --retro-bert-tokenizer-type --retro-bert-batch-size --retro-block-size
        --retro-doc-block-size --retro-nchunks-sampled --retro-gpt-data-path --retro-gpt-split
        --retro-gpt-vocab-file --retro-gpt-merge-file --retro-gpt-tokenizer-type --retro-gpt-tokenizer-model
        --retro-gpt-chunk-length --retro-gpt-seq-length --retro-gpt-global-batch-size
        --retro-gpt-eval-interval
        --retro-gpt-eval-iters --retro-gpt-data-cache-path""",
}
UNSUPPORTED = {flag: reason for reason, flags in _REASONS.items() for flag in flags.split()}
"""The reason by the flag."""

_SO_ANYWAY = {
    "--tensor-model-parallel-size": ("1",),
    "--pipeline-model-parallel-size": ("1",),
    "--context-parallel-size": ("1",),
    "--expert-model-parallel-size": ("1",),
    "--disable-bias-linear": ("",),
    "--position-embedding-type": ("rope",),
    "--use-rotary-position-embeddings": ("",),
    "--no-position-embedding": ("",),
    "--rotary-percent": ("1", "1.0"),
    "--normalization": ("RMSNorm",),
    "--make-vocab-size-divisible-by": ("1",),
    "--optimizer": ("adam",),
    "--adam-eps": ("1e-8", "1e-08", "0.00000001"),
    "--data-impl": ("mmap",),
}


def is_without_effect(flag: str, values: Sequence[str]) -> bool:
    """Say whether a flag without meaning asks for what is so anyway, such as a model cut into 1 part."""
    return " ".join(values) in _SO_ANYWAY.get(flag, ())
