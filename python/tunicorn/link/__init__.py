"""What the arbiter and the forkserver send each other."""
