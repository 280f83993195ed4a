"""Groups and sets: agreement, novelty and diversity of several responses."""
