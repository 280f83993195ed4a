"""Rewards whose truth can be computed: answers, formats, lengths, boxes."""
