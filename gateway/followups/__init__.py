"""Follow-ups: the account managers' plan and the independent follow-up."""
