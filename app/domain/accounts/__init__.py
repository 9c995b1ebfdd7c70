"""Accounts: people, the posts they hold with dates, browser sessions, API tokens; the Actor."""
