"""What the benchmarks stand on: a load generator, servers in processes of their own, and how figures are printed."""
