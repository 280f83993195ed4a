"""Recipes: the systems of the literature, built from the parts of the rooms below.

``systems.yaml`` lists the 192 systems, of 186 papers, that Plaudit is measured by: facts alone, no code.
``scripts/systems.py`` counts the tests that hold for each (``@pytest.mark.system("slug")``).
"""
