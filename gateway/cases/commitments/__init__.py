"""Commitments (承诺): what was promised to a customer, by when, by whom, and whether it was kept."""
