"""Early warnings (预警) and supervision cards (督办卡)."""
