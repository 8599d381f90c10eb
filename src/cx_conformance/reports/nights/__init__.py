"""What is kept of the nights, and who is told of them: history, bucket, metrics, notifications."""
