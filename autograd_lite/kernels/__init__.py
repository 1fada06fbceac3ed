"""Functions of plain arrays where speed needs more than one line; each equals a few obvious lines in the tests."""
