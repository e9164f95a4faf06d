"""The arrears ladder: what follows on a bill that is not paid, stage by stage (domain notes §3.6)."""
