"""Regions: boxes, points, masks and solids against those of the reference."""
