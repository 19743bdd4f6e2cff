"""How jobs are done: in workers that can be stopped, on any executor, with results that outlast a stop."""
