"""What a module offers (`init`, `bind`, `score`, `score_and_gradient`), and what passes through it."""
