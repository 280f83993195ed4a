"""Run a reward: rows on demand, on the calling thread, with what waits on a loop in the background."""
