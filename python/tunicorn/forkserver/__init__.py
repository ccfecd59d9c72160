"""The forkserver: evaluates the configuration, may preload the application, forks and reaps workers, runs hooks."""
