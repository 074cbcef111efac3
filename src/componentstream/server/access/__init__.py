"""Access control: authentication, tickets, rate limits and quotas."""
