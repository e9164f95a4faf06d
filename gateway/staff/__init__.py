"""Staff: people, teams, sign-in, API keys."""
