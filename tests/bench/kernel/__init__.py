"""What the kernel promises beside the turn: waiting timers, poison sessions and long histories cost nothing."""
