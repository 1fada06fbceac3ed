"""The rules, one family a file. Each is a formula and its derivatives, and knows no tensors, graphs or broadcasting."""
