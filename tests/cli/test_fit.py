"""`tnc fit`."""

import json

import numpy as np
import pytest


def test_fitting_prints_the_accuracies_and_writes_the_weights(tnc, data, tmp_path):
    result = tnc("fit", "tensor_train.tn", "--data", data(), "--epochs", "3", "-o", "w.npz")
    assert result.status == 0
    assert "train" in result.out
    assert "test" in result.out
    with np.load(tmp_path / "w.npz") as weights:
        assert weights["G[2]"].shape == (4, 3, 4)


def test_the_same_seed_gives_the_same_fit(tnc, data):
    reports = [
        json.loads(tnc("fit", "tensor_train.tn", "--data", data(), "--epochs", "2", "--json").out)
        for _ in range(2)
    ]
    assert reports[0]["loss"] == reports[1]["loss"]
    assert reports[0]["samples"] == {"train": 60, "test": 20}
    assert set(reports[0]["accuracy"]) == {"train", "test"}


def test_numbers_are_fitted_by_squared_error(tnc, data):
    y = np.zeros((80, 2))
    result = tnc(
        "fit",
        "tensor_train.tn",
        "--data",
        data(y=y),
        "--loss",
        "squared_error",
        "--epochs",
        "2",
        "--test-split",
        "0",
        "--json",
    )
    assert result.status == 0
    assert json.loads(result.out)["samples"] == {"train": 80, "test": 0}


@pytest.mark.parametrize(("arrays", "message"), [
    ({"y": None}, "holds no targets `y`; it holds `x`"),
    ({"x": None}, "holds no array `x`"),
    ({"y": np.zeros(80)}, "classes are integers from 0"),
    ({"y": np.zeros(79, int)}, "`x` holds 80 samples, the targets hold 79"),
    ({"y": np.full(80, 7)}, "the scores have 2 classes"),
    ({"y": np.array(["a"] * 80)}, "not numbers"),
    ({"y": np.zeros(0, int)}, "hold no samples"),
    ({"x": np.full((80, 8, 3), np.nan)}, "`x` holds nan or infinity"),
    ({"x": np.zeros((80, 7, 3))}, "has the shape (samples, 8, 3)"),
    ({"x": np.array([None] * 80)}, "is no .npz file of arrays of numbers"),
])  # fmt: skip
def test_wrong_data_are_told(tnc, data, arrays, message):
    result = tnc("fit", "tensor_train.tn", "--data", data(**arrays), "--epochs", "1")
    assert result.status == 1
    assert message in result.err


def test_files_that_are_no_npz_are_told(tnc, write, tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "holds one array" in tnc("fit", "tensor_train.tn", "--data", "one.npy").err
    assert "is no .npz file" in tnc("fit", "tensor_train.tn", "--data", write("text.npz", "hello")).err
    assert "cannot read nowhere.npz" in tnc("fit", "tensor_train.tn", "--data", "nowhere.npz").err


def test_a_network_without_input_cannot_be_fitted(tnc, data):
    result = tnc("fit", "ising.tn", "--data", data())
    assert result.status == 1
    assert "has no input" in result.err


@pytest.mark.parametrize(
    "option",
    [("--epochs", "0"), ("--rate", "-1"), ("--rate", "nan"), ("--test-split", "1"), ("--batch", "x")],
)
def test_options_out_of_range_are_a_fault_of_the_command_line(tnc, data, option):
    assert tnc("fit", "tensor_train.tn", "--data", data(), *option).status == 2
