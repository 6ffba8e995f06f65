"""RETRO from its formulas, one batch row, chunk, neighbor, position, head and key at a time.

Slow and plain on purpose: it shares nothing with `openbook.model` but the names of the weights. Everything is
computed in float64. Letters as in the paper: m chunk length, r = 2m, u chunks and positions counted from 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.model import RetroConfig

Vectors = dict[int, Tensor]
"""Vectors by their position, counted from 1; a position that does not exist has none."""


@dataclass(frozen=True)
class ReferenceOutput:
    """What the model returns.

    logits: [B, T, V]; with a copy head log-probabilities.
    shares: [B, T, K], zeros where retrieval is off.
    """

    logits: Tensor
    shares: Tensor


def retro_reference(
    config: RetroConfig,
    weights: Mapping[str, Tensor],
    input_ids: Tensor,
    neighbor_ids: Tensor | None = None,
    neighbor_mask: Tensor | None = None,
    attention_mask: Tensor | None = None,
) -> ReferenceOutput:
    """What `RetroForCausalLM` with these weights (its state dict) has to compute."""
    weights = {name: weight.to(torch.float64) for name, weight in weights.items()}
    rows = []
    for b in range(input_ids.shape[0]):
        rows.append(
            _Sequence(
                config,
                weights,
                input_ids[b].tolist(),
                None if neighbor_ids is None else neighbor_ids[b].tolist(),
                None if neighbor_mask is None else neighbor_mask[b].tolist(),
                None if attention_mask is None else attention_mask[b].tolist(),
            )
        )
    return ReferenceOutput(
        torch.stack([row.logits for row in rows]), torch.stack([row.shares for row in rows])
    )


class _Sequence:
    def __init__(
        self,
        config: RetroConfig,
        weights: Mapping[str, Tensor],
        tokens: list[int],
        neighbors: list[list[list[int]]] | None,
        neighbors_exist: list[list[list[bool]]] | None,
        exist: list[int] | None,
    ) -> None:
        self.config, self.weights, self.tokens = config, weights, tokens
        self.n, self.m = len(tokens), config.chunk_size
        self.exists = {t: exist is None or bool(exist[t - 1]) for t in range(1, self.n + 1)}
        # The neighbors of chunk u: for each the tokens that exist, by their place 1 … r.
        self.neighbors: dict[int, list[dict[int, int]]] = {}
        for u in range(1, self.n // self.m + 1):
            if neighbors is None or u > len(neighbors):
                continue
            self.neighbors[u] = []
            for j, neighbor in enumerate(neighbors[u - 1]):
                places = {}
                for place, token in enumerate(neighbor, start=1):
                    if neighbors_exist is None or neighbors_exist[u - 1][j][place - 1]:
                        places[place] = token
                self.neighbors[u].append(places)
        self.num_neighbors = len(neighbors[0]) if neighbors else 1
        self.share_sums = {t: [0.0] * self.num_neighbors for t in range(1, self.n + 1)}
        self.encoded: dict[int, list[Vectors]] = {}
        hidden = self.decode()
        self.logits = torch.stack([self.predict(t, hidden[t]) for t in range(1, self.n + 1)])
        self.shares = torch.tensor([self.share_sums[t] for t in range(1, self.n + 1)])

    # Decoder

    def decode(self) -> Vectors:
        config = self.config
        P = config.cca_layers or []
        table = self.weights["model.decoder.embed_tokens.weight"]
        hidden = {t: table[self.tokens[t - 1]] for t in range(1, self.n + 1)}
        for p in range(1, config.num_hidden_layers + 1):
            name = f"model.decoder.layers.{p - 1}"
            keys_exist = [t for t in hidden if self.exists[t]]
            normed = self.norm_all(f"{name}.self_attention_norm", hidden)
            attended = self.self_attention(
                f"{name}.self_attention",
                normed,
                {t: [s for s in keys_exist if s <= t] for t in hidden},
                config.num_attention_heads,
            )
            hidden = {t: hidden[t] + attended[t] for t in hidden}
            if P and p == min(P):
                for u in self.neighbors:
                    self.encoded[u] = self.encode(u, hidden)
            if p in P:
                added = self.chunked_cross_attention(name, hidden)
                hidden = {t: hidden[t] + added.get(t, torch.zeros_like(hidden[t])) for t in hidden}
            hidden = self.feed_forward(name, hidden)
        return self.norm_all("model.decoder.norm", hidden)

    def chunked_cross_attention(self, name: str, hidden: Vectors) -> Vectors:
        """Positions u·m … u·m + m - 1 attend to the neighbors of chunk u; what to add to them."""
        config, m = self.config, self.m
        heads = config.num_attention_heads
        added = {}
        for u, neighbors in self.encoded.items():
            places = [(j, place) for j, neighbor in enumerate(neighbors) for place in sorted(neighbor)]
            if not places:
                continue
            both = [self.linear(f"{name}.cca.key_value", neighbors[j][place]) for j, place in places]
            inner = both[0].shape[0] // 2
            for t in range(u * m, min(u * m + m - 1, self.n) + 1):
                i = t - u * m + 1
                query = self.linear(f"{name}.cca.query", self.norm(f"{name}.cca_norm", hidden[t]))
                distances = [i - place + m - 1 for _, place in places]
                if config.cca_positions == "none":
                    distances = [0] * len(places)
                mixed, shares = [], [0.0] * self.num_neighbors
                for h in range(heads):
                    width = inner // heads
                    part = slice(h * width, (h + 1) * width)
                    a = self.attention_weights(
                        query[part].tolist(), [kv[:inner][part].tolist() for kv in both], distances
                    )
                    mixed.append(weighted_sum(a, [kv[inner:][part] for kv in both]))
                    for weight, (j, _) in zip(a, places, strict=True):
                        shares[j] += weight / heads
                added[t] = self.linear(f"{name}.cca.output", torch.cat(mixed))
                P = config.cca_layers or []
                for j, share in enumerate(shares):
                    self.share_sums[t][j] += share / len(P)
        return added

    # Encoder

    def encode(self, u: int, decoder_hidden: Vectors) -> list[Vectors]:
        """E_u: what the decoder attends to of each neighbor of chunk u."""
        config, m = self.config, self.m
        assert config.encoder_num_attention_heads is not None
        own = "model.encoder.embed_tokens.weight"
        shared = "model.decoder.embed_tokens.weight"
        table = self.weights[shared if config.share_embeddings else own]
        chunk = {i: decoder_hidden[(u - 1) * m + i] for i in range(1, m + 1) if self.exists[(u - 1) * m + i]}
        encoded = []
        for neighbor in self.neighbors[u]:
            hidden = {place: table[token] for place, token in neighbor.items()}
            for number in range(1, config.encoder_num_layers + 1):
                name = f"model.encoder.layers.{number - 1}"
                attended = self.self_attention(
                    f"{name}.self_attention",
                    self.norm_all(f"{name}.self_attention_norm", hidden),
                    {place: list(hidden) for place in hidden},
                    config.encoder_num_attention_heads,
                )
                hidden = {place: hidden[place] + attended[place] for place in hidden}
                if config.encoder_conditioned and number in (config.encoder_cross_attention_layers or []):
                    crossed = self.encoder_cross_attention(name, hidden, chunk)
                    hidden = {place: hidden[place] + crossed[place] for place in hidden}
                hidden = self.feed_forward(name, hidden)
            encoded.append(self.norm_all("model.encoder.norm", hidden))
        return encoded

    def encoder_cross_attention(self, name: str, hidden: Vectors, chunk: Vectors) -> Vectors:
        """Every place i' of the neighbor attends to every position i of the chunk, at the distance i' - i."""
        heads = self.config.encoder_num_attention_heads
        assert heads is not None
        both = {i: self.linear(f"{name}.cross_attention.key_value", x) for i, x in chunk.items()}
        result = {}
        for place, x in hidden.items():
            query = self.linear(f"{name}.cross_attention.query", self.norm(f"{name}.cross_attention_norm", x))
            inner = query.shape[0]
            width = inner // heads
            mixed = []
            for h in range(heads):
                part = slice(h * width, (h + 1) * width)
                if not both:
                    mixed.append(torch.zeros(width, dtype=torch.float64))
                    continue
                a = self.attention_weights(
                    query[part].tolist(),
                    [kv[:inner][part].tolist() for kv in both.values()],
                    [place - i for i in both],
                )
                mixed.append(weighted_sum(a, [kv[inner:][part] for kv in both.values()]))
            result[place] = self.linear(f"{name}.cross_attention.output", torch.cat(mixed))
        return result

    # Output

    def predict(self, t: int, state: Tensor) -> Tensor:
        logits = self.weights["lm_head.weight"] @ state
        if not self.config.copy_head:
            return logits
        vocabulary = softmax(logits.tolist())
        neighbors = self.encoded.get(t // self.m, [])
        keys, tokens = [], []
        for j, neighbor in enumerate(neighbors):
            for place, x in neighbor.items():
                keys.append(self.linear("copy_head.key", x))
                tokens.append(self.neighbors[t // self.m][j][place])
        if not keys:
            return torch.tensor([math.log(p) for p in vocabulary], dtype=torch.float64)
        query = self.linear("copy_head.query", state)
        a = softmax([dot(query.tolist(), key.tolist()) / math.sqrt(len(state)) for key in keys])
        w, b = self.weights["copy_head.gate.weight"][0], self.weights["copy_head.gate.bias"][0]
        g = 1 / (1 + math.exp(-(dot(w.tolist(), state.tolist()) + float(b))))
        mixture = [(1 - g) * p for p in vocabulary]
        for weight, token in zip(a, tokens, strict=True):
            mixture[token] += g * weight
        return torch.tensor([math.log(p) for p in mixture], dtype=torch.float64)

    # Parts

    def linear(self, name: str, x: Tensor) -> Tensor:
        return self.weights[f"{name}.weight"] @ x

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean_square = sum(value * value for value in x.tolist()) / len(x)
        return x / math.sqrt(mean_square + self.config.rms_norm_eps) * self.weights[f"{name}.weight"]

    def norm_all(self, name: str, hidden: Vectors) -> Vectors:
        return {t: self.norm(name, x) for t, x in hidden.items()}

    def feed_forward(self, name: str, hidden: Vectors) -> Vectors:
        result = {}
        for t, x in hidden.items():
            inner = self.linear(f"{name}.feed_forward.input", self.norm(f"{name}.feed_forward_norm", x))
            gelu = [0.5 * value * (1 + math.erf(value / math.sqrt(2))) for value in inner.tolist()]
            active = torch.tensor(gelu, dtype=torch.float64)
            result[t] = x + self.linear(f"{name}.feed_forward.output", active)
        return result

    def self_attention(self, name: str, normed: Vectors, sees: dict[int, list[int]], heads: int) -> Vectors:
        """sees: for each position those it attends to; the distance is the difference of the positions."""
        projected = {t: self.linear(f"{name}.query_key_value", x) for t, x in normed.items()}
        result = {}
        for t, x in projected.items():
            inner = x.shape[0] // 3
            width = inner // heads
            mixed = []
            for h in range(heads):
                query, key, value = (
                    slice(part * inner + h * width, part * inner + (h + 1) * width) for part in range(3)
                )
                if not sees[t]:
                    mixed.append(torch.zeros(width, dtype=torch.float64))
                    continue
                a = self.attention_weights(
                    x[query].tolist(),
                    [projected[s][key].tolist() for s in sees[t]],
                    [t - s for s in sees[t]],
                )
                mixed.append(weighted_sum(a, [projected[s][value] for s in sees[t]]))
            result[t] = self.linear(f"{name}.output", torch.cat(mixed))
        return result

    def attention_weights(
        self, query: list[float], keys: list[list[float]], distances: list[int]
    ) -> list[float]:
        """Softmax over the keys; each sees the query turned by the distance between the two."""
        scores = []
        for key, distance in zip(keys, distances, strict=True):
            turned = rotary(query, distance, float(self.config.rotary_base))
            scores.append(dot(turned, key) / math.sqrt(len(query)))
        return softmax(scores)


def rotary(x: list[float], angle: int, base: float) -> list[float]:
    """Turn each pair (x_d, x_{d + half}) by the angle, in units of the pair's own wave length."""
    half = len(x) // 2
    turned = [0.0] * len(x)
    for d in range(half):
        value = complex(x[d], x[d + half]) * complex(
            math.cos(angle * base ** (-d / half)), math.sin(angle * base ** (-d / half))
        )
        turned[d], turned[d + half] = value.real, value.imag
    return turned


def dot(x: list[float], y: list[float]) -> float:
    """The sum of products."""
    return sum(a * b for a, b in zip(x, y, strict=True))


def softmax(scores: list[float]) -> list[float]:
    """By its definition; the largest score is taken off first."""
    largest = max(scores)
    powers = [math.exp(score - largest) for score in scores]
    return [power / sum(powers) for power in powers]


def weighted_sum(weights: list[float], values: list[Tensor]) -> Tensor:
    """Of vectors."""
    total = torch.zeros_like(values[0])
    for weight, value in zip(weights, values, strict=True):
        total = total + weight * value
    return total
