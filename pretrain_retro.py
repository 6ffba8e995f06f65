"""Megatron-LM's command for training a RETRO, with Megatron's flags and openbook's model.

python pretrain_retro.py --num-layers 12 --hidden-size 768 --retro-work-dir DIR --retro-add-retriever \
    --seq-length 1024 --data-path my_text_data

DIR is a database made by `openbook build`. See --help.
"""

from openbook.cli.megatron.command import main

if __name__ == "__main__":
    main()
