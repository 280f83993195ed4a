"""Text: how near a text is to its reference, what a caption mentions, and what repeats."""
