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
    ends: list[int] | None = None,
) -> ReferenceOutput:
    """What `RetroForCausalLM` with these weights (its state dict) has to compute.

    With `ends`, neighbors are of windows of m positions that end there, and are read from the last of these
    on until the next window ends; without, of chunks: they end at m, 2m, …
    """
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
                ends,
            )
        )
    return ReferenceOutput(
        torch.stack([row.logits for row in rows]), torch.stack([row.shares for row in rows])
    )


@dataclass(frozen=True)
class Positions:
    """How one head of one attention sees distances; width: of the stream that its queries come from."""

    kind: str | None
    name: str
    head: int
    width: int


class _Sequence:
    def __init__(
        self,
        config: RetroConfig,
        weights: Mapping[str, Tensor],
        tokens: list[int],
        neighbors: list[list[list[int]]] | None,
        neighbors_exist: list[list[list[bool]]] | None,
        exist: list[int] | None,
        ends: list[int] | None = None,
    ) -> None:
        self.config, self.weights, self.tokens = config, weights, tokens
        self.n, self.m = len(tokens), config.chunk_size
        self.exists = {t: exist is None or bool(exist[t - 1]) for t in range(1, self.n + 1)}
        # The neighbors of chunk u: for each the tokens that exist, by their place 1 … r.
        self.neighbors: dict[int, list[dict[int, int]]] = {}
        last = ends or [u * self.m for u in range(1, self.n // self.m + 1)]
        self.ends = dict(enumerate(last, start=1))
        for u in self.ends:
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
        self.by_distance: dict[tuple[Positions, int], list[float]] = {}
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
            normed = self.read_all(f"{name}.self_attention_norm", hidden)
            attended = self.self_attention(
                f"{name}.self_attention",
                normed,
                {t: [s for s in keys_exist if s <= t] for t in hidden},
                config.num_attention_heads,
            )
            hidden = {t: self.add(f"{name}.self_attention_norm", hidden[t], attended[t]) for t in hidden}
            if P and p == min(P):
                for u in self.neighbors:
                    self.encoded[u] = self.encode(u, hidden)
            if p in P:
                added = self.chunked_cross_attention(name, hidden)
                for t, update in added.items():
                    hidden[t] = self.add(f"{name}.cca_norm", hidden[t], update)
            hidden = self.feed_forward(name, hidden)
        return self.final_norm("model.decoder.norm", hidden)

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
            for t in self.readers(u):
                i = t - self.ends[u] + 1
                query = self.linear(f"{name}.cca.query", self.read(f"{name}.cca_norm", hidden[t]))
                distances = [i - place + m - 1 for _, place in places]
                mixed, shares = [], [0.0] * self.num_neighbors
                for h in range(heads):
                    width = inner // heads
                    part = slice(h * width, (h + 1) * width)
                    a = self.attention_weights(
                        query[part].tolist(),
                        [kv[:inner][part].tolist() for kv in both],
                        distances,
                        positions=Positions(config.cca_positions, f"{name}.cca", h, config.hidden_size),
                    )
                    mixed.append(weighted_sum(a, [kv[inner:][part] for kv in both]))
                    for weight, (j, _) in zip(a, places, strict=True):
                        shares[j] += weight / heads
                added[t] = self.linear(f"{name}.cca.output", torch.cat(mixed))
                P = config.cca_layers or []
                for j, share in enumerate(shares):
                    self.share_sums[t][j] += share / len(P)
        return added

    def readers(self, u: int) -> range:
        """The positions that attend to the neighbors of chunk or window u."""
        end, following = self.ends[u], self.ends.get(u + 1, self.n + 1)
        return range(end, min(end + self.m, following, self.n + 1))

    # Encoder

    def encode(self, u: int, decoder_hidden: Vectors) -> list[Vectors]:
        """E_u: what the decoder attends to of each neighbor of chunk u."""
        config, m = self.config, self.m
        assert config.encoder_num_attention_heads is not None
        own = "model.encoder.embed_tokens.weight"
        shared = "model.decoder.embed_tokens.weight"
        table = self.weights[shared if config.share_embeddings else own]
        begin = self.ends[u] - m
        chunk = {i: decoder_hidden[begin + i] for i in range(1, m + 1) if self.exists[begin + i]}
        encoded = []
        for neighbor in self.neighbors[u]:
            hidden = {place: table[token] for place, token in neighbor.items()}
            for number in range(1, config.encoder_num_layers + 1):
                name = f"model.encoder.layers.{number - 1}"
                attended = self.self_attention(
                    f"{name}.self_attention",
                    self.read_all(f"{name}.self_attention_norm", hidden),
                    {place: list(hidden) for place in hidden},
                    config.encoder_num_attention_heads,
                )
                norm = f"{name}.self_attention_norm"
                hidden = {place: self.add(norm, hidden[place], attended[place]) for place in hidden}
                if config.encoder_conditioned and number in (config.encoder_cross_attention_layers or []):
                    crossed = self.encoder_cross_attention(name, hidden, chunk)
                    norm = f"{name}.cross_attention_norm"
                    hidden = {place: self.add(norm, hidden[place], crossed[place]) for place in hidden}
                hidden = self.feed_forward(name, hidden)
            encoded.append(self.final_norm("model.encoder.norm", hidden))
        return encoded

    def encoder_cross_attention(self, name: str, hidden: Vectors, chunk: Vectors) -> Vectors:
        """Every place i' of the neighbor attends to every position i of the chunk, at the distance i' - i."""
        heads = self.config.encoder_num_attention_heads
        assert heads is not None
        both = {i: self.linear(f"{name}.cross_attention.key_value", x) for i, x in chunk.items()}
        result = {}
        for place, x in hidden.items():
            query = self.linear(f"{name}.cross_attention.query", self.read(f"{name}.cross_attention_norm", x))
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
                    positions=Positions(self.config.positions, f"{name}.cross_attention", h, len(x)),
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
        read = next((u for u in self.encoded if t in self.readers(u)), 0)
        neighbors = self.encoded.get(read, [])
        keys, tokens = [], []
        for j, neighbor in enumerate(neighbors):
            for place, x in neighbor.items():
                key = self.linear("copy_head.key", x)
                if place - 1 in neighbor:
                    key = key + self.linear("copy_head.previous_key", neighbor[place - 1])
                keys.append(key)
                tokens.append(self.neighbors[read][j][place])
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

    def read(self, name: str, x: Tensor) -> Tensor:
        """What a sub-layer reads: pre-norm normalizes before it, DeepNorm after it."""
        return x if self.config.normalization == "deepnorm" else self.norm(name, x)

    def read_all(self, name: str, hidden: Vectors) -> Vectors:
        return {t: self.read(name, x) for t, x in hidden.items()}

    def add(self, name: str, x: Tensor, update: Tensor) -> Tensor:
        config = self.config
        if config.normalization == "pre":
            return x + update
        sublayers = 2 * config.num_hidden_layers + len(config.cca_layers or [])
        if ".encoder." in name:
            crossing = len(config.encoder_cross_attention_layers or []) if config.encoder_conditioned else 0
            sublayers = 2 * config.encoder_num_layers + crossing
        return self.norm(name, math.sqrt(math.sqrt(sublayers)) * x + update)

    def final_norm(self, name: str, hidden: Vectors) -> Vectors:
        if self.config.normalization == "deepnorm":
            return hidden
        return {t: self.norm(name, x) for t, x in hidden.items()}

    def feed_forward(self, name: str, hidden: Vectors) -> Vectors:
        result = {}
        for t, x in hidden.items():
            inner = self.linear(f"{name}.feed_forward.input", self.read(f"{name}.feed_forward_norm", x))
            gelu = [0.5 * value * (1 + math.erf(value / math.sqrt(2))) for value in inner.tolist()]
            active = torch.tensor(gelu, dtype=torch.float64)
            update = self.linear(f"{name}.feed_forward.output", active)
            result[t] = self.add(f"{name}.feed_forward_norm", x, update)
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
                    positions=Positions(self.config.positions, name, h, len(normed[t])),
                )
                mixed.append(weighted_sum(a, [projected[s][value] for s in sees[t]]))
            result[t] = self.linear(f"{name}.output", torch.cat(mixed))
        return result

    def attention_weights(
        self, query: list[float], keys: list[list[float]], distances: list[int], *, positions: Positions
    ) -> list[float]:
        """Softmax over the keys, whose scores depend on the distance between the two."""
        scores = []
        for key, distance in zip(keys, distances, strict=True):
            if positions.kind == "none":
                score = dot(query, key)
            elif positions.kind == "rotary":
                score = dot(rotary(query, distance, float(self.config.rotary_base)), key)
            else:
                score = self.relative_score(query, key, distance, positions)
            scores.append(score / math.sqrt(len(query)))
        return softmax(scores)

    def relative_score(
        self, query: list[float], key: list[float], distance: int, positions: Positions
    ) -> float:
        """(q + u)·k + (q + v)·W f(distance): equation of Transformer-XL, section 3.3."""
        name, h = f"{positions.name}.positions", positions.head
        part = slice(h * len(query), (h + 1) * len(query))
        seen = self.by_distance.get((positions, distance))
        if seen is None:
            wave = float(self.config.rotary_base) ** (-2 / positions.width)
            angles = [distance * wave**f for f in range(positions.width // 2)]
            features = [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
            matrix = self.weights[f"{name}.projection.weight"][part]
            seen = (matrix @ torch.tensor(features, dtype=torch.float64)).tolist()
            self.by_distance[(positions, distance)] = seen
        u = self.weights[f"{name}.content_bias"][h].tolist()
        v = self.weights[f"{name}.position_bias"][h].tolist()
        content = dot([a + b for a, b in zip(query, u, strict=True)], key)
        return content + dot([a + b for a, b in zip(query, v, strict=True)], seen)


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
