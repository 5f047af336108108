"""Side-by-side measurements: one script per question, one table printed, JSON in `benchmarks/results/`."""
