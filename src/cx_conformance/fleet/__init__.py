"""Many installations at once: each looked at by a process of its own, which costs nobody else when it hangs."""
