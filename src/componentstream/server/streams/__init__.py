"""Running generations: their producers, their subscribers, and the takeover of abandoned ones."""
