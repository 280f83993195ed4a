"""Timing: intervals, events, orders and tubes in time."""
