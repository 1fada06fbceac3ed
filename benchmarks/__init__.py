"""How fast, how much memory: ten workloads written as a user would write them, beside whatever peers are installed."""
