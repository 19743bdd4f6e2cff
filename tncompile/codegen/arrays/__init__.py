"""Array expressions: how arrays lie in memory, and the cheapest text of a product over them."""
