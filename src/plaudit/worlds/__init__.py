"""Small worlds that make data whose truth is known exactly, so that a reward can be checked against it."""
