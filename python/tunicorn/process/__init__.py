"""What belongs to one process: its life, and what a fork must not copy."""
