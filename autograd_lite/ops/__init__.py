"""The rules, one family a file. Each is a formula and its derivatives; none knows of tensors, broadcasting or graphs."""
