"""What people look at: the numbers of a scored set, as text, as a page, and the tree of a reward."""
