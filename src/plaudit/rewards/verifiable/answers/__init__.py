"""Answers: the one answer that a response commits to, and whether it is right."""
