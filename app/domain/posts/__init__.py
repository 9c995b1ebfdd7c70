"""Posts as people take them up and give them away: invitation, handover, leave with a deputy."""
