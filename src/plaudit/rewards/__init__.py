"""What a sample is worth: verifiable rewards, and the algebra that composes rewards."""
