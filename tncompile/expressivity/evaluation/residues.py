"""Random primes and random residues, drawn by a rule that is easy to follow anywhere.

The numbers of a member come from SHAKE-256 of the text ``"SEED MEMBER"``: each 8 bytes, as a little-endian
integer, modulo the prime. More numbers go on where fewer end, so the first K points are those of any larger K.
"""

from __future__ import annotations

from hashlib import shake_256

import numpy as np
import numpy.typing as npt

Residues = npt.NDArray[np.float64]

LOWEST, HIGHEST = 31_306_965, 2**25  # from 2^24.9
RULE = (
    "SHAKE-256 of '{seed} {member}', 8 bytes little-endian for each entry modulo the prime, entries in C order; "
    "inputs of rows and columns have their points as first axis"
)


def random_prime(seed: int, number: int, split: bool = False) -> int:
    """A prime from [2^24.9, 2^25); ``split``: one modulo which -1 is a square."""
    turn = 0
    while True:
        digest = shake_256(f"prime {seed} {number} {turn}".encode()).digest(8)
        candidate = LOWEST + int.from_bytes(digest, "little") % (HIGHEST - LOWEST)
        if is_prime(candidate) and (not split or candidate % 4 == 1):
            return candidate
        turn += 1


def is_prime(number: int) -> bool:
    """Whether a number is prime, by trial division: meant for numbers below 2^32."""
    if number < 4 or number % 2 == 0:
        return number in (2, 3)
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))


def imaginary_unit(prime: int) -> int:
    """A root of -1 modulo a prime, 0 where there is none."""
    if prime % 4 != 1:
        return 0
    for base in range(2, prime):
        root = pow(base, (prime - 1) // 4, prime)
        if root * root % prime == prime - 1:
            return root
    return 0


def random_residues(seed: int, member: str, shape: tuple[int, ...], prime: int) -> Residues:
    """Balanced residues for a member."""
    count = int(np.prod(shape, dtype=np.int64))
    words = np.frombuffer(shake_256(f"{seed} {member}".encode()).digest(8 * count), "<u8")
    return balanced((words % np.uint64(prime)).astype(np.int64), prime).reshape(shape)


def balanced(values: npt.NDArray[np.int64], prime: int) -> Residues:
    """Residues between -prime/2 and prime/2."""
    return (values - np.where(values > prime // 2, prime, 0)).astype(np.float64)
