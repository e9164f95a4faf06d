"""Cases: what customers raise, and the work orders it became."""
