"""Every network of the zoo at sizes where arithmetic begins to matter, none of which takes a peer minutes to compile."""

from __future__ import annotations

from typing import Any

from benchmarks.case import EXAMPLES, Workload

BATCH = 256
NOISE = 0.1
SIZES: dict[str, dict[str, Any]] = {
    "born_machine": {"d": 16, "n": 2, "r": 16},
    "circuit": {"d": 6, "D": 4},
    "conv_arithmetic_circuit": {"d": 16, "n": 4, "r": 32},
    "copying_memory": {"n": 8, "m": 4, "B": 8, "R": 32},
    "cp": {"d": 16, "n": 4, "r": 128},
    "deep_rac": {"T": 16, "M": 8, "R": 32},
    "digits_cp": {"d": 16, "n": 8, "r": 32},
    "digits_tensor_train": {"d": 16, "n": 8, "r": 16},
    "exponential_machine": {"d": 16, "r": 16},
    "generalized_rnn": {"T": 12, "M": 8, "N": 8, "R": 16},
    "generalized_shallow": {"T": 12, "M": 8, "R": 64},
    "gnn": {"D": 8, "H": 32},
    "hidden_markov": {"T": 16, "H": 32, "n": 16},
    "hierarchical_tucker": {"d": 16, "n": 4, "r": 16},
    "ising": {"m": 4, "n": 5},
    "linear_attention": {"T": 12, "D": 8, "E": 16, "V": 16},
    "locally_purified": {"d": 8, "r": 8},
    "lstm": {"T": 12, "D": 8, "H": 32},
    "mera": {},
    "mi_rnn": {"T": 12, "D": 8, "H": 32},
    "mps_classifier": {"d": 16, "r": 16},
    "overlapping_conv_arithmetic_circuit": {"d": 12, "n": 8, "r": 32},
    "peps": {},
    "recurrent_tensor_train": {"d": 16, "n": 4, "r": 16},
    "second_order_rnn": {"T": 12, "D": 4, "H": 16},
    "shallow_rac": {"T": 16, "M": 8, "R": 32},
    "tensor_ring": {"d": 12, "n": 4, "r": 8},
    "tensor_train": {"d": 16, "n": 4, "r": 16},
    "tt_language_model": {"T": 12, "V": 32, "D": 16, "R": 16},
    "tt_matrix": {"d": 4, "m": 4, "n": 4, "r": 8},
    "tucker": {"d": 4, "n": 8, "r": 4},
}


def zoo() -> list[Workload]:
    """A workload for each example; one without sizes here runs at its own."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.tn"))
    return [Workload(f"zoo:{name}", name, SIZES.get(name, {}), BATCH, noise=NOISE) for name in names]
