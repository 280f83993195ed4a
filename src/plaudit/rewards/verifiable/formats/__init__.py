"""Formats: the form and the length of a response."""
