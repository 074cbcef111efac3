"""A private asyncio kit: waiting, deadlines, cancellation scopes and tasks, each written once."""
