"""What every other room speaks in: sample, media, geometry, score, reward, expression."""
