"""Tools and trajectories: calls, actions, retrieval, evidence and turns."""
