"""The public functions of arrays, one family a file as in ``ops``; each also answers for its NumPy namesake."""
