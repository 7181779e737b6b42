"""The GPT of gpt.py in PyTorch, for comparison: the same start, data, losses and updates, and how long a step takes.

python examples/gpt_torch.py --steps 30 --threads 1
"""

from __future__ import annotations

import argparse
import statistics
import time

import gpt
import numpy as np
import torch
from torch.nn import functional

import fastnn as nn


def logits(model: gpt.Model, p: dict[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
    batch, context = ids.shape
    x = functional.embedding(ids, p["tokens"]) + p["positions"][:context]
    x = functional.dropout(x, model.dropout)
    for at in (f"{block}." for block in range(model.blocks)):
        y = functional.layer_norm(x, (model.width,), p[at + "norm1.weight"], p[at + "norm1.bias"])
        qkv = (y @ p[at + "qkv"]).view(batch, context, 3, model.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*qkv, is_causal=True).transpose(1, 2).reshape(x.shape)
        x = x + functional.dropout(mixed @ p[at + "mix"], model.dropout)
        y = functional.layer_norm(x, (model.width,), p[at + "norm2.weight"], p[at + "norm2.bias"])
        x = x + functional.dropout(functional.gelu(y @ p[at + "up"]) @ p[at + "down"], model.dropout)
    return functional.layer_norm(x, (model.width,), p["norm.weight"], p["norm.bias"]) @ p["tokens"].T


class Twin:
    """The same parameters and updates in PyTorch."""

    def __init__(self, model: gpt.Model, parameters: gpt.Arrays, schedule: nn.schedules.Schedule) -> None:
        self.model = model
        self.p = {name: torch.tensor(array, requires_grad=True) for name, array in parameters.items()}
        matrices = [tensor for tensor in self.p.values() if tensor.ndim > 1]
        vectors = [tensor for tensor in self.p.values() if tensor.ndim == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.99), fused=True)
        self.rates = torch.optim.lr_scheduler.LambdaLR(self.optimizer, schedule)
        self.averages = {name: tensor.detach().clone() for name, tensor in self.p.items()}

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        loss = functional.cross_entropy(
            logits(self.model, self.p, torch.from_numpy(inputs)).flatten(0, 1), torch.from_numpy(targets).flatten()
        )
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.p.values(), 1.0)
        self.optimizer.step()
        self.rates.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averages.values()), list(self.p.values()), 0.01)
        return loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1, help="of both; of NumPy's products, set OMP_NUM_THREADS")
    parser.add_argument("--dropout", type=float, default=0.0, help="with it losses differ, since random numbers do")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    nn.set_num_threads(options.threads)
    characters = sorted(set(gpt.text()))
    ids = np.searchsorted(characters, list(gpt.text()))
    model = gpt.Model(len(characters), dropout=options.dropout)
    p, optimizer = model.start(np.random.default_rng(1)), gpt.adamw(1e-3, 500)
    twin = Twin(model, p, optimizer.learning_rate)
    times: dict[str, list[float]] = {"fastnn": [], "PyTorch": []}
    for step, (inputs, targets) in zip(
        range(options.steps), gpt.batches(ids, model.context, options.batch, np.random.default_rng(1)), strict=False
    ):
        begin = time.perf_counter()
        loss, gradients = model.loss_and_gradients(p, inputs, targets, seed=step if options.dropout else None)
        optimizer.step(p, gradients)
        middle = time.perf_counter()
        other = twin.step(inputs, targets)
        times["fastnn"].append(middle - begin)
        times["PyTorch"].append(time.perf_counter() - middle)
        if step % 10 == 0 or step == options.steps - 1:
            print(f"step {step:4}  losses {loss:.6f} and {other:.6f}")
    ratios = sorted(a / b for a, b in zip(*times.values(), strict=True))
    for name, seconds in times.items():
        print(f"{name:8} {1000 * statistics.median(seconds):7.1f} ms a step")
    quartiles = f"{ratios[len(ratios) // 4]:.2f} to {ratios[-len(ratios) // 4]:.2f}"
    print(f"fastnn / PyTorch: {statistics.median(ratios):.2f} ({quartiles})")


if __name__ == "__main__":
    main()
