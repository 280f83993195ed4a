"""Judged rewards: what a model says that a response is worth, with prompt and parser as one object."""
