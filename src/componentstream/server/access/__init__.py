"""Who may do what, and how much of it: authentication, tickets, rate limits and quotas."""
