"""Operators over rewards (sums, gates, means, rescalings, group statistics) and the weights of their terms."""
