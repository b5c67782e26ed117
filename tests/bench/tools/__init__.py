"""What running tools costs (docs/benchmarks.md)."""
