"""The way to the API server: who asks, how it is asked, and what a refusal means."""
