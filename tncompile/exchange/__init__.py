"""Networks from and to the formats of other programs."""

from tncompile.exchange.einsum import Einsum
from tncompile.exchange.einsum_json import einsum_json, read_json
from tncompile.exchange.einsum_string import read_string
from tncompile.exchange.einsums_of import einsums_of
from tncompile.exchange.network_text import network_text

__all__ = ["Einsum", "einsum_json", "einsums_of", "network_text", "read_json", "read_string"]
