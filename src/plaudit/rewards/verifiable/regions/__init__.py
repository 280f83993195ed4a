"""Regions: what the rewards over boxes, points and masks are made of: reading, matching and measuring them."""
