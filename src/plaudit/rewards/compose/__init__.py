"""Operators over rewards: sum, product, gate, default."""
