"""The language model: RETRO with its output, as transformers' users know models."""

import os
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor, nn
from transformers import Cache, GenerationMixin
from transformers.modeling_outputs import CausalLMOutputWithPast

from openbook.errors import SettingsError, refuse_unknown
from openbook.model.cache import FetchNeighbors, RetroCache
from openbook.model.checks import check_ids, new_chunks
from openbook.model.config import HUB_ARGUMENTS, RetroConfig, saved_model_type
from openbook.model.copy_head import CopyAttention, CopyDistribution, CopyHead
from openbook.model.loss import next_token_loss
from openbook.model.retro import RetroModel, RetroPreTrainedModel
from openbook.pretrained import hub_arguments

_IGNORED = {
    "cache_position",
    "output_attentions",
    "output_hidden_states",
    "token_type_ids",
    "tokenizer",  # what `generate` finds stop strings with
}
_OF_TRANSFORMERS = {"logits_to_keep", "return_dict"}
_FORWARD = {"input_ids", "neighbor_ids", "neighbor_mask", "attention_mask", "labels", "past_key_values"}


@dataclass
class RetroCausalLMOutput(CausalLMOutputWithPast):
    """transformers' output, and:

    token_losses: [B, T] negative log-likelihood in nats of each label, at the label's own position; 0 where
        nothing is predicted (the first token, labels of -100). With labels only; `loss` alone has gradients.
    neighbor_shares: [B, T, K] share of the attention that each neighbor got, mean over heads and layers of P.
        If asked for.
    copied: what the copy head would copy, at each position. If asked for, and some neighbor was read.
    hidden: [B, T, D] the last activations, normalized, of which the output makes logits. If asked for.
    """

    token_losses: Tensor | None = None
    neighbor_shares: Tensor | None = None
    copied: CopyDistribution | None = None
    hidden: Tensor | None = None


class RetroForCausalLM(RetroPreTrainedModel, GenerationMixin):
    """RETRO with a language-modelling head.

    >>> config = RetroConfig(vocab_size=512, hidden_size=64, num_hidden_layers=2, num_attention_heads=2)
    >>> model = RetroForCausalLM(config)
    """

    _is_stateful = True  # transformers then refuses to decode in ways that take tokens back
    _tied_weights_keys = {"lm_head.weight": "model.decoder.embed_tokens.weight"}  # noqa: RUF012

    def __init__(self, config: RetroConfig) -> None:
        super().__init__(config)
        self.model = RetroModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.copy_head: CopyAttention | None = CopyHead(config) if config.copy_head else None
        self.post_init()

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike[str] | None, *args: Any, **kwargs: Any
    ) -> "RetroForCausalLM":
        """Load a model with transformers' method; a retrofitted one comes as a `RetrofitForCausalLM`.

        What was saved by a subclass that has a model_type of its own is that subclass's to load.

        Raises:
            SettingsError: it is a model of another type; or weights are missing, or have other shapes than
                config.json says; transformers would draw them at random.
        """
        if pretrained_model_name_or_path is not None:
            kwargs = hub_arguments(pretrained_model_name_or_path, kwargs)
            kind = _model_type(pretrained_model_name_or_path, kwargs)
            for subclass in cls.__subclasses__():
                if subclass.config_class is not cls.config_class and subclass.config_class.model_type == kind:
                    return subclass.from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        if kwargs.get("output_loading_info") or kwargs.get("ignore_mismatched_sizes"):
            loaded: RetroForCausalLM = super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
            return loaded
        looking = {"output_loading_info": True, "ignore_mismatched_sizes": True}
        found: Any = super().from_pretrained(pretrained_model_name_or_path, *args, **(kwargs | looking))
        loaded, info = found
        _require_whole(pretrained_model_name_or_path, info)
        return loaded

    @property
    def max_positions(self) -> int | None:
        """Tokens beyond which the decoder cannot read; None: there are none."""
        return None

    @property
    def longest_alike(self) -> int | None:
        """Tokens up to which all texts of a batch have the same positions; None: however long they are."""
        return None

    @property
    def reads_itself(self) -> bool:
        """Whether it reads its neighbors itself, in its own tokens: then any database will do."""
        return False

    @property
    def prefix_ids(self) -> list[int]:
        """Tokens that it puts before every text and neighbor itself."""
        return []

    def stores(self, name: str) -> bool:
        """Say whether the weight of this name is saved: all are."""
        return True

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def forward(
        self,
        input_ids: Tensor | None = None,
        neighbor_ids: Tensor | None = None,
        neighbor_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool | None = None,
        position_ids: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        return_logits: bool = True,
        logits_from: int = 0,
        output_shares: bool = False,
        output_copied: bool = False,
        output_hidden: bool = False,
        is_prompt: bool = False,
        **more: Any,
    ) -> RetroCausalLMOutput | tuple[Any, ...]:
        """Predict the next token at each position.

        Args:
            input_ids: int64 [B, T]; any T, the last chunk may be incomplete.
            neighbor_ids: int64 [B, C, K, R] of the C = T // M chunks that are complete; None: retrieval off.
                C + 1 chunks are accepted, the surplus is ignored; so are C - 1: the last chunk's neighbors
                inform only the prediction that follows the sequence. With a cache: of the chunks that these
                tokens complete.
            neighbor_mask: bool [B, C, K, R], False: this token does not exist; None: where the id is not
                negative.
            attention_mask: [B, past + T], 0 for padding, which stands on the left; None: there is none.
            labels: int64 [B, T], usually the input ids, -100 where nothing is to be predicted. The model
                shifts them.
            past_key_values: of the tokens before these, as an earlier output gave it.
            use_cache: return one; None: only if one was given.
            position_ids: int64 [B, T] for the base of a retrofitted model, as it takes them; None: with
                reader `own` counted from the padding on. Where the decoder knows distances alone, they mean
                nothing.
            inputs_embeds: None, as what wraps a model passes on; the text is needed as tokens.
            num_items_in_batch: what the sum of losses is divided by; None: the number of labels predicted.
            return_logits: False spares the logits where only the loss is wanted.
            logits_from: return those of this position and all after it.
            output_shares: return `neighbor_shares`.
            output_copied: return `copied`.
            output_hidden: return `hidden`.
            is_prompt: for a retrofit that reads its neighbors itself (reader `own`): all tokens of this pass
                read the neighbors of the last chunk given, [B, C, K, R] with any C, instead of those of the
                chunk before them. For text that is known before it is read, or a search that did not know
                what is to be predicted.
            more: of transformers' interface logits_to_keep (return the logits of so many last positions, 0:
                of all; or of these, int64 [N]), return_dict (False: a tuple of what is there), arguments that
                mean nothing here, and any that are None.

        Returns:
            loss: scalar, with labels. logits: [B, T - logits_from, V]; with the copy head
            log-probabilities of the mixture.

        Raises:
            SettingsError: no input_ids, shapes that do not fit, or (seen on the CPU alone) ids outside the
                vocabulary.
        """
        if input_ids is None or inputs_embeds is not None:
            what = "input_ids are missing" if inputs_embeds is None else "inputs_embeds cannot be read"
            raise SettingsError(f"forward: {what}; give the text as input_ids, int64 [B, T]")
        if labels is not None and labels.shape != input_ids.shape:
            raise SettingsError(f"labels {list(labels.shape)}: must be {list(input_ids.shape)}, as input_ids")
        if labels is not None:
            check_ids("labels", labels, self.config.vocab_size, lowest=-100)
        # A misspelled neighbor_ids would silently switch retrieval off.
        given = [name for name, value in more.items() if value is not None]
        refuse_unknown(given, _IGNORED | _OF_TRANSFORMERS | _FORWARD, where="forward")
        cache = self._cache(past_key_values, use_cache)
        out = self.model(
            input_ids,
            neighbor_ids,
            neighbor_mask,
            attention_mask,
            cache,
            position_ids,
            output_shares=output_shares,
            is_prompt=is_prompt,
        )
        copied = None
        if self.copy_head is not None and out.neighbors is not None and self._copies():
            copied = self.copy_head(out.hidden.to(self.copy_head.dtype), out.neighbors)
        token_losses = loss = None
        if labels is not None:
            loss, token_losses = next_token_loss(
                out.hidden, self.lm_head.weight, labels, copied, num_items_in_batch, bias=self.lm_head.bias
            )
        logits = None
        kept = _kept(more.get("logits_to_keep"), logits_from, input_ids.shape[1])
        if return_logits:
            logits = self._logits(out.hidden, copied, kept if isinstance(kept, int) else 0)
            logits = logits if isinstance(kept, int) else logits[:, kept]
        output = RetroCausalLMOutput(
            loss=loss,
            logits=logits,
            past_key_values=cache,
            token_losses=token_losses,
            neighbor_shares=out.shares,
            copied=copied if output_copied else None,
            hidden=out.hidden if output_hidden else None,
        )
        return output.to_tuple() if more.get("return_dict") is False else output

    def _copies(self) -> bool:
        """Whether the copy head, if there is one, takes part."""
        return True

    def _logits(self, hidden: Tensor, copied: CopyDistribution | None, start: int) -> Tensor:
        logits: Tensor = self.lm_head(hidden[:, start:])
        if self.copy_head is None:
            return logits
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return F.log_softmax(logits, dim=-1) if copied is None else copied.after(start).mix(logits)

    def _cache(self, given: Cache | None, use_cache: bool | None) -> RetroCache | None:
        if (
            self.training
            and self.model.decoder.layers[0].gradient_checkpointing
            and (use_cache or given is not None)
        ):
            raise SettingsError(
                "use_cache: gradient checkpointing computes layers twice, a cache would be wrong; give "
                "use_cache=False and no cache"
            )
        if isinstance(given, RetroCache):
            return given
        if given is not None and given.get_seq_length() > 0:
            raise SettingsError(
                f"past_key_values: a {type(given).__name__}; RETRO continues only a RetroCache"
            )
        return RetroCache() if use_cache or given is not None else None

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, *args: Any, is_first_iteration: bool | None = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Choose what `generate` of transformers calls `forward` with: neighbors are of the prompt's chunks.

        With a cache that retrieves (see `RetroCache`) they are those of every chunk that is completed.
        """
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(  # type: ignore[misc]
            cast(LongTensor, input_ids), *args, is_first_iteration=is_first_iteration, **kwargs
        )
        cache = inputs.get("past_key_values")
        if isinstance(cache, RetroCache) and cache.retrieve is not None:
            return inputs | self._retrieved(input_ids, cache, cache.retrieve)
        if inputs.get("is_prompt") and cache is None:
            raise SettingsError(
                "is_prompt with use_cache=False: what is written would be read as part of the prompt, or "
                "nothing be read with it; leave use_cache=False out"
            )
        if is_first_iteration:
            return inputs
        given = inputs.pop("neighbor_ids", None), inputs.pop("neighbor_mask", None)
        if inputs.get("past_key_values") is None:
            # Every pass reads the whole text again; the chunks written since the prompt have no neighbors.
            num_chunks = input_ids.shape[1] // self.config.chunk_size
            inputs["neighbor_ids"], inputs["neighbor_mask"] = new_chunks(*given, num_chunks, pad=True)
        return inputs

    def _retrieved(self, text: Tensor, cache: RetroCache, retrieve: FetchNeighbors) -> dict[str, Any]:
        """Neighbors of the chunks that the next pass completes, of a text [B, past + T]."""
        M, past = self.config.chunk_size, cache.get_seq_length()
        chunks = text[:, past // M * M : text.shape[1] // M * M].unflatten(1, (-1, M))
        if not chunks.shape[1]:
            return {"neighbor_ids": None, "neighbor_mask": None}
        # A base that reads its neighbors itself has all of a prompt read those of its last chunk.
        is_prompt = past == 0 and self.reads_itself
        ids, mask = retrieve(chunks[:, -1:] if is_prompt else chunks)
        return {"neighbor_ids": ids, "neighbor_mask": mask, "is_prompt": is_prompt}

    def _update_model_kwargs_for_generation(
        self, outputs: Any, model_kwargs: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """A surplus chunk of neighbors stays ignored when what is written completes that chunk."""
        num_chunks = outputs.logits.shape[1] // self.config.chunk_size
        for name in ("neighbor_ids", "neighbor_mask"):
            if model_kwargs.get(name) is not None:
                model_kwargs[name] = model_kwargs[name][:, :num_chunks]
        updated: dict[str, Any] = super()._update_model_kwargs_for_generation(
            outputs, model_kwargs, *args, **kwargs
        )
        return updated


def _model_type(name: str | os.PathLike[str], loading: dict[str, Any]) -> str:
    """Of a model that is to be loaded: as its configuration says, where one is given."""
    config = loading.get("config")
    if config is None:
        return saved_model_type(name, **{key: loading[key] for key in HUB_ARGUMENTS if key in loading})
    return str(getattr(config, "model_type", ""))


def _require_whole(name: str | os.PathLike[str] | None, info: dict[str, Any]) -> None:
    """Refuse a model of which transformers has drawn weights at random.

    Args:
        name: of the model.
        info: transformers' report of what it loaded.

    Raises:
        SettingsError: naming the first of these weights.
    """
    missing, others = sorted(info["missing_keys"]), sorted(info["mismatched_keys"])
    if missing:
        count = len(missing)
        raise SettingsError(
            f"{name}: its file of weights lacks {missing[0]}"
            f"{f' and {count - 1} more' if count > 1 else ''}; restore it, or train again"
        )
    if others:
        key, there, here = others[0]
        raise SettingsError(
            f"{name}: its weights do not fit its config.json: {key} is {list(there)} there, {list(here)} "
            "here; restore both, or train again"
        )


def _kept(logits_to_keep: int | Tensor | None, logits_from: int, num_tokens: int) -> int | Tensor:
    """The first position whose logits are returned, with all after it; or the positions [N]."""
    if logits_to_keep is None:
        return logits_from
    if logits_from:
        raise SettingsError("logits_to_keep and logits_from: give one of them")
    if isinstance(logits_to_keep, Tensor):
        return logits_to_keep
    if logits_to_keep < 0:
        raise SettingsError(f"logits_to_keep {logits_to_keep}: must be at least 0, which keeps all")
    return max(0, num_tokens - logits_to_keep) if logits_to_keep else 0
