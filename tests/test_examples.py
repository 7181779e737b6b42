"""The examples: their gradients, and that they learn what they are to learn, in a small size."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import fastnn as nn

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import boosting
import gpt
import logistic_regression
import mlp
import word_vectors

ROOT = Path(__file__).parents[1]
TEXT_OF_SVG = "{http://www.w3.org/2000/svg}text"


def check_gradients(loss_and_gradients, p, rng):
    """That the gradients of parameters are differences of losses, at some places of each array."""
    _, gradients = loss_and_gradients()
    assert gradients.keys() == p.keys()
    for name, array in p.items():
        assert gradients[name].shape == array.shape
        for _ in range(6):
            place = tuple(rng.integers(size) for size in array.shape)
            before, losses = array[place], []
            for step in (1e-5, -1e-5):
                array[place] = before + step
                losses.append(loss_and_gradients()[0])
            array[place] = before
            assert gradients[name][place] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8), name


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run an example as a command that draws a picture; what it prints, and the words in the picture."""

    def run(example, *options):
        path = tmp_path / "picture.svg"
        monkeypatch.setattr(sys, "argv", [example.__name__, *options, f"--picture={path}"])
        example.main()
        return capsys.readouterr().out, [text.text for text in ElementTree.parse(path).iter(TEXT_OF_SVG)]

    return run


def test_a_picture_that_has_no_place_is_refused_before_the_training(monkeypatch, capsys, tmp_path):
    for path in (tmp_path / "nowhere" / "picture.svg", tmp_path / "picture.png"):
        monkeypatch.setattr(sys, "argv", ["gpt.py", f"--picture={path}"])
        with pytest.raises(SystemExit):
            gpt.main()
        assert f"{path} is not the name of an .svg file" in capsys.readouterr().err


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "examples").glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_every_page_has_its_example_and_picture(page):
    text = page.read_text(encoding="utf-8")
    assert (ROOT / "examples" / f"{page.stem}.py").is_file()
    assert page.with_suffix(".svg").is_file()
    assert f"]({page.stem}.svg)" in text
    assert f"python examples/{page.stem}.py" in text
    assert f"]({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s:]+)\)", text):
        assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("seed", [None, 3], ids=["evaluation", "dropout"])
def test_gradients_of_the_gpt_are_those_of_differences(seed):
    model = gpt.Model(7, context=5, width=8, heads=2, blocks=2, dropout=0.3)
    rng = np.random.default_rng(0)
    p = {name: rng.normal(scale=0.5, size=array.shape) for name, array in model.start(rng).items()}
    inputs, targets = rng.integers(7, size=(2, 3, 5))
    check_gradients(lambda: model.loss_and_gradients(p, inputs, targets, seed), p, rng)


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


def test_the_gpt_goes_on_from_a_file(tmp_path, monkeypatch, run):
    small = gpt.Model(len(set(TEXT)), context=16, width=16, heads=2, blocks=1)
    monkeypatch.setattr(gpt, "text", lambda: TEXT)
    monkeypatch.setattr(gpt, "Model", lambda vocabulary: small)
    for steps in (3, 6):
        printed, shown = run(gpt, f"--steps={steps}", "--batch=2", f"--save={tmp_path / 'run'}")
        with np.load(tmp_path / "run.npz") as saved:
            assert int(saved["step"]) == steps
        assert "held out: loss" in printed
        assert "training, a batch" in shown
    optimizer = gpt.adamw(1e-3, 6)
    optimizer.load(tmp_path / "run.adamw.npz")
    assert optimizer.state_dict()["steps"] == 6


@pytest.mark.parametrize("c", [0.1, 10.0])
def test_logistic_regression_is_that_of_scikit_learn(c):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 4))
    labels = (x @ rng.normal(size=(4, 3)) + rng.gumbel(size=(80, 3))).argmax(1)
    model = LogisticRegression(C=c, tol=1e-9, max_iter=1000).fit(x, labels)
    problem = logistic_regression.Problem(x, labels, penalty=1 / (c * len(x)))
    ways = {"L-BFGS": logistic_regression.with_lbfgs(problem, 500)}
    for name, optimizer in logistic_regression.optimizers(problem).items():
        ways[name] = logistic_regression.with_optimizer(problem, optimizer, 1000)
    for name, (p, heights) in ways.items():
        # Adam, with a rate that does not fall, only comes near.
        assert logistic_regression.distance(p, model) < (0.02 if name == "adam" else 1e-5), name
        found = nn.softmax(logistic_regression.logits(p, x))
        np.testing.assert_allclose(found, model.predict_proba(x), atol=0.01 if name == "adam" else 1e-6)
        assert heights[0] == pytest.approx(np.log(3))


def test_gradients_of_logistic_regression_are_those_of_differences():
    rng = np.random.default_rng(0)
    problem = logistic_regression.Problem(rng.normal(size=(9, 4)), rng.permutation(9) % 3, penalty=0.3)
    p = {name: rng.normal(size=array.shape) for name, array in problem.start().items()}
    check_gradients(lambda: problem.loss_and_gradients(p), p, rng)


def test_logistic_regression_compares_and_draws(run):
    printed, shown = run(logistic_regression, "--C=0.01", "--steps=300")
    right = re.findall(r"([\d.]+)%", printed)
    assert len(right) == 4
    assert {*right} == {right[0]}
    assert all(float(far) < 1e-3 for far in re.findall(r"differ by (\S+)", printed))
    assert {"L-BFGS", "sgd", "adam"} <= {*shown}


@pytest.mark.parametrize("normalized", [False, True], ids=["biases", "batch norm"])
def test_gradients_of_the_perceptron_are_those_of_differences(normalized):
    network = mlp.Network((5, 6, 4, 3), normalized, dropout=0.3)
    rng = np.random.default_rng(0)
    network.p = {name: rng.normal(size=array.shape) for name, array in network.p.items()}
    x, labels = rng.normal(size=(8, 5)), rng.integers(3, size=8)
    check_gradients(lambda: network.loss_and_gradients(x, labels, step=3), network.p, rng)


def test_the_perceptron_normalizes_with_all_batches_in_the_end():
    network = mlp.Network((5, 6, 3), normalized=True, dropout=0.0)
    x = np.random.default_rng(0).normal(size=(32, 5))
    for step in range(200):
        in_training = network.logits(x, step)
    # Of one and the same batch, but that the variance of all is that of a sample.
    z = x @ network.p["0.matrix"]
    np.testing.assert_allclose(network.running["0.mean"], z.mean(0), atol=1e-6)
    np.testing.assert_allclose(network.running["0.variance"], z.var(0, ddof=1), rtol=1e-6)
    np.testing.assert_allclose(network.logits(x), in_training, atol=0.1)
    # And then a sample's logits do not depend on the others.
    np.testing.assert_allclose(network.logits(x[:1]), network.logits(x)[:1], rtol=1e-5)


def test_the_perceptrons_learn_and_are_drawn(run):
    printed, shown = run(mlp, "--samples=400", "--epochs=8", "--runs=1")
    names = ["neither", "batch norm", "dropout", "both"]
    assert re.findall(r"^(\w+(?: \w+)?) +loss", printed, re.MULTILINE) == names
    assert all(float(right) > 85 for right in re.findall(r"([\d.]+)% of them", printed))
    assert {*names} <= {*shown}


def test_boosting_compares_and_draws(run, monkeypatch):
    monkeypatch.setattr(boosting, "GAMMAS", (0.0, 1.0))
    printed, shown = run(boosting, "--samples=400", "--rare=0.1")
    losses = [float(loss) for loss in re.findall(r"log loss ([\d.]+)", printed)]
    own, *focal = losses[: len(losses) // 2]
    assert len(focal) == len(boosting.GAMMAS)
    assert focal[0] == pytest.approx(own, rel=0.2)
    assert min(focal) < own
    shares = re.findall(r"(0\.\d): ([\d.]+) of the distances", printed)
    assert len(shares) == 6
    for tau, share in shares:
        assert float(share) == pytest.approx(float(tau), abs=0.07)
    errors = re.findall(r"expectile 0.5: ([\d.]+); own objective: ([\d.]+)", printed)
    for ours, own in errors:
        assert float(ours) == pytest.approx(float(own), rel=0.02)
    assert {"LightGBM", "XGBoost", "own objective", "0.1", "0.5", "0.9"} <= {*shown}


def test_the_share_of_distances_below_an_expectile_is_tau():
    target = np.random.default_rng(0).gamma(2, size=50)
    for tau in (0.1, 0.5, 0.9):
        expectile = target.mean()
        for _ in range(100):  # a weighted mean, whose weights depend on it
            expectile = np.average(target, weights=np.where(target > expectile, tau, 1 - tau))
        assert boosting.share_below(np.full(50, expectile), target) == pytest.approx(tau)


def test_gradients_of_word_vectors_are_those_of_differences():
    rng = np.random.default_rng(0)
    p = {name: rng.normal(size=array.shape) for name, array in word_vectors.start(5, 3, rng).items()}
    # Words that come twice, and one among its own others.
    words, around = np.array([1, 4, 1]), np.array([[2, 0, 2], [4, 4, 1], [2, 3, 0]])
    check_gradients(lambda: word_vectors.loss_and_gradients(p, words, around), p, rng)
    products = (p["word"][words][:, None] * p["around"][around]).sum(2) * [1, -1, -1]
    loss, _ = word_vectors.loss_and_gradients(p, words, around)
    assert loss == pytest.approx(np.log1p(np.exp(-products)).sum(1).mean())


def test_batches_of_words_have_what_is_around_them():
    ids = np.arange(5000) % 1000
    words, around = next(word_vectors.batches(ids, 3, 4, 4000, np.random.default_rng(0)))
    assert words.shape == (4000,)
    assert around.shape == (4000, 5)
    away = (around[:, 0] - words) % 1000
    assert {*away} == {1, 2, 3, 997, 998, 999}
    assert np.isin(away, [1, 999]).mean() == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=0.03)
    assert {*around[:, 1:].ravel()} == {*range(1000)}


def test_frequent_words_are_seen_more_seldom():
    ids = np.r_[np.zeros(9000, int), np.arange(1000)]
    words, around = next(word_vectors.batches(ids, 3, 4, 10_000, np.random.default_rng(0)))
    assert (words == 0).sum() == pytest.approx(9001 * np.sqrt(1e-3 * 10_000 / 9001), rel=0.15)
    assert (around[:, 1:] == 0).mean() == pytest.approx(9001**0.75 / (9001**0.75 + 999), abs=0.05)


def test_neighbours_are_the_words_of_the_same_topic(run, monkeypatch):
    """Ten topics of 64 words, and a text that goes from topic to topic."""
    rng = np.random.default_rng(0)
    words = [[f"{topic}_{one}{other}" for one in "abcdefgh" for other in "abcdefgh"] for topic in "abcdefghij"]
    text = " ".join(word for topic in rng.integers(10, size=1500) for word in rng.choice(words[topic], 12))
    monkeypatch.setattr(gpt, "text", lambda: text)
    printed, shown = run(word_vectors, "--steps=200", "--batch=512", "--width=16", "--words", "a_bc", "j_ad")
    assert {"a_bc", "j_ad"} <= {*shown}
    for word in ("a_bc", "j_ad"):
        near = re.search(rf"^{word}: (.*)$", printed, re.MULTILINE)[1].split(", ")
        assert len(near) == 6
        assert all(other[0] == word[0] and other != word for other in near)


def test_word_vectors_name_a_word_that_is_too_rare(run):
    with pytest.raises(SystemExit):
        run(word_vectors, "--words", "xyzzy")
