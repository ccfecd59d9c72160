"""What every worker class receives."""
