"""The examples: their gradients, and that they learn what they are to learn, in a small size."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import gpt


@pytest.mark.parametrize("seed", [None, 3], ids=["evaluation", "dropout"])
def test_gradients_of_the_gpt_are_those_of_differences(seed):
    model = gpt.Model(7, context=5, width=8, heads=2, blocks=2, dropout=0.3)
    rng = np.random.default_rng(0)
    p = {name: rng.normal(scale=0.5, size=array.shape) for name, array in model.start(rng).items()}
    inputs, targets = rng.integers(7, size=(2, 3, 5))
    _, gradients = model.loss_and_gradients(p, inputs, targets, seed)
    assert gradients.keys() == p.keys()
    for name, array in p.items():
        assert gradients[name].shape == array.shape
        for _ in range(6):
            place = tuple(rng.integers(size) for size in array.shape)
            before, losses = array[place], []
            for step in (1e-5, -1e-5):
                array[place] = before + step
                losses.append(model.loss_and_gradients(p, inputs, targets, seed)[0])
            array[place] = before
            assert gradients[name][place] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8), name


TEXT = "The quick brown fox jumps over the lazy dog. " * 40


def test_the_gpt_learns_a_text():
    """To know a sentence by heart: of its 45 places, each but "the" and the spaces tells the next character."""
    characters = sorted(set(TEXT))
    ids = np.searchsorted(characters, list(TEXT))
    rng = np.random.default_rng(0)
    model = gpt.Model(len(characters), context=24, width=32, heads=2, blocks=2, dropout=0.1)
    p, optimizer = model.start(rng), gpt.adamw(5e-3, 150)
    losses = []
    data = gpt.batches(ids, model.context, 8, rng)
    for step, (inputs, targets) in zip(range(150), data, strict=False):
        loss, gradients = model.loss_and_gradients(p, inputs, targets, seed=step)
        optimizer.step(p, gradients)
        losses.append(loss)
    assert losses[0] == pytest.approx(np.log(len(characters)), abs=0.1)
    assert np.mean(losses[-10:]) < 0.7
    optimizer.evaluate(p)
    begin = [characters.index(c) for c in "The quick brown fox "]
    written = "".join(characters[i] for i in gpt.write(model, p, begin, 18, rng))
    assert written == "The quick brown fox jumps over the laz"


def test_the_gpt_goes_on_from_a_file(tmp_path, monkeypatch, capsys):
    small = gpt.Model(len(set(TEXT)), context=16, width=16, heads=2, blocks=1)
    monkeypatch.setattr(gpt, "text", lambda: TEXT)
    monkeypatch.setattr(gpt, "Model", lambda vocabulary: small)
    for steps in (3, 6):
        monkeypatch.setattr(sys, "argv", ["gpt.py", f"--steps={steps}", "--batch=2", f"--save={tmp_path / 'run'}"])
        gpt.main()
        with np.load(tmp_path / "run.npz") as saved:
            assert int(saved["step"]) == steps
        assert "held out: loss" in capsys.readouterr().out
    optimizer = gpt.adamw(1e-3, 6)
    optimizer.load(tmp_path / "run.adamw.npz")
    assert optimizer.state_dict()["steps"] == 6
