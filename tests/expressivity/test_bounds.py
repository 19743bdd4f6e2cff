"""Upper bounds against values from the literature and from exact computations."""

from __future__ import annotations

import re
from math import comb, prod

import pytest

from tests.corpus import EXAMPLES
from tests.expressivity.modular import bipartition, half, members_of, odd, rank_at_points
from tncompile.expressivity.bounds import upper_bound
from tncompile.expressivity.polynomial import NotPolynomial
from tncompile.expressivity.result import CutSides, Side
from tncompile.language import load
from tncompile.source import TnError
