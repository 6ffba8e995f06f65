"""Megatron-LM's command `pretrain_retro.py` with its flags, carried out by openbook."""
