"""Losses, Adam, fitting, and the classifier with the manners of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

import tncompile as tn
from tncompile.source import TnError, UsageError
from tncompile.train import Classifier, FitOptions, accuracy, fit
from tncompile.train.adam import Adam
from tncompile.train.loss import cross_entropy, squared_error

# Two numbers, given as the features (1, u) each; products of them tell the classes apart.
PRODUCTS = """
network products
size d = 2, r = 3, C = 2
constant bias(i in 1..2) = 1 if i == 1 else 0
constant slope(i in 1..2) = 1 if i == 2 else 0
input x[1..d]()
weight A[1..d](2, r), top(r, C)
f[k](i) = bias(i) + slope(i) * x[k]()                            for k in 1..d
output score(y) = top(q, y) * prod(A[k](i[k], q) * f[k](i[k]) for k in 1..d)
"""


@pytest.fixture
def net():
    return tn.load(PRODUCTS.lstrip())


@pytest.fixture
def exclusive_or():
    """Points of the square; the class is whether both coordinates have the same sign."""
    x = np.random.default_rng(0).uniform(-1, 1, size=(200, 2))
    return x, (x.prod(axis=1) > 0).astype(int)


@pytest.mark.parametrize(
    ("loss", "targets"), [(cross_entropy, np.array([[0, 2], [1, 1]])), (squared_error, np.ones((2, 2, 3)))]
)
def test_the_derivative_of_a_loss_is_its_slope(loss, targets):
    generator = np.random.default_rng(0)
    scores, direction = generator.normal(size=(2, 2, 2, 3))
    _, derivative = loss(scores, targets)
    slope = (loss(scores + 1e-5 * direction, targets)[0] - loss(scores - 1e-5 * direction, targets)[0]) / 2e-5
    assert np.isclose(np.sum(derivative * direction), slope, rtol=1e-8)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes():
    assert np.isclose(cross_entropy(np.full((4, 5), 1e4), np.arange(4))[0], np.log(5))


def test_the_first_step_of_adam_has_the_length_of_the_rate_everywhere():
    weights = np.zeros(3)
    Adam(clip=0).step(weights, np.array([1.0, -20.0, 1e-3]), rate=0.1)
    assert np.allclose(weights, [-0.1, 0.1, -0.1], rtol=1e-4)


def test_a_long_gradient_is_cut_to_the_clip():
    short, long = np.zeros(2), np.zeros(2)
    for optimizer, weights, factor in ((Adam(clip=1.0), short, 1.0), (Adam(clip=1.0), long, 1e6)):
        optimizer.step(weights, np.array([0.6, 0.8]), rate=0.1)
        optimizer.step(weights, factor * np.array([0.6, 0.8]), rate=0.1)
    assert np.allclose(short, long)


def test_fitting_finds_what_only_products_can_tell_apart(net, exclusive_or):
    x, y = exclusive_or
    model = tn.compile(net)
    before = accuracy(model, model.init(seed=3), x, y)
    result = fit(model, x, y, FitOptions(epochs=40, rate=0.05, seed=3), held_out=(x, y))
    assert accuracy(model, result.weights, x, y) > max(0.97, before)
    assert result.history[-1].test_accuracy == accuracy(model, result.weights, x, y)
    assert result.history[-1].loss < result.history[0].loss / 3


def test_the_same_seed_gives_the_same_weights(net, exclusive_or):
    model = tn.compile(net)
    runs = [fit(model, *exclusive_or, FitOptions(epochs=2, seed=seed)).weights.flat for seed in (5, 5, 6)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


def test_progress_is_told_after_every_epoch(net, exclusive_or):
    told = []
    result = fit(tn.compile(net), *exclusive_or, FitOptions(epochs=3, batch_size=64), progress=told.append)
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert tuple(told) == result.history


def test_fitting_goes_on_from_weights_that_are_given(net, exclusive_or):
    model = tn.compile(net)
    weights = model.init(seed=1)
    result = fit(model, *exclusive_or, FitOptions(epochs=1), weights=weights)
    assert result.weights is weights
    assert not np.array_equal(weights.flat, model.init(seed=1).flat)


def test_numbers_are_fitted_by_squared_error():
    net = tn.load(
        "network line\nsize n = 2, m = 3\ninput x(n), z(m)\nweight a(n), b(m)\noutput y() = a(i)*x(i) + b(j)*z(j)\n"
    )
    generator = np.random.default_rng(0)
    x = {"x": generator.normal(size=(100, 2)), "z": generator.normal(size=(100, 3))}
    y = x["x"] @ [1.0, -2.0] + x["z"] @ [0.5, 0.0, 3.0]
    result = fit(tn.compile(net), x, y, FitOptions(epochs=200, rate=0.1, loss="squared_error"))
    assert np.allclose(result.weights["a"], [1, -2], atol=1e-2)
    assert result.history[-1].accuracy is None


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.array([0, 1, 2]), "labels lie in 0..2, the scores have 2 classes"),
        (np.array([0.0, 1.0, 1.0]), "labels of cross_entropy are integers"),
        (np.array([[0], [1], [1]]), "targets of shape (3,), not (3, 1)"),
    ],
)
def test_targets_that_do_not_fit_are_refused(net, labels, said):
    with pytest.raises(UsageError) as caught:
        fit(tn.compile(net), np.ones((3, 2)), labels)
    assert said in str(caught.value)


@pytest.mark.parametrize("options", [{"loss": "hinge"}, {"epochs": 0}, {"batch_size": 0}])
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(UsageError):
        FitOptions(**options)


def test_a_loss_that_is_no_number_ends_the_fit(net, exclusive_or):
    model = tn.compile(net)
    weights = model.init()
    weights.flat[...] = 1e200
    with pytest.raises(TnError, match="not a finite number"), np.errstate(all="ignore"):
        fit(model, *exclusive_or, weights=weights)


def test_a_classifier_takes_any_labels_and_has_the_manners_of_scikit_learn(net, exclusive_or):
    x, y = exclusive_or
    names = np.array(["different", "same"])[y]
    made = Classifier(net, epochs=40, rate=0.05, seed=3)
    fitted = clone(made).fit(x, names)
    assert fitted.get_params() == made.get_params()
    assert fitted.score(x, names) > 0.97
    assert list(fitted.classes_) == ["different", "same"]
    assert np.allclose(fitted.predict_proba(x).sum(axis=1), 1)
    assert set(fitted.predict(x[:5])) <= {"different", "same"}
    with pytest.raises(UsageError):
        made.set_params(depth=3)
    assert made.set_params(epochs=2).epochs == 2
