"""Tickets, the claims board, and waiting for tickets; see src/runqueue/RUNQUEUE.md."""
