"""Models: one interface to anything that can be asked, wherever it runs."""
