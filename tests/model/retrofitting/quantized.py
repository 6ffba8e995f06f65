"""A model with 8-bit linear maps, marked as transformers marks those that it has quantized while loading."""

from types import SimpleNamespace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D
from transformers.utils.quantization_config import QuantizationMethod


class Int8Linear(nn.Module):
    """Whole numbers and a scale for each row; the numbers are a parameter, as those of bitsandbytes."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True) / 127
        self.weight = nn.Parameter((weight / scale).round().to(torch.int8), requires_grad=False)
        self.register_buffer("scale", scale)
        self.bias = None if bias is None else nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype) * self.scale.to(x.dtype)
        return nn.functional.linear(x, weight, self.bias)


def quantize(base: PreTrainedModel) -> PreTrainedModel:
    """Replace the linear maps of its layers, in place; embeddings, norms and the output stay."""
    for layer in getattr(base.base_model, "layers", None) or base.base_model.h:
        for parent in list(layer.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Linear | Conv1D):
                    weight = child.weight.detach()
                    weight = weight if isinstance(child, nn.Linear) else weight.T.contiguous()
                    setattr(parent, name, Int8Linear(weight, child.bias))
    method = SimpleNamespace(to_dict=lambda: {"quant_method": "bitsandbytes", "load_in_8bit": True})
    base.hf_quantizer = SimpleNamespace(pre_quantized=False, quantization_config=method)
    base.quantization_method = QuantizationMethod.BITS_AND_BYTES
    return base
