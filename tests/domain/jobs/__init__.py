"""Jobs: put down once, done at least once, by one worker at a time, until given up."""
