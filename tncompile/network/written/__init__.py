"""Writing a network out: from its rules to its tables, with every error of the language."""
